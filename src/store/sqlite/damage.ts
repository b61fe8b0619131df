/**
 * What a process does when SQLite meets a damaged page: it looks for the damaged pages in a thread, because that reads the
 * whole file, and reports them. Damage lasts, so it does so at the first meeting, and once an hour as long as there are more.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { hourMs } from '../../core/time.ts';
import type { DamageTask } from './damage-thread.ts';
import type { FileNames } from './file-names.ts';
import { descriptorOf } from './remains/page-file.ts';

export interface DamageOptions {
  readonly names: Pick<FileNames, 'openFiles'>;
  /** Gets a line for each damaged page; none where the walk finds no damage. */
  readonly onFound: (problems: readonly string[]) => void;
}

export class SqliteDamage {
  readonly #options: DamageOptions;
  #isMet = false;
  #isClosed = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #thread: Worker | null = null;
  #looking: Promise<void> | null = null;

  constructor(options: DamageOptions) {
    this.#options = options;
  }

  /** Whether a damaged page was met since the start. */
  get isMet(): boolean {
    return this.#isMet;
  }

  /** A statement met a damaged page. */
  meet(): void {
    this.#isMet = true;
    const now = performance.now();
    if (this.#looking !== null || now - this.#lookedAt < hourMs) return;
    this.#lookedAt = now;
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
    });
  }

  /** Ends the look under way, which then reports nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.terminate();
    await this.#looking;
  }

  /** Never rejects: a file that cannot be opened at all has no page to name. */
  async #look(): Promise<void> {
    const { names, onFound } = this.#options;
    try {
      const files = names.openFiles;
      const task: DamageTask = { ...files, descriptor: descriptorOf(files.file) };
      this.#thread = new Worker(new URL('./damage-thread.ts', import.meta.url), { workerData: task });
      const [problems] = await Promise.race([
        once(this.#thread, 'message'),
        once(this.#thread, 'exit').then(() => [[]]),
      ]);
      if (!this.#isClosed) onFound(problems);
    } catch {
      if (!this.#isClosed) onFound([]);
    } finally {
      this.#thread = null;
    }
  }
}
