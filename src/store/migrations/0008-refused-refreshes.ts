/** Refreshes that a provider refused without saying why are counted, so that they do not go on without an end. */
import type { Migration } from '../migrate.ts';

export const refusedRefreshes: Migration = {
  version: 8,
  name: 'refused-refreshes',
  statements: ({ types: { integer } }) => [
    `alter table connections add column refresh_refusals ${integer} not null default 0`,
  ],
};
