/**
 * An acknowledged change is on disk. SQLite forces its log at each commit only with `synchronous = FULL`, which is a setting of
 * each connection and not its default here. So every connection that writes is looked at: those of this process as the
 * store has opened them, and those of threads in the source.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { openStore } from '../../../src/store/open-store.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import { readProject } from '../../../tools/tidy/source.ts';
import { addTenant, makeSqliteStore, newUser } from '../harness.ts';

/** The connections to the database of the folder on which `work` prepares a statement. */
async function connectionsOf(dataDir: string, work: () => Promise<void>): Promise<Set<Sqlite.Database>> {
  const seen = new Set<Sqlite.Database>();
  const { prepare } = Sqlite.prototype;
  Sqlite.prototype.prepare = function (this: Sqlite.Database, ...args: Parameters<typeof prepare>) {
    if (this.name === join(dataDir, databaseFile)) seen.add(this);
    return Reflect.apply(prepare, this, args);
  } as typeof prepare;
  try {
    await work();
  } finally {
    Sqlite.prototype.prepare = prepare;
  }
  return seen;
}

for (const isBulk of [false, true]) {
  test(`each connection of a store${isBulk ? ' for an import' : ''} forces its commits, erases what it frees, and keeps the keys`, async () => {
    const own = await makeSqliteStore();
    const store = openStore({ dataDir: own.dataDir, isBulk });
    const found = await connectionsOf(own.dataDir, async () => {
      await store.migrate();
      const tenant = await addTenant(store);
      const { id } = await store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
      await store.read(tenant.orgKey, (tx) => tx.users.find({ id }));
    });
    const writing = [...found].filter(({ readonly }) => !readonly);
    assert.ok(writing.length > 0, 'no connection was seen');
    for (const connection of writing) {
      const settings = ['synchronous', 'secure_delete', 'foreign_keys', 'journal_mode'].map((name) =>
        connection.pragma(name, { simple: true }),
      );
      assert.deepEqual(settings, [2, 1, 1, 'wal']);
    }
    await store.close();
    await own.dispose();
  });
}

/** Connections that need not force a commit, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'src/store/folder/append-lock.ts': 'a lock on an empty file',
  'src/store/folder/folder-lock.ts': 'a lock on an empty file',
  'src/store/copies/backup.ts': 'writes a copy, which is forced to disk as a whole before it has its name',
  'src/store/copies/move.ts': 'only reads the file',
};

test('each file of the source that opens a database to write forces its commits', () => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const opening = readProject(join(root, 'src')).filter(
    ({ path, text }) => !path.endsWith('.test.ts') && /new (?:Sqlite|Database)\(/.test(text),
  );
  const names = opening.map(({ path }) => `src/${path}`);
  for (const known of Object.keys(exceptions)) assert.ok(names.includes(known), `${known} opens none`);
  const careless = names.filter(
    (path) =>
      exceptions[path] === undefined &&
      !readFileSync(join(root, path), 'utf8').includes("pragma('synchronous = FULL')"),
  );
  assert.deepEqual(careless, []);
  assert.ok(names.length - Object.keys(exceptions).length >= 2);
});
