/**
 * Empties the log, and looks through all pages of the file for texts, in a thread of its own. While it looks the file
 * stands still: SQLite moves pages as it goes, and what moved behind a look's back would not be seen. Whoever changes
 * something meanwhile has it in the log. The thread is asked one thing at a time, and ends when nothing was asked in
 * a while.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SoughtTexts } from '../../../core/erasure/residue.ts';
import { refuse } from '../../../core/errors.ts';
import type { Leftover } from './pages.ts';

/** The room of a page, and the texts that are left there. */
export interface Found extends Omit<Leftover, 'bytes'> {
  readonly texts: readonly string[];
  readonly bytes: Uint8Array;
}

/** What the thread is asked. */
export type Question =
  | { readonly ask: 'truncate' | 'hold' | 'release' }
  | { readonly ask: 'end' }
  | { readonly ask: 'find'; readonly descriptor: number; readonly sought: SoughtTexts };

const idleMs = 10_000;

export class SqliteLook {
  readonly #file: string;
  #thread: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** Has the thread ready, so that nobody waits for its start who waits for what it does. */
  async prepare(): Promise<void> {
    await this.#ask({ ask: 'release' });
  }

  /** Copies the rest of the log into the file and empties it; false where somebody reads a former state, or writes. */
  truncate(): Promise<boolean> {
    return this.#ask({ ask: 'truncate' });
  }

  /**
   * Keeps SQLite from copying anything into the file, from now on; where the log is empty, that is. False where it
   * could not be.
   */
  hold(): Promise<boolean> {
    return this.#ask({ ask: 'hold' });
  }

  async release(): Promise<void> {
    if (this.#thread !== null && !this.#isClosed) await this.#ask({ ask: 'release' });
  }

  /** What there is of the texts; null where looking took longer than the log can wait. */
  find(descriptor: number, sought: SoughtTexts): Promise<readonly Found[] | null> {
    return this.#ask({ ask: 'find', descriptor, sought });
  }

  /** Ends the thread for good, after what it was asked. */
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
    thread.postMessage({ ask: 'end' } satisfies Question);
    await end;
  }

  async #ask<T>(question: Question): Promise<T> {
    if (this.#isClosed) throw refuse('unavailable', { retryAfterSeconds: 1 });
    clearTimeout(this.#idle);
    const thread =
      this.#thread ?? new Worker(new URL('./look-thread.ts', import.meta.url), { workerData: this.#file });
    this.#thread = thread;
    // Whoever closes the store waits for what is under way; a thread that has nothing to do keeps no process alive.
    thread.ref();
    try {
      const answer = once(thread, 'message');
      thread.postMessage(question);
      const [given]: T[] = await answer;
      return given as T;
    } catch (error) {
      // With its thread the transaction ends too.
      this.#thread = null;
      throw error;
    } finally {
      thread.unref();
      this.#idle = setTimeout(() => void this.#end(), idleMs).unref();
    }
  }
}
