/**
 * The one lock for writing to a SQLite file, which processes share. Waiting for it does not block the thread:
 * SQLite itself waits a few milliseconds at most, the rest is sleeping and asking again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { SqliteConnection } from './sqlite-connection.ts';

const pauseMinMs = 1;
const pauseMaxMs = 20;

/** Begins a transaction that writes. Throws SQLite's own error where the lock is not free within `waitMs`. */
export async function beginWriting(connection: SqliteConnection, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (let pause = pauseMinMs; ; pause = Math.min(pause * 2, pauseMaxMs)) {
    try {
      connection.control('begin immediate');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() + pause > deadline) throw error;
    }
    await sleep(pause);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
