/**
 * Many changes, one durable commit. Changes that come while others run are queued; a batch of them runs in one
 * transaction, and their promises settle only after the one commit.
 *
 * - Units run strictly one after the other, so a unit sees what earlier ones of its batch did, and nothing half
 *   done. A unit that throws is rolled back alone.
 * - A batch is first run hopefully: for a savepoint SQLite copies every page that its unit touches. Where a unit throws
 *   after it has changed something, all is rolled back and all units run anew, each in a savepoint.
 * - When the commit fails nothing of the batch has happened, and all of it is refused: also the units that had
 *   thrown, for what they threw may rest on what never was.
 * - Units wait for nothing but their stores, so a batch runs within one turn of the event loop. One that waits
 *   for something else delays the others, and holds the lock against other processes; it breaks nothing.
 * - Another process may hold the lock. Waiting for it is asynchronous and ends with a refusal.
 */
import { refuse } from '../../core/errors.ts';
import type { Topic } from '../../core/topic.ts';
import type { CountShape } from '../counts/count-change.ts';
import { CountLedger } from '../counts/user-counts.ts';
import { sqliteDialect } from '../sql/dialect.ts';
import type { SqliteConnection } from './connection.ts';
import { ChangeExecutor } from './executor.ts';
import { beginWriting } from './lock.ts';

/** How long units are gathered at most, in milliseconds. */
const gatherMs = 2;

export interface GroupCommitOptions {
  /** Most units that share a commit. */
  readonly batchMax: number;
  /** Most units that wait; above it changes are refused at once. */
  readonly queueMax: number;
  /** How long to wait for another process's lock. */
  readonly lockWaitMs: number;
  readonly countShape: CountShape;
  /** What callers are told of an error that ended a whole batch. */
  readonly refusalOf: (error: unknown) => unknown;
  /** Told after each commit, when no transaction is open, how many changes shared it and how long it took. */
  readonly onWritten?: (changes: number, ms: number) => void;
  /** Told after each commit which topics were written. */
  readonly onCommitted: (topics: ReadonlySet<Topic>) => void;
}

/** What a unit of work is handed. */
export interface ChangeScope {
  readonly executor: ChangeExecutor;
  readonly counts: CountLedger;
  touch(topic: Topic): void;
}

interface Unit {
  /** Runs the work; what is returned settles the caller's promise once the commit stands. */
  run(scope: ChangeScope): Promise<() => void>;
  reject(error: unknown): void;
}

/** What the units of a transaction have come to. */
interface Batch {
  readonly counts: CountLedger;
  readonly topics: Set<Topic>;
  readonly settlements: (() => void)[];
}

/** A unit threw when it had changed something, and nothing can take that back but the end of the transaction. */
class LateThrowError extends Error {
  override readonly name = 'LateThrowError';
}

export class GroupCommit {
  readonly #connection: SqliteConnection;
  readonly #options: GroupCommitOptions;
  readonly #queue: Unit[] = [];
  /** What waits for a moment between two transactions. */
  readonly #betweens: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;
  #isClosed = false;
  /** Of the last commit: when it ended, how long it took, and whether it was of several units. */
  #committedAt = 0;
  #commitMs = 0;
  #isBusy = false;

  constructor(connection: SqliteConnection, options: GroupCommitOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** How many changes wait for their transaction. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Runs `work` in a durable transaction. */
  change<T>(work: (scope: ChangeScope) => Promise<T>): Promise<T> {
    if (this.#isClosed || this.#queue.length >= this.#options.queueMax) {
      return Promise.reject(refuse('unavailable', { retryAfterSeconds: 1 }));
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#queue.push({
      async run(scope) {
        const result = await work(scope);
        return () => resolve(result);
      },
      reject,
    });
    this.#running ??= this.#drain();
    return promise;
  }

