/** A refresh token of Connect that was used stays for as long as it is valid, with all tokens that descend from it. */
import type { Migration } from '../migrate.ts';

export const tokenFamilies: Migration = {
  version: 9,
  name: 'token-families',
  statements: ({ types: { integer, text } }) => [
    // The digest of the first refresh token of the family; null for that token itself, and for tokens without a family.
    `alter table connect_tokens add column family ${text}`,
    `alter table connect_tokens add column spent_at ${integer}`,
    'create index connect_tokens_family on connect_tokens (org_key, family) where family is not null',
  ],
};
