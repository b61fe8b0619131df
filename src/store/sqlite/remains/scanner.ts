/**
 * Empties the write-ahead log, scans the SQLite file for traces and wipes what was found, in a thread of its own
 * (`scanner-thread.ts`) with a database connection of its own. The thread takes one request at a time, and ends when
 * there was none for a while.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { refuse } from '../../../core/errors.ts';
import { type FileNames, type OpenFiles, refuseOthers } from '../file-names.ts';
import { descriptorOf } from './page-file.ts';

/** What the thread is started with. */
export interface ScannerParts extends OpenFiles {
  /** Of the database file in this process (`page-file.ts`). */
  readonly descriptor: number;
}

/** The traces that a scan has found, and whether there is anything to wipe. */
export interface LeftRemains {
  readonly traces: ReadonlySet<string>;
  readonly hasPages: boolean;
}

export type ScannerRequest =
  | { readonly kind: 'drop caches' | 'truncate' | 'hold' | 'wipe'; readonly waitMs: number }
  | { readonly kind: 'release' }
  | { readonly kind: 'end' }
  | { readonly kind: 'scan'; readonly traces: ReadonlySet<string> };

const idleMs = 10_000;

export class Scanner {
  readonly #names: Pick<FileNames, 'openFiles'>;
  #thread: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** The names of the files that the store has open. */
  constructor(names: Pick<FileNames, 'openFiles'>) {
    this.#names = names;
  }

  /** Starts the thread, so that a later request does not wait for its start. */
  async prepare(): Promise<void> {
    await this.#ask({ kind: 'release' });
  }

  /** Has all connections to the file drop their caches; null where another connection writes for so long. */
  dropCaches(waitMs: number): Promise<true | null> {
    return this.#ask({ kind: 'drop caches', waitMs });
  }

  /**
   * Copies the rest of the log into the file and empties the log. Waits so long for connections that write or read a
   * former state; no connection can write meanwhile. Null where they do not end.
   */
  truncate(waitMs: number): Promise<true | null> {
    return this.#ask({ kind: 'truncate', waitMs });
  }

  /**
   * Empties the log as `truncate` does, then keeps SQLite from copying anything into the file until `release`. False
   * where the log was not empty: then the file alone is not the database.
   */
  hold(waitMs: number): Promise<boolean> {
    return this.#ask({ kind: 'hold', waitMs });
  }

  async release(): Promise<void> {
    if (this.#thread !== null && !this.#isClosed) await this.#ask({ kind: 'release' });
  }

  /** What is left in the file, which is held; null where the log became too long during the scan. */
  scan(traces: ReadonlySet<string>): Promise<LeftRemains | null> {
    return this.#ask({ kind: 'scan', traces });
  }

  /**
   * Empties the log as `truncate` does, then wipes a bounded number of the pages that the last scan found; how many are
   * left. Null where it could not: another connection writes, or has written since the log was emptied.
   */
  wipe(waitMs: number): Promise<number | null> {
    return this.#ask({ kind: 'wipe', waitMs });
  }

  /** Ends the thread for good, after its present request. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#end();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = null;
    if (thread === null) return;
    const end = once(thread, 'exit');
    thread.ref();
    thread.postMessage({ kind: 'end' } satisfies ScannerRequest);
    await end;
  }

  async #ask<T>(request: ScannerRequest): Promise<T> {
    if (this.#isClosed) throw refuse('unavailable', { retryAfterSeconds: 1 });
    clearTimeout(this.#idle);
    const thread = this.#thread ?? this.#start();
    this.#thread = thread;
    // Closing the store waits for the present request; an idle thread keeps no process alive.
    thread.ref();
    try {
      const answer = once(thread, 'message');
      thread.postMessage(request);
      const [given]: T[] = await answer;
      return given as T;
    } catch (error) {
      // The thread has failed, and its transaction has ended with it.
      this.#thread = null;
      throw error;
    } finally {
      thread.unref();
      this.#idle = setTimeout(() => void this.#end(), idleMs).unref();
    }
  }

  #start(): Worker {
    const files = this.#names.openFiles;
    refuseOthers(files);
    const parts: ScannerParts = { ...files, descriptor: descriptorOf(files.file) };
    return new Worker(new URL('./scanner-thread.ts', import.meta.url), { workerData: parts });
  }
}
