/** How a callback ended is remembered for as long as its OAuth state is valid, so that a reload can be answered. */
import type { Migration } from '../migrate.ts';

export const callbackOutcomes: Migration = {
  version: 12,
  name: 'callback-outcomes',
  statements: ({ types: { integer, text } }) => [
    `alter table oauth_attempts add column outcome ${text}
      check (outcome in ('exchanging', 'connected', 'denied', 'failed', 'refused', 'withdrawn'))`,
    // When an exchange that is running has ended for certain.
    `alter table oauth_attempts add column settles_at ${integer}`,
  ],
};
