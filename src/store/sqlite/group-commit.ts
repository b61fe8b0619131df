/**
 * Many changes, one durable commit. Changes that come while others run are queued; a batch of them runs in one
 * transaction, and their promises settle only after its commit.
 *
 * - Units run strictly one after the other: a unit sees all changes of earlier units in its batch, and no half of
 *   one. A unit that throws is rolled back alone.
 * - A batch first runs optimistically, without savepoints: SQLite copies every page that is changed within a
 *   savepoint. If a unit throws after a change, the transaction is rolled back and all units run again carefully,
 *   each in a savepoint.
 * - If the commit fails, nothing of the batch has happened, and all units are refused. That includes units that had
 *   thrown: their errors may rest on rows that were never committed.
 * - Units await nothing but their stores, so a batch runs within one turn of the event loop. A unit that awaits
 *   something else delays the others and holds the lock against other processes, but breaks nothing.
 * - A unit that meets a damaged page ends its transaction. Then each unit of the batch runs again in a transaction of its
 *   own, so that the others succeed.
 * - Another process may hold the lock. Waiting for it is asynchronous and ends with a refusal.
 */
import { refuse } from '../../core/errors.ts';
import type { MessageOutcome } from '../../core/messaging/budget-store.ts';
import type { Topic } from '../../core/topic.ts';
import type { CountShape } from '../counts/count-change.ts';
import type { JobMarks } from '../counts/job-marks.ts';
import { CountLedger } from '../counts/user-counts.ts';
import { isBusy, sqliteDialect } from '../sql/dialect.ts';
import type { SqliteConnection } from './connection.ts';
import { ChangeExecutor } from './executor.ts';
import { beginWriting } from './lock.ts';

/** The longest time for which units are gathered, in milliseconds. */
const gatherMs = 2;

export interface GroupCommitOptions {
  /** Throws where what is written now would be lost. Called before each transaction, and again before it is answered. */
  readonly refuseLost?: () => void;
  /** The most units that share a commit. */
  readonly batchMax: number;
  /** The most units that may wait; further changes are refused immediately. */
  readonly queueMax: number;
  /** How long a unit may wait for its turn and for another process's lock. */
  readonly lockWaitMs: number;
  readonly countShape: CountShape;
  readonly marks: JobMarks;
  /** The error that callers get for an error that ended a whole batch. */
  readonly refusalOf: (error: unknown) => unknown;
  /** Called after each commit, when no transaction is open: how many changes shared it, and how long it took. */
  readonly onWritten?: (changes: number, ms: number) => void;
  /** Called after each commit that queued or dropped messages. */
  readonly onMessages: (outcomes: readonly MessageOutcome[]) => void;
  /** Called after each commit with the topics that were written. */
  readonly onCommitted: (topics: ReadonlySet<Topic>) => void;
}

/** What a unit of work gets. */
export interface ChangeScope {
  readonly executor: ChangeExecutor;
  readonly counts: CountLedger;
  touch(topic: Topic): void;
  report(outcome: MessageOutcome): void;
}

interface Unit {
  /** Runs the work. The returned function settles the caller's promise once the commit has succeeded. */
  run(scope: ChangeScope): Promise<() => void>;
  reject(error: unknown): void;
  /** When it came, on the clock of `performance`. */
  readonly since: number;
}

/** A transaction waits for the lock at least for this part of the limit. */
const leastWaitPart = 1 / 50;
/** Units that have no more of their limit left are refused together, so that the others need not wait again for each of them. */
const latePart = 1 / 10;

/** The results of the units of a transaction. */
interface Batch {
  readonly counts: CountLedger;
  readonly topics: Set<Topic>;
  readonly outcomes: MessageOutcome[];
  readonly settlements: (() => void)[];
}

/** A unit threw after a change that only the end of the transaction can roll back. */
class LateThrowError extends Error {
  override readonly name = 'LateThrowError';
}

