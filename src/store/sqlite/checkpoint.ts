/**
 * Copies the log into the file while the thread that serves goes on: a thread of its own, with a connection of its
 * own, does it all. What is written meanwhile is copied in the end, while changes wait for some milliseconds, so that the log
 * is used up for a moment and begins anew instead of growing for ever. What is durable does not depend on it:
 * SQLite reads log and file together. The thread ends when nothing was copied for a while.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SqliteConnection } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';
import { logLeft } from './log.ts';

/** 16 MiB of log before it is copied: the same pages of an index are written back once for many commits. */
const duePages = 4_000;
/** How often the length of the log is looked at, in commits. */
const lookEveryCommits = 8;
/** How often it is copied while others write: each time there is less that was written meanwhile. */
const passes = 3;
/** A pass that took no longer has left little behind. */
const shortPassMs = 5;
const idleMs = 10_000;

export interface CheckpointParts {
  readonly file: string;
  readonly connection: SqliteConnection;
  readonly commits: Pick<GroupCommit, 'between'>;
  /** Told how long each copying of the log took, all its passes together. */
  readonly onCopied?: (ms: number) => void;
}

export class SqliteCheckpoints {
  readonly #parts: CheckpointParts;
  #commits = 0;
  /** Pages that the last try left, because a reader of a former state held them or nothing could be written. */
  #held = 0;
  #underWay: Promise<void> | null = null;
  #thread: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
  }

  /** Told after each commit, when no transaction is open. */
  noteCommit(): void {
    this.#commits += 1;
    if (this.#commits < lookEveryCommits || this.#underWay !== null || this.#isClosed) return;
    this.#commits = 0;
    const left = this.#left();
    this.#held = Math.min(this.#held, left);
    if (left - this.#held >= duePages) this.#begin(() => this.#checkpoint());
  }

  /** Copies now, whatever the length; resolves when it has come as far as it can. */
  async copy(): Promise<void> {
    await this.#underWay;
    if (this.#underWay === null && !this.#isClosed) this.#begin(() => this.#checkpoint());
    await this.#underWay;
  }

  /** Waits for what is under way, and ends the thread. */
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

  /** Never rejects: what cannot be copied now is tried again when there is more of it. */
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

  /** Copies as much as can be; how many pages are left. */
  async #copy(): Promise<number> {
    const thread = this.#thread ?? startThread(this.#parts.file);
    this.#thread = thread;
    // Whoever closes the store waits for what is under way; a thread that has nothing to do keeps no process alive.
    thread.ref();
    let left = 0;
    for (let pass = 1, tookMs = Number.POSITIVE_INFINITY; pass <= passes && tookMs > shortPassMs; pass++) {
      const startedAt = performance.now();
      left = await passOf(thread);
      tookMs = performance.now() - startedAt;
      // Whoever reads a former state holds up the rest.
      if (left > 0) break;
    }
    if (left === 0) left = await this.#parts.commits.between(() => passOf(thread));
    thread.unref();
    return left;
  }

  /** Whoever asks has committed already: that the log cannot be looked at is no fault of theirs. */
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

/** What Node has for the number of a thread that has ended. */
const ended = -1;

/** Has the thread copy; how many of the pages that were there are left. */
async function passOf(thread: Worker): Promise<number> {
  thread.postMessage('copy');
  const [left]: (number | null)[] = await once(thread, 'message');
  return left ?? Number.POSITIVE_INFINITY;
}

/** It needs hardly any memory of its own. */
function startThread(file: string): Worker {
  return new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
    workerData: file,
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 },
  });
}
