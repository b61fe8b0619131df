/** Messages that have ended are found by when they did, so that they can be forgotten in time. */
import type { Migration } from '../migrate.ts';

export const settledMessages: Migration = {
  version: 6,
  name: 'settled-messages',
  statements: () => [`create index messages_settled on messages (next_attempt_at) where state <> 'queued'`],
};
