/**
 * Acquires the one lock for writing to a SQLite file, which all processes share. Waiting does not block the thread:
 * the lock is tried at short and even intervals, so that a process that waits longer does not try less often. Each
 * holder keeps the lock for one batch, some milliseconds at most.
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
