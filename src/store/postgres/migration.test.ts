import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOldServer } from '../../../test/support/postgres/old-server.ts';
import { withMigrationTarget } from './migration.ts';

test('a server older than PostgreSQL 16 is refused in one line', async () => {
  for (const [version, major] of [
    [150_013, '15'],
    [140_000, '14'],
    // Before release 10 the second number was a part of the release.
    [90_624, '9'],
  ] as const) {
    const server = await startOldServer(version);
    const opened = withMigrationTarget({ url: server.url, connectMs: 5_000 }, async () => 'taken');
    const message = `the server is PostgreSQL ${major}, and Roster needs 16 or newer`;
    await assert.rejects(opened, { name: 'OldServerError', message });
    server.close();
  }
  for (const version of [160_000, 160_004, 180_001]) {
    const server = await startOldServer(version);
    const opened = withMigrationTarget({ url: server.url, connectMs: 5_000 }, async () => 'taken');
    assert.equal(await opened, 'taken');
    server.close();
  }
});
