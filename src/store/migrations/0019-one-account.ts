/**
 * An app can refuse a provider's account that is linked to another of its users. A connection has a keyed digest of the
 * account, where the provider says which one it is.
 */
import type { Migration } from '../migrate.ts';

export const oneAccount: Migration = {
  version: 19,
  name: 'one-account',
  statements: ({ types: { flag, text } }) => [
    `alter table apps add column is_one_account ${flag} not null default 0 check (is_one_account in (0, 1))`,
    `alter table connections add column account_digest ${text}`,
    `create index connections_account on connections (org_key, account_digest)
      where account_digest is not null`,
  ],
};
