/**
 * What an operator sees of an API key: its name, and when and from which network it was last used. A rotation may leave the
 * former key valid for some time.
 */
import type { Migration } from '../migrate.ts';

export const keyUses: Migration = {
  version: 34,
  name: 'key-uses',
  statements: ({ types: { integer, text } }) => [
    `alter table api_keys add column name ${text}`,
    `alter table api_keys add column used_at ${integer}`,
    `alter table api_keys add column network ${text}`,
    `alter table api_keys add column former_digest ${text}`,
    `alter table api_keys add column former_until ${integer}`,
    `alter table api_keys add column former_used_at ${integer}`,
    `create unique index api_keys_former on api_keys (former_digest) where former_digest is not null`,
    `create index api_keys_former_end on api_keys (former_until) where former_until is not null`,
  ],
};
