/**
 * How the units of one transaction are run, one after the other. There are three ways.
 *
 * Hopefully: new rows of all units go together, no savepoint is made, and nobody waits for what becomes of a row. A unit
 * that refuses before it has changed anything is simply left out. Whatever else goes wrong ends in a `HopeLostError`:
 * the transaction is to be rolled back and its units run carefully.
 *
 * Carefully: each unit in a savepoint, each statement waited for, so that a unit which throws is rolled back alone.
 *
 * Alone: a unit that throws takes the transaction with it.
 */
import { postgresDialect } from './dialect.ts';
import type { Topic } from './executor.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { isObstacle } from './postgres-errors.ts';
import { PostgresChangeExecutor } from './postgres-executor.ts';
import { HopeLostError, Outbox } from './postgres-outbox.ts';
import { CountLedger, type CountShape } from './user-counts.ts';

/** What a unit of work is handed. */
export interface ChangeScope {
  readonly executor: PostgresChangeExecutor;
  readonly counts: CountLedger;
  touch(topic: Topic): void;
}

export interface Unit {
  /** When it came, on the clock of `performance`. */
  readonly since: number;
  /** Runs the work; what is returned settles the caller's promise once the commit stands. */
  run(scope: ChangeScope): Promise<() => void>;
  reject(error: unknown): void;
}

/** What is to be done once the commit stands. */
export interface Committed {
  readonly settlements: readonly (() => void)[];
  readonly topics: ReadonlySet<Topic>;
}

/** One of several units met somebody in its way. */
export class ObstacleError extends Error {
  override readonly name = 'ObstacleError';
  readonly unit: Unit;

  constructor(unit: Unit, cause: unknown) {
    super('a unit met somebody in its way', { cause });
    this.unit = unit;
  }
}

/** The units of a transaction that has begun and is committed by the caller. */
export class PostgresBatch implements Committed {
  readonly settlements: (() => void)[] = [];
  readonly topics = new Set<Topic>();
  readonly #connection: PostgresConnection;
  readonly #counts: CountLedger;

  constructor(connection: PostgresConnection, shape: CountShape) {
    this.#connection = connection;
    this.#counts = new CountLedger(shape);
  }

  async runHopefully(units: readonly Unit[]): Promise<void> {
    const outbox = new Outbox(this.#connection);
    for (const unit of units) {
      const mark = this.#counts.mark();
      const executor = new PostgresChangeExecutor(this.#connection, outbox);
      try {
        await this.#run(unit, executor);
      } catch (error) {
        if (isObstacle(error)) throw new ObstacleError(unit, error);
        if (postgresDialect.isOutage(error)) throw error;
        if (executor.hasLeftTraces || error instanceof HopeLostError) throw new HopeLostError(error);
        this.#counts.rollback(mark);
        this.settlements.push(() => unit.reject(error));
      }
    }
    await outbox.settle();
    await this.#settleShared();
  }

  async runCarefully(units: readonly Unit[]): Promise<void> {
    for (const unit of units) {
      const mark = this.#counts.mark();
      // Not waited for: where it fails, so does everything after it.
      ignore(this.#connection.control('savepoint unit'));
      try {
        await this.#run(unit, new PostgresChangeExecutor(this.#connection));
      } catch (error) {
        if (isObstacle(error)) throw new ObstacleError(unit, error);
        if (postgresDialect.isOutage(error)) throw error;
        await this.#connection.control('rollback to savepoint unit');
        this.#counts.rollback(mark);
        this.settlements.push(() => unit.reject(error));
      }
      ignore(this.#connection.control('release savepoint unit'));
    }
    await this.#settleShared();
  }

  async runAlone(unit: Unit): Promise<void> {
    await this.#run(unit, new PostgresChangeExecutor(this.#connection));
    await this.#settleCounts();
  }

  async #run(unit: Unit, executor: PostgresChangeExecutor): Promise<void> {
    const touched: Topic[] = [];
    let settle: () => void;
    try {
      settle = await unit.run({ executor, counts: this.#counts, touch: (topic) => touched.push(topic) });
    } catch (error) {
      // What the server said explains what the unit made of it.
      executor.close();
      throw error;
    }
    executor.close();
    this.settlements.push(settle);
    for (const topic of touched) this.topics.add(topic);
  }

  /** Others' counts are waited for as anything is by a unit that is alone. */
  async #settleShared(): Promise<void> {
    ignore(this.#connection.waitForLocks());
    await this.#settleCounts();
  }

  async #settleCounts(): Promise<void> {
    const executor = new PostgresChangeExecutor(this.#connection);
    await this.#counts.settle(executor);
    executor.close();
  }
}

function ignore(sent: Promise<void>): void {
  sent.catch(() => {});
}
