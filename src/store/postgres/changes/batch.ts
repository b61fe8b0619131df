/**
 * Runs the units of one transaction, one after the other, in one of three ways.
 *
 * Optimistically: the new rows of all units are sent together, no savepoint is made, and no unit waits for the result of
 * an insert. A unit that refuses before it has changed anything is left out. Any other failure ends in an
 * `OptimismFailedError`: the transaction is rolled back, and its units are run carefully. Units that are confined to
 * their subjects are interleaved: each step of all of them is one round. One that needs a lock which it shares with
 * others, or a savepoint, is run again after them, in order.
 *
 * Carefully: each unit in a savepoint, and each statement is awaited, so that a unit which throws is rolled back alone.
 *
 * Alone: a unit that throws rolls back the transaction.
 */
import type { MessageOutcome } from '../../../core/messaging/budget-store.ts';
import type { Topic } from '../../../core/topic.ts';
import type { CountShape } from '../../counts/count-change.ts';
import type { JobMarks } from '../../counts/job-marks.ts';
import { CountLedger } from '../../counts/user-counts.ts';
import { postgresDialect } from '../../sql/dialect.ts';
import { noteLateUsers } from '../../users/search-changes.ts';
import type { PostgresConnection } from '../connection.ts';
import { isLockConflict } from '../errors.ts';
import { ReadRounds } from '../reads/rounds.ts';
import {
  type ChangeExecutorOptions,
  type DeferredChanges,
  NotConfinedError,
  PostgresChangeExecutor,
} from './change-executor.ts';
import { InsertBuffer, isOutageAlone, OptimismFailedError } from './insert-buffer.ts';
import { SharedChanges } from './shared-changes.ts';

/** What a unit of work gets. */
export interface ChangeScope {
  readonly executor: PostgresChangeExecutor;
  readonly counts: CountLedger;
  notifyAfterCommit(topic: Topic): void;
  reportAfterCommit(outcome: MessageOutcome): void;
}

export interface Unit {
  /** When it arrived, on the clock of `performance`. */
  readonly since: number;
  /** Each of its steps is confined to a user or an erasure; see `ChangeOptions` in the core. */
  readonly isConfined: boolean;
  /** Runs the work. The returned function settles the promise of the caller, after the commit. */
  run(scope: ChangeScope): Promise<() => void>;
  reject(error: unknown): void;
}

/** What must be done after the commit. */
export interface Committed {
  readonly settlements: readonly (() => void)[];
  readonly topics: ReadonlySet<Topic>;
  readonly outcomes: readonly MessageOutcome[];
}

/** One of several units failed because of another transaction. */
export class LockConflictError extends Error {
  override readonly name = 'LockConflictError';
  readonly unit: Unit;

  constructor(unit: Unit, cause: unknown) {
    super('a unit of work conflicts with another transaction', { cause });
    this.unit = unit;
  }
}

/** The units of a transaction. The caller begins and commits it. */
export class PostgresBatch implements Committed {
  readonly settlements: (() => void)[] = [];
  readonly topics = new Set<Topic>();
  readonly outcomes: MessageOutcome[] = [];
  /** Whether a unit has written a row. */
  hasWritten = false;
  readonly #connection: PostgresConnection;
  readonly #begun: Promise<void>;
  readonly #lockMs: number | undefined;
  readonly #counts: CountLedger;
  readonly #deferred: DeferredChanges = [];

  /** `begun` is the answer to the `begin` that was sent. `lockMs` is how long it waits for the counts, by default up to the usual limit. */
  constructor(
    connection: PostgresConnection,
    { countShape, marks }: { readonly countShape: CountShape; readonly marks: JobMarks },
    { begun, lockMs }: { readonly begun: Promise<void>; readonly lockMs: number | undefined },
  ) {
    this.#connection = connection;
    this.#begun = begun;
    this.#lockMs = lockMs;
    this.#counts = new CountLedger(countShape, { onAdded: noteLateUsers, marks });
  }

