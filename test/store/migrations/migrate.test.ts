import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { type Migration, migrate } from '../../../src/store/migrate.ts';
import { migrations, schemaVersion } from '../../../src/store/migrations/all-migrations.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { SqliteConnection } from '../../../src/store/sqlite/connection.ts';
import { SqliteMigrationTarget } from '../../../src/store/sqlite/migration.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { addTenant } from '../harness.ts';

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-migrate-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function open(t: TestContext, dataDir: string): Store {
  const store = openStore({ dataDir });
  t.after(() => store.close());
  return store;
}

function connect(t: TestContext, folder: string): SqliteConnection {
  const sizes = { isReadOnly: false, cacheKib: 1_024, mmapBytes: 0 };
  const connection = new SqliteConnection(join(folder, 'any.db'), sizes);
  t.after(() => connection.close());
  return connection;
}

const first: Migration = {
  version: 1,
  name: 'first',
  statements: () => ['create table a (x integer) strict'],
};
const second: Migration = {
  version: 2,
  name: 'second',
  statements: () => ['create table b (x integer) strict'],
};
const broken: Migration = {
  version: 2,
  name: 'broken',
  statements: () => ['create table b (x integer) strict', 'create table a (x integer) strict'],
};

test('the versions of the migrations are 1, 2, 3 …', () => {
  assert.deepEqual(
    migrations.map(({ version }) => version),
    Array.from({ length: schemaVersion }, (_, at) => at + 1),
  );
});

test('a new file gets every migration once, and is ready after it', async (t) => {
  const dataDir = await newFolder(t);
  const store = open(t, dataDir);
  await assert.rejects(store.ping());
  assert.equal(await store.migrate(), schemaVersion);
  assert.equal(await store.migrate(), 0);
  await store.ping();
  const again = open(t, dataDir);
  assert.equal(await again.migrate(), 0);
});

test('of stores that start at the same time one migrates, and all work', async (t) => {
  const dataDir = await newFolder(t);
  const stores = Array.from({ length: 4 }, () => open(t, dataDir));
  const applied = await Promise.all(stores.map((store) => store.migrate()));
  assert.equal(
    applied.reduce((sum, each) => sum + each, 0),
    schemaVersion,
  );
  for (const store of stores) await addTenant(store);
});

test('a migration succeeds beside a process that acquires the lock again and again', async (t) => {
  const connection = connect(t, await newFolder(t));
  const taker = new Worker(new URL('./lock-taker.ts', import.meta.url), {
    workerData: connection.db.name,
  });
  t.after(() => taker.terminate());
  await once(taker, 'message');
  const many = Array.from({ length: 40 }, (_, at) => ({
    version: at + 1,
    name: `step ${at + 1}`,
    statements: () => [`create table t${at + 1} (x integer) strict`],
  }));
  assert.equal(await migrate(new SqliteMigrationTarget(connection), 5, many), many.length);
});

test('a failed migration leaves the complete version before it', async (t) => {
  const connection = connect(t, await newFolder(t));
  const target = new SqliteMigrationTarget(connection);
  await assert.rejects(migrate(target, 5, [first, broken]), /already exists/);
  assert.equal(await target.version(), 1);
  assert.equal(connection.db.prepare(`select 1 from sqlite_schema where name = 'b'`).get(), undefined);
  assert.equal(await migrate(target, 6, [first, second]), 1);
  assert.deepEqual(connection.db.prepare('select * from schema_migrations').all(), [
    { version: 1, name: 'first', applied_at: 5 },
    { version: 2, name: 'second', applied_at: 6 },
  ]);
});

test('a migration that changes rows by code runs again until it ends', async (t) => {
  const connection = connect(t, await newFolder(t));
  const target = new SqliteMigrationTarget(connection);
  let stops = 1;
  const filling: Migration = {
    ...second,
    async prepare({ inBatch }) {
      await inBatch.call(target, (run) => run('insert into a (x) values ($1)', [7]));
      if (stops-- > 0) throw new Error('stopped');
    },
  };
  await assert.rejects(migrate(target, 5, [first, filling]), /stopped/);
  assert.equal(await target.version(), 1);
  assert.equal(await migrate(target, 6, [first, filling]), 1);
  assert.deepEqual(connection.db.prepare('select x from a').all(), [{ x: 7 }, { x: 7 }]);
});

