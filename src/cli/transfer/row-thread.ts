/**
 * Has the rows of an import read by a thread of its own, some batches ahead of the one that writes. How far ahead is
 * bounded by what was asked for: a batch that nobody has taken yet is not followed by more than one other.
 *
 * A thread that ends by itself, whatever the reason, ends the import with an error; what it brought in until then stays.
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

/** What of a worker is used here. */
export interface RowWorker extends Pick<Worker, 'terminate'> {
  postMessage(request: RowRequest): void;
  on(event: 'message', listener: (reply: RowReply) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
}

/** The next rows of the input, and where it is after them. */
export interface ReadBatch extends Pick<ImportBatch, 'reached'> {
  readonly rows: ImportRows;
}

interface Waiting {
  resolve(reply: RowReply): void;
  reject(error: Error): void;
}

export class RowThread {
  readonly #worker: RowWorker;
  /** Who waits for an answer; they come in the order of the requests. */
  readonly #waiting: Waiting[] = [];
  readonly #ahead: Promise<PackedBatch>[] = [];
  #end: Error | null = null;

  /** Starts the thread, which gets ready while others do something else. */
  constructor(worker: RowWorker = startThread()) {
    this.#worker = worker;
    worker.on('message', (reply: RowReply) => this.#waiting.shift()?.resolve(reply));
    worker.on('error', (error) => this.#fail(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => this.#fail('it has ended'));
  }

  /**
   * Opens the input, once. Throws a `CommandError` where its beginning shows that it is none that can be imported: no
   * header, unknown columns, no JSON.
   */
  async open(order: RowOrder): Promise<OpenedRows> {
    const reply = await this.#ask({ open: order });
    if ('opened' in reply) return reply.opened;
    throw unexpected();
  }

  /** Goes on where an import stopped. Throws a `CommandError` where the input is another one. */
  async skipTo(progress: ImportProgress): Promise<void> {
    if (progress.bytes > 0) await this.#ask({ skipTo: progress });
  }

  /**
   * The next rows; none at the end of the input. `max` is for those that are asked for now, which are taken
   * `aheadMax` batches later.
   */
  async read(max: number): Promise<ReadBatch> {
    while (this.#ahead.length <= aheadMax) this.#ahead.push(this.#askRows(max));
    const batch = await this.#ahead.shift();
    if (batch === undefined) throw unexpected();
    return { rows: unpackRows(batch.rows), reached: batch.reached };
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    this.#end ??= new Error('the rows are closed');
    await this.#worker.terminate();
  }

  #askRows(max: number): Promise<PackedBatch> {
    const batch = this.#ask({ max }).then((reply) => {
      if ('batch' in reply) return reply.batch;
      throw unexpected();
    });
    // Nobody may come for it any more.
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

/** Far more memory than a batch takes, and a bound all the same. */
function startThread(): Worker {
  return new Worker(new URL('../../app/import-thread.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 96 },
  });
}