  /** The error of the first change whose outcome no unit has awaited; undefined where all have succeeded. */
  async findDeferredFault(): Promise<unknown> {
    const outcomes = await Promise.allSettled(this.#deferred);
    return outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
  }

  async runOptimistically(units: readonly Unit[]): Promise<void> {
    await this.#begun;
    const inserts = new InsertBuffer(this.#connection);
    for (let at = 0; at < units.length; ) {
      const end = units.findIndex(({ isConfined }, index) => index >= at && !isConfined);
      const confined = units.slice(at, end === -1 ? undefined : end);
      const next = confined.length > 1 ? confined : units.slice(at, at + 1);
      at += next.length;
      const inOrder = confined.length > 1 ? await this.#runInterleaved(confined, inserts) : next;
      for (const unit of inOrder) await this.#tryRun(unit, { inserts, deferred: this.#deferred });
    }
    // The server works on the new rows while the counts are read. All statements have to end before the transaction does.
    const [inserted, settled] = await Promise.allSettled([inserts.settle(), this.#settleShared(inserts)]);
    if (inserted.status === 'rejected') throw inserted.reason;
    const fault = await this.findDeferredFault();
    if (fault !== undefined) throw isOutageAlone(fault) ? fault : new OptimismFailedError(fault);
    if (settled.status === 'rejected') throw settled.reason;
  }

  /**
   * Returns the units that must run again in order. All units come to their end before the first failure is thrown,
   * because they use one connection.
   */
  async #runInterleaved(units: readonly Unit[], inserts: InsertBuffer): Promise<readonly Unit[]> {
    const rounds = new ReadRounds(this.#connection);
    const changes = new SharedChanges(this.#connection);
    const inOrder: Unit[] = [];
    const runs = units.map(async (unit) => {
      const isDone = await this.#tryRun(unit, { inserts, rounds, changes, isInterleaved: true });
      if (!isDone) inOrder.push(unit);
    });
    for (const run of await Promise.allSettled(runs)) {
      if (run.status === 'fulfilled') continue;
      // The statement of a round is shared, so the unit that conflicts with another transaction is unknown.
      throw run.reason instanceof LockConflictError ? new OptimismFailedError(run.reason) : run.reason;
    }
    return inOrder;
  }

  /**
   * Runs a unit optimistically. Returns false if it must run again in order. A unit that refuses before it has changed
   * anything, in the counts too, is left out.
   */
  async #tryRun(unit: Unit, options: ChangeExecutorOptions): Promise<boolean> {
    const executor = new PostgresChangeExecutor(this.#connection, options);
    try {
      await this.#run(unit, executor);
    } catch (error) {
      if (isLockConflict(error)) throw new LockConflictError(unit, error);
      if (postgresDialect.isOutage(error)) throw error;
      if (error instanceof NotConfinedError && !executor.hasChanged) return false;
      if (executor.hasChanged || executor.hasFailed) throw new OptimismFailedError(error);
      if (error instanceof OptimismFailedError) throw error;
      this.settlements.push(() => unit.reject(error));
    }
    return true;
  }

  async runCarefully(units: readonly Unit[]): Promise<void> {
    await this.#begun;
    for (const unit of units) {
      const mark = this.#counts.mark();
      // Not awaited: if it fails, every statement after it fails too.
      ignore(this.#connection.control('savepoint unit'));
      try {
        await this.#run(unit, new PostgresChangeExecutor(this.#connection));
      } catch (error) {
        if (isLockConflict(error)) throw new LockConflictError(unit, error);
        if (postgresDialect.isOutage(error)) throw error;
        await this.#connection.control('rollback to savepoint unit');
        this.#counts.rollback(mark);
        this.settlements.push(() => unit.reject(error));
      }
      ignore(this.#connection.control('release savepoint unit'));
    }
    await this.#settleShared();
  }

  /**
   * The steps of a confined unit share statements, as units do. Without `isCareful` its new rows are sent together too.
   * Another unit's first reads follow the `begin`, and the commit follows its last changes, without a wait in between.
   */
  async runAlone(unit: Unit, { isCareful = false } = {}): Promise<void> {
    const connection = this.#connection;
    const inserts = unit.isConfined && !isCareful ? new InsertBuffer(connection) : null;
    const shared = unit.isConfined
      ? { rounds: new ReadRounds(connection), changes: new SharedChanges(connection) }
      : {};
    if (unit.isConfined) await this.#begun;
    const begun = unit.isConfined ? null : this.#begun;
    // On several machines a change may be kept from being sent at all, so each outcome is awaited before the commit.
    const deferred = unit.isConfined || connection.isSharded ? null : this.#deferred;
    const executor = new PostgresChangeExecutor(connection, { begun, deferred, inserts, ...shared });
    try {
      await this.#run(unit, executor);
      await this.#begun;
      await inserts?.settle();
    } catch (error) {
      // A later step may have failed because a conflict kept a row out.
      if (!isLockConflict(error) && !postgresDialect.isOutage(error)) await inserts?.settle();
      throw error;
    }
    await this.#settleCounts();
  }

  async #run(unit: Unit, executor: PostgresChangeExecutor): Promise<void> {
    const topics: Topic[] = [];
    const outcomes: MessageOutcome[] = [];
    let settle: () => void;
    try {
      settle = await unit.run({
        executor,
        counts: this.#counts,
        notifyAfterCommit: (topic) => topics.push(topic),
        reportAfterCommit: (outcome) => outcomes.push(outcome),
      });
      await executor.sendHeld();
    } catch (error) {
      // An error of the server explains the error that the unit made of it.
      executor.close();
      throw error;
    }
    executor.close();
    this.hasWritten ||= executor.hasWritten;
    this.settlements.push(settle);
    for (const topic of topics) this.topics.add(topic);
    this.outcomes.push(...outcomes);
  }

  /** Other processes hold the counts only briefly, so their locks are awaited with the limit of a unit that is alone. */
  async #settleShared(inserts: InsertBuffer | null = null): Promise<void> {
    ignore(this.#connection.waitForLocks(this.#lockMs));
    await this.#settleCounts(inserts);
  }

  /** The nodes of one level are read with one statement, and written together where there is a buffer. */
  async #settleCounts(inserts: InsertBuffer | null = null): Promise<void> {
    const rounds = new ReadRounds(this.#connection);
    const executor = new PostgresChangeExecutor(this.#connection, { rounds, inserts });
    await this.#counts.settle(executor);
    await inserts?.settle();
    executor.close();
  }
}

function ignore(sent: Promise<void>): void {
  sent.catch(() => {});
}
