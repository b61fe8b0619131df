/**
 * The lock under which the processes of a folder add lines to the ledger, one at a time. It is SQLite's own lock on a
 * file that stays empty, so the system releases it when the process ends, however that happens.
 */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { isBusy } from '../sql/dialect.ts';

export const appendLockFile = 'erasures.lock';

/** How long a process waits for the others, which hold the lock for one write each. */
const waitMaxMs = 5_000;
const pauseMaxMs = 3;

interface Statements {
  readonly database: Sqlite.Database;
  readonly begin: Sqlite.Statement;
  readonly end: Sqlite.Statement;
}

export class AppendLock {
  readonly #path: string;
  #open: Statements | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(dataDir: string) {
    this.#path = join(dataDir, appendLockFile);
  }

  /** Does the work while no other process and no other task of this process holds the lock. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#hold(work));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Waits for work under way. */
  async close(): Promise<void> {
    await this.#last;
    this.#open?.database.close();
    this.#open = null;
  }

  async #hold<T>(work: () => Promise<T>): Promise<T> {
    this.#open ??= openLock(this.#path);
    const { begin, end } = this.#open;
    const deadline = performance.now() + waitMaxMs;
    while (!isFree(begin)) {
      if (performance.now() > deadline) {
        throw new Error('another process holds the lock of the ledger of erasures for too long');
      }
      await sleep(1 + Math.random() * pauseMaxMs);
    }
    try {
      return await work();
    } finally {
      end.run();
    }
  }
}

function isFree(begin: Sqlite.Statement): boolean {
  try {
    begin.run();
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

function openLock(path: string): Statements {
  const database = new Sqlite(path, { timeout: 0 });
  try {
    chmodSync(path, 0o600);
    // A change of an empty file begins with its first page, for which SQLite would create and delete a file each time.
    database.pragma('journal_mode = memory');
    return { database, begin: database.prepare('begin immediate'), end: database.prepare('rollback') };
  } catch (error) {
    database.close();
    throw error;
  }
}
