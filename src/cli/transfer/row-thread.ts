/**
 * Runs the thread that reads the rows of an import, some batches ahead of the thread that writes them. The requests
 * bound how far it is ahead: at most `aheadMax` batches are read, or being read, before the writer takes them.
 *
 * When the thread ends by itself, for any reason, the import ends with an error; the users that are imported
 * already stay.
 */
import { Worker } from 'node:worker_threads';
import type { ImportBatch } from '../../core/transfer/import.ts';
import type { ImportProgress } from '../../core/transfer/import-progress.ts';
import type { ImportRows } from '../../core/transfer/import-row.ts';
import { CommandError } from '../command.ts';
import { unpackRows } from './packed-rows.ts';
import type { OpenedRows, PackedBatch, RowOrder, RowReply, RowRequest } from './row-server.ts';

/** Batches that are read, or being read, while one is written. */
const aheadMax = 2;

/** The part of a worker that is used here. */
export interface RowWorker extends Pick<Worker, 'terminate'> {
  postMessage(request: RowRequest): void;
  on(event: 'message', listener: (reply: RowReply) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
}

/** The next rows of the input, and the position after them. */
export interface ReadBatch extends Pick<ImportBatch, 'reached'> {
  readonly rows: ImportRows;
}

interface Waiting {
  resolve(reply: RowReply): void;
  reject(error: Error): void;
}

export class RowThread {
  readonly #worker: RowWorker;
  /** The requests without an answer; answers come in the order of the requests. */
  readonly #waiting: Waiting[] = [];
  readonly #ahead: Promise<PackedBatch>[] = [];
  #end: Error | null = null;

  /** Starts the thread, which loads while the program does something else. */
  constructor(worker: RowWorker = startThread()) {
    this.#worker = worker;
    worker.on('message', (reply: RowReply) => this.#waiting.shift()?.resolve(reply));
    worker.on('error', (error) => this.#fail(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => this.#fail('it has ended'));
  }

  /**
   * Opens the input, once. Throws a `CommandError` where its begin shows that it cannot be imported: no header, unknown
   * columns, no JSON.
   */
  async open(order: RowOrder): Promise<OpenedRows> {
    const reply = await this.#ask({ open: order });
    if ('opened' in reply) return reply.opened;
    throw unexpected();
  }

  /** Resumes where an import stopped. Throws a `CommandError` where the input is another one. */
  async skipTo(progress: ImportProgress): Promise<void> {
    if (progress.bytes > 0) await this.#ask({ skipTo: progress });
  }

  /**
   * The next rows; none at the end of the input. `max` is the limit for the rows that are requested now, which a later
   * call returns, `aheadMax` batches after this one.
   */
  async read(max: number): Promise<ReadBatch> {
    while (this.#ahead.length <= aheadMax) this.#ahead.push(this.#askRows(max));
    const batch = await this.#ahead.shift();
    if (batch === undefined) throw unexpected();
    return { rows: unpackRows(batch.rows), reached: batch.reached };
  }

  /** Ends the thread, also while it reads. */
  async close(): Promise<void> {
    this.#end ??= new Error('the rows are closed');
    await this.#worker.terminate();
  }

  #askRows(max: number): Promise<PackedBatch> {
    const batch = this.#ask({ max }).then((reply) => {
      if ('batch' in reply) return reply.batch;
      throw unexpected();
    });
    // The caller may end before it takes this batch.
    batch.catch(() => {});
    return batch;
  }

  async #ask(request: RowRequest): Promise<Exclude<RowReply, { failure: unknown }>> {
    if (this.#end !== null) throw this.#end;
    const { promise, resolve, reject } = Promise.withResolvers<RowReply>();
    this.#waiting.push({ resolve, reject });
    this.#worker.postMessage(request);
    const reply = await promise;
    if (!('failure' in reply)) return reply;
    const { message, isCommand } = reply.failure;
    throw isCommand ? new CommandError(message) : new Error(message);
  }

  #fail(reason: string): void {
    this.#end ??= new CommandError(`the thread that reads the rows has failed: ${reason}`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}

function unexpected(): Error {
  return new Error('the thread that reads the rows has answered another question');
}

/** The limits are far above the memory of a batch. */
function startThread(): Worker {
  return new Worker(new URL('../../app/import-thread.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 96 },
  });
}
