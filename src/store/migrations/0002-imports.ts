/** Imports: how far each has come, and the rows it refused until they have been told. */
import type { Migration } from '../migrate.ts';

export const imports: Migration = {
  version: 2,
  name: 'imports',
  statements: ({ types: { integer, text }, keyTable }) => [
    `create table imports (
      org_key ${integer} not null references organizations (org_key),
      id ${text} not null,
      bytes ${integer} not null,
      lines ${integer} not null,
      digest ${text} not null,
      imported ${integer} not null,
      rejected ${integer} not null,
      elapsed_ms ${integer} not null,
      started_at ${integer} not null,
      finished_at ${integer},
      primary key (org_key, id)
    ) ${keyTable}`,

    `create table import_rejects (
      org_key ${integer} not null,
      import_id ${text} not null,
      line ${integer} not null,
      field ${text} not null,
      reason ${text} not null,
      primary key (org_key, import_id, line, field),
      foreign key (org_key, import_id) references imports (org_key, id)
    ) ${keyTable}`,
  ],
};