export class GroupCommit {
  readonly #connection: SqliteConnection;
  readonly #options: GroupCommitOptions;
  readonly #queue: Unit[] = [];
  /** Work that waits for a moment between two transactions. */
  readonly #betweens: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;
  #isClosed = false;
  /** The last commit: when it ended, how long it took, and whether several units shared it. */
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
      since: performance.now(),
    });
    this.#running ??= this.#drain();
    return promise;
  }

  /**
   * Runs `work` when no transaction is open on the connection, and begins none before its end; returns or throws
   * what `work` does.
   */
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

  /** Takes no more changes, and waits for those that it has taken. */
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
   * Lets all changes that the event loop has ready join the batch, because a commit costs much the same for one
   * unit and for many. It yields to the event loop as long as that brings more units. After a commit of several
   * units it also yields for as long as that commit took: the callers that were just answered come back in that
   * time. A unit that comes alone waits for two turns.
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
    const { refuseLost } = this.#options;
    try {
      refuseLost?.();
      batch = await this.#runUnits(units);
      const before = performance.now();
      this.#connection.control('commit');
      this.#committedAt = performance.now();
      this.#commitMs = this.#committedAt - before;
      this.#isBusy = units.length > 1;
      refuseLost?.();
    } catch (error) {
      this.#rollback();
      if (units.length > 1 && sqliteDialect.isDamage(error)) {
        // Only a unit that needs the damaged page is refused.
        for (const unit of units) await this.#runBatch([unit]);
        return;
      }
      const refusal = this.#options.refusalOf(error);
      const lateMs = this.#options.lockWaitMs * latePart;
      const late = isBusy(error) ? units.filter((unit) => this.#waitLeftMs(unit) <= lateMs) : units;
      const refused = late.length > 0 ? late : units;
      for (const unit of refused) unit.reject(refusal);
      this.#queue.unshift(...units.filter((unit) => !refused.includes(unit)));
      return;
    }
    for (const settle of batch.settlements) settle();
    this.#options.onWritten?.(units.length, this.#commitMs);
    if (batch.topics.size > 0) this.#options.onCommitted(batch.topics);
    if (batch.outcomes.length > 0) this.#options.onMessages(batch.outcomes);
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

  /** How long the unit may still wait for the lock: its turn is a part of its limit. */
  #waitLeftMs({ since }: Unit): number {
    return this.#options.lockWaitMs - (performance.now() - since);
  }

  /** Leaves the transaction open, ready for its commit. */
  async #runAll(
    units: readonly Unit[],
    { inSavepoints }: { readonly inSavepoints: boolean },
  ): Promise<Batch> {
    const [oldest] = units;
    const leftMs = oldest === undefined ? 0 : this.#waitLeftMs(oldest);
    // Another worker that is busy too has the lock for some milliseconds.
    await beginWriting(this.#connection, Math.max(leftMs, this.#options.lockWaitMs * leastWaitPart));
    const batch: Batch = {
      counts: new CountLedger(this.#options.countShape, { marks: this.#options.marks }),
      topics: new Set(),
      outcomes: [],
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

  /** Throws only errors that concern the whole batch. */
  async #runUnit(
    unit: Unit,
    { counts, topics, outcomes }: Batch,
    isInSavepoint: boolean,
  ): Promise<() => void> {
    const executor = new ChangeExecutor(this.#connection);
    const touched: Topic[] = [];
    const reported: MessageOutcome[] = [];
    const mark = counts.mark();
    try {
      let settle: () => void;
      try {
        settle = await unit.run({
          executor,
          counts,
          touch: (topic) => touched.push(topic),
          report: (outcome) => reported.push(outcome),
        });
      } finally {
        executor.close();
      }
      for (const topic of touched) topics.add(topic);
      outcomes.push(...reported);
      return settle;
    } catch (error) {
      // An outage: SQLite has rolled back already, or the commit would fail too.
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
      // The same error keeps the next batch from beginning, and is reported there.
    }
  }

  async #settleCounts(counts: CountLedger): Promise<void> {
    const executor = new ChangeExecutor(this.#connection);
    await counts.settle(executor);
    executor.close();
  }
}
