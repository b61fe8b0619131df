/**
 * Changes on PostgreSQL. In one process, the changes of one queue run one after the other, and those of different queues
 * at the same time; each organization has a queue. The changes that arrive while a transaction runs share the next one
 * (`batch.ts` says how): one commit for all, and the counts of the organization, which every creation changes, are locked
 * once and last.
 *
 * Other processes do the same. A unit that shares a transaction waits only briefly for a row. If another transaction
 * holds the row, the unit continues alone, in a transaction beside the queue. If two transactions wait for each other,
 * the server ends one, which is retried. So a unit may run several times for one outcome, and a run that did not
 * commit leaves nothing. A commit whose answer was lost is not repeated: its outcome is unknown, and the caller is refused.
 *
 * A unit has one limit for its turn and for locked rows together. A transaction waits for a lock as long as its oldest unit may.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../../../core/errors.ts';
import type { MessageOutcome } from '../../../core/messaging/budget-store.ts';
import type { Topic } from '../../../core/topic.ts';
import type { ChangeOptions } from '../../../core/unit-of-work.ts';
import type { CountShape } from '../../counts/count-change.ts';
import type { JobMarks } from '../../counts/job-marks.ts';
import { postgresDialect } from '../../sql/dialect.ts';
import type { PostgresConnection } from '../connection.ts';
import {
  ConnectionLostError,
  isConnectionEnding,
  isLockTimeout,
  isRepeatable,
  MachineAwayError,
  mayBeMachine,
  UnknownOutcomeError,
} from '../errors.ts';
import type { ConnectionSet } from '../pool.ts';
import { type ChangeScope, type Committed, LockConflictError, PostgresBatch, type Unit } from './batch.ts';
import { OptimismFailedError } from './insert-buffer.ts';

export interface PostgresChangesOptions {
  /** The largest number of units that share a commit. */
  readonly batchMax: number;
  /** The largest number of units that wait. More are refused immediately. */
  readonly queueMax: number;
  /** How long a unit may wait for its turn and for a lock, in milliseconds. Then it is refused. */
  readonly waitMaxMs: number;
  readonly countShape: CountShape;
  readonly marks: JobMarks;
  /** Called after each commit with the number of changes that shared it, and how long the commit itself took. */
  readonly onWritten?: (changes: number, ms: number) => void;
  /** Called after each commit that wrote rows for jobs, with their topics. */
  readonly onCommitted: (topics: ReadonlySet<Topic>) => void;
  /** Called after each commit that queued or dropped messages. */
  readonly onMessages: (outcomes: readonly MessageOutcome[]) => void;
}

const attemptsMax = 5;
const retryMs = 20;
/** How long units that share a transaction wait for a row: all of them wait for the row that one needs. */
const sharedLockMs = 100;
/** A unit that has waited for a shorter part of its limit has the usual limit for locks, which no statement must set. */
const noticedPart = 1 / 50;
/** Units that have waited for so much of their limit are refused together, so that the others are not retried for each of them. */
const latePart = 9 / 10;

export class PostgresChanges {
  readonly #connections: ConnectionSet;
  readonly #options: PostgresChangesOptions;
  /** The units that wait, by the name of their queue. */
  readonly #queues = new Map<number | string, Unit[]>();
  readonly #running = new Set<Promise<unknown>>();
  #waiting = 0;
  #isClosed = false;

  constructor(connections: ConnectionSet, options: PostgresChangesOptions) {
    this.#connections = connections;
    this.#options = options;
  }

  /** How many changes wait for their transaction, or are in it. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs `work` in a durable transaction, after the earlier changes of the same queue. */
  change<T>(
    name: number | string,
    work: (scope: ChangeScope) => Promise<T>,
    { isConfined = false }: ChangeOptions = {},
  ): Promise<T> {
    if (this.#isClosed || this.#waiting >= this.#options.queueMax) {
      return Promise.reject(refuse('unavailable', { retryAfterSeconds: 1 }));
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const unit: Unit = {
      since: performance.now(),
      isConfined,
      async run(scope) {
        const result = await work(scope);
        return () => resolve(result);
      },
      reject,
    };
    this.#waiting++;
    const queue = this.#queues.get(name);
    if (queue === undefined) this.#open(name, unit);
    else queue.push(unit);
    return promise;
  }

  /** Accepts no more changes, and waits for those that it has accepted. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #open(name: number | string, unit: Unit): void {
    const queue = [unit];
    this.#queues.set(name, queue);
    this.#track(this.#drain(name, queue));
  }

  #track(work: Promise<unknown>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #drain(name: number | string, queue: Unit[]): Promise<void> {
    do {
      // Changes that the event loop has ready by now join the transaction.
      await new Promise((resolve) => setImmediate(resolve));
      const units = queue.splice(0, this.#options.batchMax);
      const outage = await this.#runTogether(units.filter((unit) => !this.#isLate(unit)));
      this.#waiting -= units.length;
      if (outage !== null) this.#refuseAll(queue, outage);
    } while (queue.length > 0);
    this.#queues.delete(name);
  }

  /** Refuses a unit whose turn has come too late. */
  #isLate(unit: Unit): boolean {
    const isLate = this.#waitedPart(unit) > 1;
    if (isLate) unit.reject(refuse('unavailable', { retryAfterSeconds: 1 }));
    return isLate;
  }

