/**
 * Which addresses of a user are proved, and the links that prove an email. A link is bound to the address that it went
 * to, by a keyed digest. A link to set a password from before this version has no digest.
 */
import type { Migration } from '../migrate.ts';

export const proofs: Migration = {
  version: 14,
  name: 'proofs',
  statements: ({ types: { integer, flag, text }, keyTable }) => [
    `alter table users add column email_proved_at ${integer}`,
    `alter table users add column phone_proved_at ${integer}`,
    `alter table users add column is_self_registered ${flag} not null default 0
      check (is_self_registered in (0, 1))`,
    `alter table password_tokens add column email_digest ${text}`,
    `create table email_tokens (
      org_key ${integer} not null,
      digest ${text} not null,
      user_id ${text} not null,
      email_digest ${text} not null,
      expires_at ${integer} not null,
      primary key (org_key, digest),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index email_tokens_user on email_tokens (org_key, user_id)',
    'create index email_tokens_expiry on email_tokens (expires_at)',
  ],
};