test('a database of a newer program is refused in one clear sentence, and not changed', async (t) => {
  const target = new SqliteMigrationTarget(connect(t, await newFolder(t)));
  await migrate(target, 5, [first, second]);
  await assert.rejects(migrate(target, 6, [first]), {
    name: 'NewerSchemaError',
    message: /schema version 2.*only up to 1.*newer Roster/,
  });
  assert.equal(await target.version(), 2);
});

test('the file is private, and has the safest settings of SQLite', async (t) => {
  const dataDir = await newFolder(t);
  await open(t, dataDir).migrate();
  const raw = new Database(join(dataDir, databaseFile));
  t.after(() => raw.close());
  assert.equal(raw.pragma('journal_mode', { simple: true }), 'wal');
  assert.equal(raw.pragma('integrity_check', { simple: true }), 'ok');
  const modes = ['', '-wal', '-shm'].map((ending) => statSync(join(dataDir, databaseFile + ending)).mode);
  assert.deepEqual(
    modes.map((mode) => mode & 0o777),
    [0o600, 0o600, 0o600],
  );
  const { db } = connect(t, dataDir);
  const settings = ['synchronous', 'foreign_keys', 'secure_delete'].map((name) =>
    db.pragma(name, { simple: true }),
  );
  assert.deepEqual(settings, [2, 1, 1]);
});

test('tables that are written again keep their rows and indexes', async (t) => {
  const connection = connect(t, await newFolder(t));
  const { db } = connection;
  const target = new SqliteMigrationTarget(connection);
  // The rows need no users.
  db.pragma('foreign_keys = off');
  await migrate(target, 1, migrations.slice(0, 24));
  db.exec(`insert into messages values
    (7, 1, 'msg_1', 'u', 'sms', 'confirmation', 0, 'sealed', 'queued', 2, 30, 20),
    (9, 1, 'msg_2', 'u', 'email', 'invitation', 1, null, 'sent', 1, 40, 10)`);
  db.exec(`insert into password_tokens values (1, 'digest', 'u', 'reset', 50, 'email')`);
  const rows = () => ['messages', 'password_tokens'].map((name) => db.prepare(`select * from ${name}`).all());
  const indexes = () =>
    db
      .prepare(
        `select sql from sqlite_schema where type = 'index' and tbl_name in ('messages', 'password_tokens') order by name`,
      )
      .pluck()
      .all();
  const before = { rows: rows(), indexes: indexes() };
  await migrate(target, 2, migrations.slice(0, 25));
  assert.deepEqual({ rows: rows(), indexes: indexes() }, before);
  db.exec(`insert into messages (org_key, id, channel, template, is_outbox_only, state, attempts, next_attempt_at, created_at)
    values (1, 'msg_3', 'email', 'password_reset', 0, 'queued', 0, 1, 1)`);
  assert.equal(db.prepare(`select seq from messages where id = 'msg_3'`).pluck().get(), 10);
});

test('messages that wait at the migration get their lane, and wait for their next attempt', async (t) => {
  const connection = connect(t, await newFolder(t));
  const { db } = connection;
  const target = new SqliteMigrationTarget(connection);
  db.pragma('foreign_keys = off');
  await migrate(target, 1, migrations.slice(0, 26));
  const insert = db.prepare(`insert into messages
    (org_key, id, user_id, channel, template, is_outbox_only, sealed_content, state, attempts, next_attempt_at, created_at)
    values (1, ?, 'u', ?, ?, 0, 'sealed', ?, 1, 30, 20)`);
  const kept = [
    ['msg_1', 'sms', 'confirmation', 'queued', 'sms_code', '-'],
    ['msg_2', 'email', 'password_reset', 'queued', 'email_link', '-'],
    ['msg_3', 'email', 'invitation', 'queued', 'email_invitation', '-'],
    ['msg_4', 'sms', 'phone_changed', 'queued', 'sms_notice', '-'],
    ['msg_5', 'email', 'email_undo', 'queued', 'email_link', '-'],
    ['msg_6', 'email', 'confirmation', 'kept', 'email_notice', ''],
  ] as const;
  for (const [id, channel, template, state] of kept) insert.run(id, channel, template, state);
  await migrate(target, 2, migrations);
  assert.deepEqual(
    db.prepare('select id, lane, destination, stage from messages order by id').all(),
    kept.map(([id, , , , lane, destination]) => ({ id, lane, destination, stage: 'waiting' })),
  );
});
