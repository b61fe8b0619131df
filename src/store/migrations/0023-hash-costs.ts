/**
 * The cost of the dearest imported password hash of each organization. A job reads the hashes of the organizations that have
 * imported ones already.
 */
import type { Migration } from '../migrate.ts';

export const hashCosts: Migration = {
  version: 23,
  name: 'hash-costs',
  statements: ({ types: { integer, flag }, keyTable }) => [
    `create table hash_costs (
      org_key ${integer} not null,
      units ${integer} not null,
      is_measured ${flag} not null check (is_measured in (0, 1)),
      primary key (org_key)
    ) ${keyTable}`,
    `insert into hash_costs (org_key, units, is_measured)
      select org_key, 1, 0 from organizations where exists (
        select 1 from users where users.org_key = organizations.org_key and password_hash is not null
          and password_hash not like '$argon2id$v=19$m=19456,t=2,p=1$%'
      )`,
  ],
};
