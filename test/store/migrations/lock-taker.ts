/**
 * A thread for the migration tests. It acquires the write lock of a database file as soon as the lock is free, holds it,
 * and releases it, again and again until the test ends it. It reports once that it has started.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { isBusy } from '../../../src/store/sql/dialect.ts';

const heldMs = 1;
const freeMs = 2;
const never = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms: number) => Atomics.wait(never, 0, 0, ms);

/** Retries without a pause, so that this thread is the next to hold the lock. */
function take(db: Sqlite.Database): void {
  for (;;) {
    try {
      db.exec('begin immediate');
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }
}

const db = new Sqlite(String(workerData), { timeout: 0 });
for (let round = 0; ; round++) {
  take(db);
  pause(heldMs);
  db.exec('commit');
  if (round === 0) parentPort?.postMessage('begun');
  pause(freeMs);
}
