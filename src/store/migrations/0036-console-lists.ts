/**
 * What the console lists and counts for an organization: its erasures by state and by person, the messages that failed, and
 * totals of what is refused in a day. A change of a request writes none of it, apart from the two indexes of an erasure.
 */
import type { Migration } from '../migrate.ts';

export const consoleLists: Migration = {
  version: 36,
  name: 'console-lists',
  statements: ({ types: { integer, text }, keyTable }) => [
    'create index erasures_state on erasures (org_key, state, seq)',
    'create index erasures_user on erasures (org_key, user_digest)',
    `create index messages_failed on messages (org_key, next_attempt_at, channel) where state = 'failed'`,

    // The organization 0 stands for the whole deployment.
    `create table day_totals (
      org_key ${integer} not null,
      day ${integer} not null,
      what ${text} not null,
      times ${integer} not null,
      primary key (org_key, day, what)
    ) ${keyTable}`,
    'create index day_totals_day on day_totals (day)',
  ],
};
