/**
 * Removes remains of erased people from the SQLite file and its write-ahead log. A checkpoint that truncates the
 * log empties it, at a moment in which no connection reads a former state. Then a scan reads all pages of the file,
 * and the unallocated space of pages with a trace is overwritten with zeros (`wipe.ts`).
 *
 * Remains count as removed only when a later scan finds none. At the beginning of a scan the log is empty and all
 * connections have dropped their caches; during it the file does not change. One process at a time removes remains:
 * a process that dies between writing zeros and its commit leaves former bytes in the caches of others, and the
 * scan of the next process must begin after that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Remains } from '../../../core/erasure/remains.ts';
import { type FolderLock, holdRemains } from '../../folder/folder-lock.ts';
import type { SqliteCheckpoints } from '../checkpoint.ts';
import type { SqliteConnection } from '../connection.ts';
import type { FileNames } from '../file-names.ts';
import type { GroupCommit } from '../group-commit.ts';
import { type LeftRemains, Scanner } from './scanner.ts';

/** How many times it tries to find a moment with no old reader and no other writer, and the pause between tries. */
const momentTriesMax = 40;
const momentPauseMs = 25;
/**
 * How long each tenth try waits for the readers of former states. No connection of any process writes meanwhile, so no
 * reader gets a state that is former: readers that follow one another closely cannot keep the moment away.
 */
const readerWaitsMs: readonly number[] = [100, 200, 400, 800];
/** How many times it tries to get the lock of the remains. */
const otherTriesMax = 400;
/** How many times found remains are wiped before the job retries later. */
const roundsMax = 4;

export interface RemainsParts {
  readonly dataDir: string;
  readonly names: Pick<FileNames, 'openFiles'>;
  readonly connection: SqliteConnection;
  /** Runs work when no transaction of this process is open. */
  readonly commits: Pick<GroupCommit, 'between'>;
  /** Copies most of the log beforehand, in a thread. */
  readonly checkpoints: Pick<SqliteCheckpoints, 'copy'>;
}

export class SqliteRemains implements Remains {
  readonly #parts: RemainsParts;
  readonly #scanner: Scanner;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: RemainsParts) {
    this.#parts = parts;
    this.#scanner = new Scanner(parts.names);
  }

  flush(): Promise<boolean> {
    return this.#inTurn(
      async () => (await this.#whenCopied((waitMs) => this.#scanner.truncate(waitMs))) ?? false,
    );
  }

  clear(traces: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    return this.#inTurn(async () => {
      const lock = await this.#holdRemains();
      if (lock === null) return traces;
      try {
        return await this.#clear(traces);
      } finally {
        lock.release();
      }
    });
  }

  /** Ends the thread. The database connections of the store are still open. */
  close(): Promise<void> {
    return this.#scanner.close();
  }

  /** One after the other: there is one thread. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #holdRemains(): Promise<FolderLock | null> {
    for (let tries = 1; ; tries++) {
      const lock = holdRemains(this.#parts.dataDir);
      if (lock !== null || tries === otherTriesMax) return lock;
      await sleep(momentPauseMs);
    }
  }

  async #clear(traces: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    // A process that died while it wiped may have left caches that hold former bytes.
    const areDropped = await this.#inMoment((waitMs) => this.#scanner.dropCaches(waitMs));
    if (areDropped === null) return traces;
    for (let round = 1; ; round++) {
      const found = await this.#scan(traces);
      if (found === null) return traces;
      if (!found.hasPages) return found.traces;
      // Pieces of texts are no traces: without their wipe nothing counts as removed.
      if (round > roundsMax || !(await this.#wipe())) return found.traces.size > 0 ? found.traces : traces;
      if (found.traces.size === 0) return found.traces;
    }
  }

  /** What is left; null where the file could not be held, or not for long enough. */
  async #scan(traces: ReadonlySet<string>): Promise<LeftRemains | null> {
    const { db } = this.#parts.connection;
    const copiedAfter = db.pragma('wal_autocheckpoint', { simple: true });
    try {
      const isHeld = await this.#whenCopied(async (waitMs) => {
        if (await this.#scanner.hold(waitMs)) {
          // Otherwise each commit would try to copy the long log, and fail.
          db.pragma('wal_autocheckpoint = 0');
          return true;
        }
        await this.#scanner.release();
        return null;
      });
      return isHeld === null ? null : await this.#scanner.scan(traces);
    } finally {
      await this.#scanner.release();
      db.pragma(`wal_autocheckpoint = ${copiedAfter}`);
    }
  }

  /** Wipes what the scan found, a part at a time; false where there was no moment for it. */
  async #wipe(): Promise<boolean> {
    let left: number | null;
    do left = await this.#whenCopied((waitMs) => this.#scanner.wipe(waitMs));
    while (left !== null && left > 0);
    return left === 0;
  }

  /**
   * Runs work between two transactions of this process, after most of the log is in the file. The work empties the log
   * first, so that the file alone is the database. Null where no moment came in which it could.
   */
  async #whenCopied<T>(work: (waitMs: number) => Promise<T | null>): Promise<T | null> {
    await Promise.all([this.#parts.checkpoints.copy(), this.#scanner.prepare()]);
    return this.#inMoment(work);
  }

  /**
   * Runs work between two transactions of this process, and repeats it while it returns null, up to a limit. It is told
   * how long to wait for readers of former states.
   */
  async #inMoment<T>(work: (waitMs: number) => Promise<T | null>): Promise<T | null> {
    for (let tries = 1; ; tries++) {
      const waitMs = tries % 10 === 0 ? (readerWaitsMs[tries / 10 - 1] ?? 0) : 0;
      const done = await this.#parts.commits.between(() => work(waitMs));
      if (done !== null || tries === momentTriesMax) return done;
      await sleep(momentPauseMs);
    }
  }
}
