/** Imports count the rows that say nothing, which are neither imported nor rejected. */
import type { Migration } from '../migrate.ts';

export const skippedRows: Migration = {
  version: 7,
  name: 'skipped-rows',
  statements: ({ types: { integer } }) => [
    `alter table imports add column skipped ${integer} not null default 0`,
  ],
};
