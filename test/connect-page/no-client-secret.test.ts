/** An app from before client secrets: no text is its secret. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { databaseFile } from '../../src/store/sqlite/sqlite-store.ts';
import { startRoster } from '../support/server/start.ts';
import { askToken } from './connect-calls.ts';

test('an app without a client secret accepts no secret', async (t) => {
  const roster = await startRoster();
  t.after(() => roster.close());
  const { app } = roster.organization;
  const database = new Database(join(roster.folder, databaseFile));
  database.prepare('update apps set client_secret_digest = null where id = ?').run(app.appId);
  database.close();
  for (const clientSecret of [app.clientSecret, '', 'null', 'undefined']) {
    const said = { type: 'session', client_user_id: 'r' };
    const { status } = await askToken(roster, said, { ...app, clientSecret });
    assert.equal(status, clientSecret === '' ? 400 : 401, clientSecret);
  }
});
