/**
 * A server checks a reference for each new row, and locks the row that it names. A creation paid for that twice: for the
 * organization of its audit event, and for the app of its user. No statement deletes an organization or an app, or changes its
 * key, so these two checks find nothing. SQLite checks them without a lock and at no cost that could be measured.
 */
import type { Migration } from '../migrate.ts';

export const unlockedParents: Migration = {
  version: 43,
  name: 'unlocked-parents',
  statements: ({ dropReference }) =>
    dropReference === null
      ? []
      : [dropReference('audit_events', ['org_key']), dropReference('users', ['org_key', 'app_key'])],
};
