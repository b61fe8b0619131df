/**
 * Erasures with their receipts, the keys that sign these, and how far the ledgers outside the database are known
 * here. Keys and ledgers belong to no organization, which is the organization 0.
 */
import type { Migration } from '../migrate.ts';

export const erasures: Migration = {
  version: 5,
  name: 'erasures',
  statements: ({ types: { integer, text }, sequence, rowKey, rowTable, keyTable }) => [
    `create table erasures (
      seq ${sequence},
      org_key ${integer} not null references organizations (org_key),
      id ${text} not null,
      user_digest ${text} not null,
      requested_at ${integer} not null,
      requested_by ${text} not null,
      door ${text} not null,
      state ${text} not null check (state in ('running', 'overdue', 'complete')),
      removed ${text} not null,
      sealed_traces ${text},
      due_at ${integer} not null,
      abandon_reason ${text},
      replayed_at ${integer},
      completed_at ${integer},
      receipt ${text},
      check ((state = 'complete') = (receipt is not null)),
      check (state <> 'complete' or (sealed_traces is null and completed_at is not null)),
      ${rowKey} (org_key, id)
    ) ${rowTable}`,
    `create index erasures_due on erasures (due_at, seq) where state in ('running', 'overdue')`,

    `create table receipt_keys (
      org_key ${integer} not null,
      id ${text} not null,
      public_key ${text} not null,
      sealed_key ${text},
      created_at ${integer} not null,
      retired_at ${integer},
      primary key (org_key, id)
    ) ${keyTable}`,

    `create table erasure_ledgers (
      org_key ${integer} not null,
      id ${text} not null,
      known_bytes ${integer} not null,
      primary key (org_key, id)
    ) ${keyTable}`,
  ],
};
