/**
 * The one lock for writing to a SQLite file, which processes share. Waiting for it does not block the thread: it
 * is asked for again and again, at short and even intervals, so that nobody who waits longer is asked less often.
 * Whoever has the lock keeps it for one batch, some milliseconds at most.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy } from '../sql/dialect.ts';
import type { SqliteConnection } from './connection.ts';

const pauseMs = 1;

/** Begins a transaction that writes. Throws SQLite's own error where the lock is not free within `waitMs`. */
export async function beginWriting(connection: SqliteConnection, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      connection.control('begin immediate');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await sleep(pauseMs);
  }
}
