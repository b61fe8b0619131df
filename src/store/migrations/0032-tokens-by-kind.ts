/**
 * The indexes of the ends of tokens begin with the kind: the kinds last for different times, and housekeeping looks for tokens
 * that end later than those of their kind can.
 */
import type { Migration } from '../migrate.ts';

export const tokensByKind: Migration = {
  version: 32,
  name: 'tokens-by-kind',
  statements: () => [
    'drop index password_tokens_expiry',
    'create index password_tokens_expiry on password_tokens (purpose, expires_at)',
    'drop index email_tokens_expiry',
    'create index email_tokens_expiry on email_tokens (purpose, expires_at)',
    'drop index connect_tokens_expiry',
    'create index connect_tokens_expiry on connect_tokens (kind, expires_at)',
  ],
};
