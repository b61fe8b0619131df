/**
 * A thread for the migration tests: takes the lock to write of the file that it is given at the first moment it is
 * free, holds it, lets it go, again and again until it is ended. Says once that it has begun.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { isBusy } from '../../../src/store/sql/dialect.ts';

const heldMs = 1;
const freeMs = 2;
const never = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms: number) => Atomics.wait(never, 0, 0, ms);

/** Asks without a pause, so that it is the next to have the lock. */
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