  /** Runs `work` when no transaction is open on the connection, and none begins before its end; what it gives or throws. */
  between<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(refuse('unavailable', { retryAfterSeconds: 1 }));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#betweens.push(async () => {
      try {
        resolve(await work());
      } catch (error) {
        reject(this.#options.refusalOf(error));
      }
    });
    this.#running ??= this.#drain();
    return promise;
  }

  /** Takes no more changes, and waits for those that were taken. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    try {
      do {
        await this.#gather();
        for (const between of this.#betweens.splice(0)) await between();
        if (this.#queue.length > 0) await this.#runBatch(this.#queue.splice(0, this.#options.batchMax));
      } while (this.#queue.length > 0 || this.#betweens.length > 0);
    } finally {
      this.#running = null;
    }
  }

  /**
   * Whatever the event loop has ready joins the batch, for a commit costs much the same for one unit and for many.
   * It is looked again as long as each look brings more, and, while several come at a time, for as long as the last
   * commit took: whoever was just answered comes back in that time. A unit that comes alone waits for two looks.
   */
  async #gather(): Promise<void> {
    const { batchMax } = this.#options;
    const now = performance.now();
    const least = this.#isBusy ? this.#committedAt + Math.min(this.#commitMs, gatherMs) : now;
    const most = now + gatherMs;
    for (let at = now; ; at = performance.now()) {
      const seen = this.#queue.length;
      await new Promise((resolve) => setImmediate(resolve));
      const isGrowing = this.#queue.length > seen && at < most;
      if (this.#queue.length >= batchMax || (at >= least && !isGrowing)) return;
    }
  }

  async #runBatch(units: readonly Unit[]): Promise<void> {
    let batch: Batch;
    try {
      batch = await this.#runUnits(units);
      const before = performance.now();
      this.#connection.control('commit');
      this.#committedAt = performance.now();
      this.#commitMs = this.#committedAt - before;
      this.#isBusy = units.length > 1;
    } catch (error) {
      this.#rollback();
      const refusal = this.#options.refusalOf(error);
      for (const unit of units) unit.reject(refusal);
      return;
    }
    for (const settle of batch.settlements) settle();
    this.#options.onWritten?.(units.length, this.#commitMs);
    if (batch.topics.size > 0) this.#options.onCommitted(batch.topics);
  }

  async #runUnits(units: readonly Unit[]): Promise<Batch> {
    try {
      return await this.#runAll(units, { inSavepoints: false });
    } catch (error) {
      if (!(error instanceof LateThrowError)) throw error;
      this.#rollback();
      return await this.#runAll(units, { inSavepoints: true });
    }
  }

  /** Leaves the transaction open, ready for its commit. */
  async #runAll(
    units: readonly Unit[],
    { inSavepoints }: { readonly inSavepoints: boolean },
  ): Promise<Batch> {
    await beginWriting(this.#connection, this.#options.lockWaitMs);
    const batch: Batch = {
      counts: new CountLedger(this.#options.countShape),
      topics: new Set(),
      settlements: [],
    };
    for (const unit of units) {
      if (inSavepoints) this.#connection.control('savepoint unit');
      batch.settlements.push(await this.#runUnit(unit, batch, inSavepoints));
      if (inSavepoints) this.#connection.control('release unit');
    }
    await this.#settleCounts(batch.counts);
    return batch;
  }

  /** Throws only what concerns the whole batch. */
  async #runUnit(unit: Unit, { counts, topics }: Batch, isInSavepoint: boolean): Promise<() => void> {
    const executor = new ChangeExecutor(this.#connection);
    const touched: Topic[] = [];
    const mark = counts.mark();
    try {
      let settle: () => void;
      try {
        settle = await unit.run({ executor, counts, touch: (topic) => touched.push(topic) });
      } finally {
        executor.close();
      }
      for (const topic of touched) topics.add(topic);
      return settle;
    } catch (error) {
      // Out of room or out of order: SQLite has rolled back, or the commit would fail too.
      if (!this.#connection.db.inTransaction || sqliteDialect.isOutage(error)) throw error;
      if (isInSavepoint) this.#connection.control('rollback to unit');
      else if (executor.hasChanged) throw new LateThrowError();
      counts.rollback(mark);
      return () => unit.reject(error);
    }
  }

  #rollback(): void {
    try {
      if (this.#connection.db.inTransaction) this.#connection.control('rollback');
    } catch {
      // What kept it from rolling back keeps the next batch from beginning, and is told there.
    }
  }

  async #settleCounts(counts: CountLedger): Promise<void> {
    const executor = new ChangeExecutor(this.#connection);
    await counts.settle(executor);
    executor.close();
  }
}
