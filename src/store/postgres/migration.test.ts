import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseOldServer } from './migration.ts';

test('a server older than PostgreSQL 16 is refused in one line', () => {
  const line = (major: string) =>
    new RegExp(`^the server is PostgreSQL ${major}, and Roster needs 16 or newer$`);
  for (const [version, major] of [
    [150_013, '15'],
    [140_000, '14'],
    // Before release 10 the second number was a part of the release.
    [90_624, '9'],
  ] as const) {
    assert.throws(() => refuseOldServer(version), { name: 'OldServerError', message: line(major) });
  }
  for (const version of [160_000, 160_004, 180_001]) refuseOldServer(version);
});
