/** Imports count the users who came without a password because their hash is not supported. */
import type { Migration } from '../migrate.ts';

export const importsWithoutPassword: Migration = {
  version: 10,
  name: 'imports-without-password',
  statements: ({ types: { integer } }) => [
    `alter table imports add column without_password ${integer} not null default 0`,
  ],
};
