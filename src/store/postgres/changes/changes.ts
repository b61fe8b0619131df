/**
 * Changes on PostgreSQL. Those of one organization run one after the other in this process, those of different ones
 * beside each other. What has queued while a transaction ran shares the next (`batch.ts` says how): one
 * commit for all, and the counts of the organization, which every creation touches, held once and last.
 *
 * Other processes do the same. A unit that shares a transaction waits for a row only briefly: where somebody else
 * holds it, the unit goes on beside the others, alone. Where two wait for each other the server ends one transaction,
 * which is run anew. So a unit may run several times for one outcome, and nothing of a run that did not commit
 * remains. A commit whose answer was lost is not repeated: whether it happened is not known, and the caller is refused.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../../../core/errors.ts';
import type { Topic } from '../../../core/topic.ts';
import type { ChangeOptions } from '../../../core/unit-of-work.ts';
import type { CountShape } from '../../counts/count-change.ts';
import { postgresDialect } from '../../sql/dialect.ts';
import type { PostgresConnection } from '../connection.ts';
import { isConnectionEnding, isLockTimeout, isRepeatable, UnknownOutcomeError } from '../errors.ts';
import type { ConnectionSet } from '../pool.ts';
import { type ChangeScope, type Committed, ObstacleError, PostgresBatch, type Unit } from './batch.ts';
import { HopeLostError } from './outbox.ts';

export interface PostgresChangesOptions {
  /** Most units that share a commit. */
  readonly batchMax: number;
  /** Most units that wait; above it changes are refused at once. */
  readonly queueMax: number;
  /** Longest that a unit waits for its turn, in milliseconds; then it is refused. */
  readonly waitMaxMs: number;
  readonly countShape: CountShape;
  /** Told after each commit how many changes shared it, and how long the commit itself took. */
  readonly onWritten?: (changes: number, ms: number) => void;
  /** Told after each commit which topics were written. */
  readonly onCommitted: (topics: ReadonlySet<Topic>) => void;
}

const attemptsMax = 5;
const retryMs = 20;
/** How long units that share a transaction wait for a row: all of them wait for what one of them needs. */
const sharedLockMs = 100;

export class PostgresChanges {
  readonly #connections: ConnectionSet;
  readonly #options: PostgresChangesOptions;
  /** The units that wait, by what they are serialized on. */
  readonly #lanes = new Map<number | string, Unit[]>();
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

  /** Runs `work` in a durable transaction, after what came before it in the same lane. */
  change<T>(
    lane: number | string,
    work: (scope: ChangeScope) => Promise<T>,
    { isApart = false }: ChangeOptions = {},
  ): Promise<T> {
    if (this.#isClosed || this.#waiting >= this.#options.queueMax) {
      return Promise.reject(refuse('unavailable', { retryAfterSeconds: 1 }));
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const unit: Unit = {
      since: performance.now(),
      isApart,
      async run(scope) {
        const result = await work(scope);
        return () => resolve(result);
      },
      reject,
    };
    this.#waiting++;
    const queue = this.#lanes.get(lane);
    if (queue === undefined) this.#open(lane, unit);
    else queue.push(unit);
    return promise;
  }

  /** Takes no more changes, and waits for those that were taken. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #open(lane: number | string, unit: Unit): void {
    const queue = [unit];
    this.#lanes.set(lane, queue);
    this.#track(this.#drain(lane, queue));
  }

  #track(work: Promise<unknown>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #drain(lane: number | string, queue: Unit[]): Promise<void> {
    do {
      // Whatever the event loop has ready by now joins the transaction.
      await new Promise((resolve) => setImmediate(resolve));
      const units = queue.splice(0, this.#options.batchMax);
      const outage = await this.#runTogether(units.filter((unit) => !this.#isLate(unit)));
      this.#waiting -= units.length;
      if (outage !== null) this.#refuseAll(queue, outage);
    } while (queue.length > 0);
    this.#lanes.delete(lane);
  }

  /** Refuses a unit whose turn has come too late. */
  #isLate(unit: Unit): boolean {
    const isLate = performance.now() - unit.since > this.#options.waitMaxMs;
    if (isLate) unit.reject(refuse('unavailable', { retryAfterSeconds: 1 }));
    return isLate;
  }

  /** Those who have waited for a database that is away need not find that out for themselves. */
  #refuseAll(queue: Unit[], outage: unknown): void {
    for (const unit of queue.splice(0)) {
      this.#waiting--;
      unit.reject(outage);
    }
  }

  /**
   * Runs units in one transaction; gives the outage that ended it, if one did. A unit that met somebody in its way
   * leaves, to go on beside the lane, and the others run anew without it.
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
        await this.#transaction(units.length, (batch) =>
          isCareful ? batch.runCarefully(units) : batch.runHopefully(units),
        ),
      );
      return null;
    } catch (error) {
      if (error instanceof HopeLostError) return this.#runTogether(units, { isCareful: true, isSecondTry });
      if (error instanceof ObstacleError) {
        this.#track(this.#runAlone(error.unit));
        const rest = units.filter((each) => each !== error.unit);
        return this.#runTogether(rest, { isCareful });
      }
      if (isRepeatable(error) && !isLockTimeout(error) && !isSecondTry) {
        return this.#runTogether(units, { isCareful, isSecondTry: true });
      }
      for (const each of units) each.reject(error);
      return postgresDialect.isOutage(error) ? error : null;
    }
  }

  async #runAlone(unit: Unit): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#settle(await this.#transaction(1, (batch) => batch.runAlone(unit)));
        return null;
      } catch (error) {
        // Whoever has waited as long as anybody may has waited enough.
        const isFinal =
          attempt === attemptsMax || isLockTimeout(error) || (isConnectionEnding(error) && attempt > 1);
        if (isFinal || !isRepeatable(error)) {
          unit.reject(error);
          return isConnectionEnding(error) ? error : null;
        }
      }
      // Whoever it was that we met is not met again at the same moment.
      await sleep(retryMs * attempt * Math.random());
    }
  }

  #settle({ settlements, topics }: Committed): void {
    for (const settle of settlements) settle();
    if (topics.size > 0) this.#options.onCommitted(topics);
  }

  /** Runs one transaction of so many units. */
  async #transaction(units: number, run: (batch: PostgresBatch) => Promise<void>): Promise<Committed> {
    const { connection, end } = await this.#connections.lease();
    const batch = new PostgresBatch(connection, this.#options.countShape);
    let isBroken = true;
    try {
      await connection.begin(units > 1 ? sharedLockMs : undefined);
      await run(batch);
      const before = performance.now();
      await commit(connection);
      isBroken = false;
      this.#options.onWritten?.(units, performance.now() - before);
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

async function commit(connection: PostgresConnection): Promise<void> {
  try {
    await connection.commit();
  } catch (error) {
    if (isConnectionEnding(error))
      throw new UnknownOutcomeError('a commit was not answered', { cause: error });
    throw error;
  }
}

/** Whether the connection is as good as new. */
async function rollback(connection: PostgresConnection): Promise<boolean> {
  try {
    await connection.control('rollback');
    return true;
  } catch {
    return false;
  }
}
