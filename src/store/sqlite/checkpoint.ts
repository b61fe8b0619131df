/**
 * Copies the write-ahead log into the file while the process serves. A thread with a database connection of its own
 * does all of it. What others write during a copy is copied last, while changes wait for some milliseconds: then the log
 * is used up for a moment, and SQLite starts it over instead of letting it grow. Durability does not depend on it:
 * SQLite reads log and file together. The thread ends when nothing was copied for a while.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SqliteConnection } from './connection.ts';
import { type FileNames, type OpenFiles, refuseOthers } from './file-names.ts';
import type { GroupCommit } from './group-commit.ts';
import { logLeft } from './log.ts';

/** 16 MiB of log before it is copied, so that an index page is written once for many commits. */
const duePages = 4_000;
/** The length of the log is read once in so many commits. */
const checkEveryCommits = 8;
/** How many passes run while others write: each pass is shorter, so less is written during it. */
const passes = 3;
/** A pass that took no longer has left little. */
const shortPassMs = 5;
const idleMs = 10_000;

export interface CheckpointParts {
  readonly names: Pick<FileNames, 'openFiles'>;
  readonly connection: SqliteConnection;
  readonly commits: Pick<GroupCommit, 'between'>;
  /** Called with the time that each copying of the log took, all passes together. */
  readonly onCopied?: (ms: number) => void;
}

export class SqliteCheckpoints {
  readonly #parts: CheckpointParts;
  #commits = 0;
  /** Pages that the last copying left, because a reader of a former state held them or nothing could be written. */
  #held = 0;
  #underWay: Promise<void> | null = null;
  #thread: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
  }

  /** Called after each commit, when no transaction is open. */
  noteCommit(): void {
    this.#commits += 1;
    if (this.#commits < checkEveryCommits || this.#underWay !== null || this.#isClosed) return;
    this.#commits = 0;
    const left = this.#left();
    this.#held = Math.min(this.#held, left);
    if (left - this.#held >= duePages) this.#begin(() => this.#checkpoint());
  }

  /** Copies now, whatever the length; resolves when it has copied all that it can. */
  async copy(): Promise<void> {
    await this.#underWay;
    if (this.#underWay === null && !this.#isClosed) this.#begin(() => this.#checkpoint());
    await this.#underWay;
  }

  /** Waits for the copying under way, and ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#underWay;
    await this.#endThread();
  }

  #begin(work: () => Promise<void>): void {
    this.#underWay = work().finally(() => {
      this.#underWay = null;
    });
  }

  /** Never rejects: what cannot be copied now is retried when the log is longer. */
  async #checkpoint(): Promise<void> {
    clearTimeout(this.#idle);
    const startedAt = performance.now();
    try {
      this.#held = await this.#copy();
      this.#parts.onCopied?.(performance.now() - startedAt);
    } catch {
      this.#held = Number.POSITIVE_INFINITY;
      await this.#endThread();
    }
    this.#idle = setTimeout(() => {
      if (this.#underWay === null) this.#begin(() => this.#endThread());
    }, idleMs).unref();
  }

  /** Copies as much as it can; how many pages are left. */
  async #copy(): Promise<number> {
    const thread = this.#thread ?? startThread(this.#parts.names.openFiles);
    this.#thread = thread;
    // Closing the store waits for the copying under way. An idle thread keeps no process alive.
    thread.ref();
    let left = 0;
    for (let pass = 1, tookMs = Number.POSITIVE_INFINITY; pass <= passes && tookMs > shortPassMs; pass++) {
      const startedAt = performance.now();
      left = await passOf(thread);
      tookMs = performance.now() - startedAt;
      // A reader of a former state holds the rest.
      if (left > 0) break;
    }
    if (left === 0) left = await this.#parts.commits.between(() => passOf(thread));
    thread.unref();
    return left;
  }

  /** The caller has committed already: a log whose length cannot be read is no fault of its change. */
  #left(): number {
    try {
      return logLeft(this.#parts.connection.db, 'noop') ?? 0;
    } catch {
      return 0;
    }
  }

  async #endThread(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = null;
    if (thread === null || thread.threadId === ended) return;
    const end = once(thread, 'exit');
    thread.ref();
    thread.postMessage('end');
    await end;
  }
}

/** The thread id that Node gives a thread that has ended. */
const ended = -1;

/** Has the thread copy once; how many of the pages that were there are left. */
async function passOf(thread: Worker): Promise<number> {
  thread.postMessage('copy');
  const [left]: (number | null)[] = await once(thread, 'message');
  return left ?? Number.POSITIVE_INFINITY;
}

/** The thread needs hardly any memory of its own. */
function startThread(files: OpenFiles): Worker {
  refuseOthers(files);
  return new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
    workerData: files,
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 },
  });
}
