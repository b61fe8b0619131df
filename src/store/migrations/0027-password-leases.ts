/** The leases of changes of passwords: at most one for an account. */
import type { Migration } from '../migrate.ts';

export const passwordLeases: Migration = {
  version: 27,
  name: 'password-leases',
  statements: ({ types: { integer, text }, keyTable }) => [
    `create table password_leases (
      org_key ${integer} not null,
      user_id ${text} not null,
      holder ${text} not null,
      expires_at ${integer} not null,
      primary key (org_key, user_id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index password_leases_end on password_leases (expires_at)',
  ],
};