  /** How much of its limit the unit has waited. */
  #waitedPart({ since }: Unit): number {
    return (performance.now() - since) / this.#options.waitMaxMs;
  }

  /** How long a transaction of the unit may still wait for a lock; undefined for the usual limit. */
  #lockMsLeft(oldest: Unit): number | undefined {
    const part = this.#waitedPart(oldest);
    return part < noticedPart ? undefined : Math.max(1, Math.ceil(this.#options.waitMaxMs * (1 - part)));
  }

  /** The database is away: callers that have waited are refused now, and need not try it themselves. */
  #refuseAll(queue: Unit[], outage: unknown): void {
    for (const unit of queue.splice(0)) {
      this.#waiting--;
      unit.reject(outage);
    }
  }

  /**
   * Runs units in one transaction. Returns the outage that ended it, or null. A unit that conflicts with another
   * transaction continues alone beside the queue, and the others are retried without it.
   */
  async #runTogether(
    units: readonly Unit[],
    { isCareful = false, isSecondTry = false } = {},
  ): Promise<unknown> {
    const [unit, ...others] = units;
    if (unit === undefined) return null;
    if (others.length === 0) return this.#runAlone(unit);
    try {
      this.#settle(
        await this.#transaction([unit, ...others], (batch) =>
          isCareful ? batch.runCarefully(units) : batch.runOptimistically(units),
        ),
      );
      return null;
    } catch (error) {
      if (error instanceof OptimismFailedError)
        return this.#runTogether(units, { isCareful: true, isSecondTry });
      if (error instanceof LockConflictError) {
        this.#track(this.#runAlone(error.unit));
        const rest = units.filter((each) => each !== error.unit);
        return this.#runTogether(rest, { isCareful });
      }
      if (isRepeatable(error) && !isLockTimeout(error) && !isSecondTry) {
        return this.#runTogether(units, { isCareful, isSecondTry: true });
      }
      if (isLockTimeout(error)) {
        const [late, rest] = partition(units, (each) => this.#waitedPart(each) >= latePart);
        for (const each of late) each.reject(error);
        if (late.length > 0) return this.#runTogether(rest, { isCareful });
      }
      if (postgresDialect.isDamage(error) || error instanceof MachineAwayError) {
        // Only a unit that needs the damaged page, or the machine, is refused.
        for (const each of units) await this.#runAlone(each);
        return null;
      }
      for (const each of units) each.reject(error);
      return postgresDialect.isOutage(error) ? error : null;
    }
  }

  async #runAlone(unit: Unit): Promise<unknown> {
    let isCareful = false;
    for (let attempt = 1; ; attempt++) {
      try {
        this.#settle(await this.#transaction([unit], (batch) => batch.runAlone(unit, { isCareful })));
        return null;
      } catch (error) {
        if (error instanceof OptimismFailedError && !isCareful) {
          isCareful = true;
          continue;
        }
        // A unit that has waited for a lock up to the limit does not wait once more.
        const isFinal =
          attempt === attemptsMax || isLockTimeout(error) || (isConnectionEnding(error) && attempt > 1);
        if (isFinal || !isRepeatable(error)) {
          unit.reject(error);
          return isConnectionEnding(error) ? error : null;
        }
      }
      // A random pause, so that two transactions do not meet again at the same moment.
      await sleep(retryMs * attempt * Math.random());
    }
  }

  #settle({ settlements, topics, outcomes }: Committed): void {
    for (const settle of settlements) settle();
    if (topics.size > 0) this.#options.onCommitted(topics);
    if (outcomes.length > 0) this.#options.onMessages(outcomes);
  }

  /** Runs a transaction of the units, of which the first is the oldest. */
  async #transaction(
    units: readonly [Unit, ...Unit[]],
    run: (batch: PostgresBatch) => Promise<void>,
  ): Promise<Committed> {
    const { connection, end } = await this.#connections.lease();
    const lockMs = this.#lockMsLeft(units[0]);
    const begun = connection.begin(
      units.length > 1 ? Math.min(sharedLockMs, lockMs ?? sharedLockMs) : lockMs,
    );
    begun.catch(() => {});
    const batch = new PostgresBatch(connection, this.#options, { begun, lockMs });
    let isBroken = true;
    try {
      await run(batch);
      const before = performance.now();
      await commit(connection, batch);
      isBroken = false;
      this.#options.onWritten?.(units.length, performance.now() - before);
      return batch;
    } catch (error) {
      isBroken = isConnectionEnding(error) || error instanceof UnknownOutcomeError;
      if (!isBroken) isBroken = !(await rollback(connection));
      throw error;
    } finally {
      end(isBroken);
    }
  }
}

/** Changes whose outcome is still unknown may be under way: the server commits only where all of them have succeeded. */
async function commit(connection: PostgresConnection, batch: PostgresBatch): Promise<void> {
  try {
    await connection.commit(batch);
  } catch (error) {
    const fault = await batch.findDeferredFault();
    // The server has refused a change, so it has not committed.
    if (fault !== undefined && !(fault instanceof ConnectionLostError)) throw fault;
    if (isConnectionEnding(error) || mayBeMachine(error))
      throw new UnknownOutcomeError('a commit was not answered', { cause: error });
    throw error;
  }
}

/** The items of which it is true, and the others. */
function partition<T>(items: readonly T[], isTrue: (item: T) => boolean): readonly [T[], T[]] {
  const [those, others]: [T[], T[]] = [[], []];
  for (const item of items) (isTrue(item) ? those : others).push(item);
  return [those, others];
}

/** Returns whether the connection can be used again. */
async function rollback(connection: PostgresConnection): Promise<boolean> {
  try {
    await connection.control('rollback');
    return true;
  } catch {
    return false;
  }
}
