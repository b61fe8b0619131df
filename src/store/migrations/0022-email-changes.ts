/**
 * Links that change a proved email, and links that undo such a change, beside those that prove one. Each has its address,
 * sealed under its own token.
 */
import type { Migration } from '../migrate.ts';

export const emailChanges: Migration = {
  version: 22,
  name: 'email-changes',
  statements: ({ types: { text } }) => [
    `alter table email_tokens add column purpose ${text} not null default 'proof'
      check (purpose in ('proof', 'change', 'undo'))`,
    `alter table email_tokens add column sealed_email ${text}`,
  ],
};
