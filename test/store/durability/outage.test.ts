import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { isRefusal } from '../../../src/core/errors.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import { addTenant, makeSqliteStore, newUser } from '../harness.ts';

const isUnavailable = (error: unknown) => isRefusal(error, 'unavailable');

test('a lock that another process holds leads to a refusal in time, and does not block the event loop', async (t) => {
  const outages: unknown[] = [];
  const own = await makeSqliteStore({ lockWaitMs: 300, onOutage: (error) => outages.push(error) });
  t.after(() => own.dispose());
  const { store } = own;
  const tenant = await addTenant(store);
  const other = new Database(join(own.dataDir, databaseFile));
  t.after(() => other.close());
  other.exec('begin immediate');

  let longestMs = 0;
  let last = performance.now();
  const ticking = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 1);
  t.after(() => clearInterval(ticking));
  const started = performance.now();
  const add = () => store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  const refused = assert.rejects(add(), isUnavailable);
  assert.equal((await store.read(tenant.orgKey, (tx) => tx.users.page({}, 0, 1))).total, 0);
  await refused;
  const waitedMs = performance.now() - started;
  assert.ok(waitedMs >= 250 && waitedMs < 2_000, `waited ${waitedMs} ms`);
  assert.ok(longestMs < 150, `the event loop was blocked for ${longestMs} ms`);
  assert.equal(outages.length, 1);

  const waiting = add();
  await sleep(20);
  other.exec('commit');
  await waiting;
  assert.equal((await store.read(tenant.orgKey, (tx) => tx.users.page({}, 0, 1))).total, 1);
});

test('a change that waits for its turn and then for that lock is refused after one limit', async (t) => {
  const lockWaitMs = 2_000;
  const own = await makeSqliteStore({ lockWaitMs });
  t.after(() => own.dispose());
  const tenant = await addTenant(own.store);
  const other = new Database(join(own.dataDir, databaseFile));
  t.after(() => other.close());
  other.exec('begin immediate');
  const add = () => own.store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  const refusedAfter = async (): Promise<number> => {
    const startedAt = performance.now();
    await assert.rejects(add(), isUnavailable);
    return performance.now() - startedAt;
  };
  const first = refusedAfter();
  await sleep(lockWaitMs / 10);
  const second = refusedAfter();
  await sleep(lockWaitMs / 2);
  const third = refusedAfter();
  const alone = Math.max(lockWaitMs, await first);
  for (const ms of [await second, await third]) {
    assert.ok(ms < alone * 1.6, `${ms} ms beside ${alone} ms`);
    // The end of an older one is not its own.
    assert.ok(ms > lockWaitMs * 0.8, `${ms} ms`);
  }
});

test('a full disk refuses a change without a trace of it, and smaller changes still succeed', async (t) => {
  const own = await makeSqliteStore();
  t.after(() => own.dispose());
  const program = join(import.meta.dirname, 'writer-on-full-disk.ts');
  const limited = 'ulimit -f 4096; exec "$0" "$@"';
  const { stdout } = await promisify(execFile)('sh', ['-c', limited, process.execPath, program, own.dataDir]);
  assert.deepEqual(JSON.parse(stdout), {
    atOnce: ['unavailable', 'unavailable', 'unavailable'],
    swallowed: 'unavailable',
    small: 'done',
    outages: 2,
    faults: 0,
    users: 1,
  });
});

test('a store without its schema, or with a damaged file, is not ready', async (t) => {
  const own = await makeSqliteStore();
  t.after(() => own.dispose());
  await own.store.ping();
  const raw = new Database(join(own.dataDir, databaseFile));
  raw.exec(`insert into schema_migrations (version, name, applied_at) values (1000, 'of tomorrow', 1)`);
  raw.close();
  await assert.rejects(own.store.ping(), isUnavailable);
  const again = openStore({ dataDir: own.dataDir });
  t.after(() => again.close());
  await assert.rejects(again.migrate(), { name: 'NewerSchemaError' });
});
