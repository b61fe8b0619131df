/** What each text message was counted with, so that the spending on failed ones is known from the index of failed messages. */
import type { Migration } from '../migrate.ts';

export const messageCosts: Migration = {
  version: 40,
  name: 'message-costs',
  statements: ({ types: { integer } }) => [
    `alter table messages add column cost ${integer}`,
    `create index messages_failed_cost on messages (org_key, next_attempt_at, channel, cost) where state = 'failed'`,
    'drop index messages_failed',
  ],
};
