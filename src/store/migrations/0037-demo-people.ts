/** The marks of the people whom `roster demo` has made, so that exactly they can be removed again. */
import type { Migration } from '../migrate.ts';

export const demoPeople: Migration = {
  version: 37,
  name: 'demo-people',
  statements: ({ types: { integer, text }, keyTable }) => [
    `create table demo_people (
      org_key ${integer} not null,
      user_id ${text} not null,
      primary key (org_key, user_id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
  ],
};
