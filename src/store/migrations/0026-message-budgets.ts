/**
 * The budgets of messages. `message_hits` has a row for each message to an address, of all organizations together.
 * `day_counts` has the used part of each budget of a day; the organization 0 stands for the deployment.
 */
import type { Migration } from '../migrate.ts';

export const messageBudgets: Migration = {
  version: 26,
  name: 'message-budgets',
  statements: ({ types: { integer, text }, sequence, rowKey, rowTable, keyTable }) => [
    `create table message_hits (
      seq ${sequence},
      org_key ${integer} not null,
      subject ${text} not null,
      bucket ${text} not null,
      at ${integer} not null,
      expires_at ${integer} not null,
      ${rowKey} (org_key, subject, bucket, at, seq)
    ) ${rowTable}`,
    'create index message_hits_subject on message_hits (subject, bucket, at)',
    'create index message_hits_expiry on message_hits (expires_at)',

    `create table day_counts (
      org_key ${integer} not null,
      budget ${text} not null,
      day ${integer} not null,
      shard ${integer} not null,
      used ${integer} not null,
      primary key (org_key, budget, day, shard)
    ) ${keyTable}`,
    'create index day_counts_day on day_counts (day)',
  ],
};
