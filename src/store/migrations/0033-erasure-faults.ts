/**
 * What must outlast a fault of the machine in the middle of an erasure: deletions that were refused after their commit, and
 * receipts that are not in the ledger yet. Erasures and revocations name the process that has claimed them.
 */
import type { Migration } from '../migrate.ts';

export const erasureFaults: Migration = {
  version: 33,
  name: 'erasure-faults',
  statements: ({ types: { integer, text }, keyTable }) => [
    `create table refused_deletions (
      org_key ${integer} not null references organizations (org_key),
      erasure_id ${text} not null,
      user_digest ${text} not null,
      user_number ${integer} not null,
      app_id ${text} not null,
      refused_at ${integer} not null,
      primary key (org_key, erasure_id)
    ) ${keyTable}`,
    'create index refused_deletions_digest on refused_deletions (org_key, user_digest)',
    'create index refused_deletions_number on refused_deletions (org_key, user_number)',
    'create index refused_deletions_end on refused_deletions (refused_at)',

    `create table unwritten_receipts (
      org_key ${integer} not null references organizations (org_key),
      pass ${text} not null,
      erasure_id ${text} not null,
      primary key (org_key, pass, erasure_id)
    ) ${keyTable}`,

    `alter table erasures add column claimed_by ${integer}`,
    `alter table revocations add column claimed_by ${integer}`,
  ],
};
