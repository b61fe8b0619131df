/**
 * How the units of one transaction are run, one after the other. There are three ways.
 *
 * Hopefully: new rows of all units go together, no savepoint is made, and nobody waits for what becomes of a row. A unit
 * that refuses before it has changed anything is simply left out. Whatever else goes wrong ends in a `HopeLostError`:
 * the transaction is to be rolled back and its units run carefully.
 *
 * Units that say they are apart from others take their steps by turns, each step of all of them in one round. What goes
 * wrong among them is looked into carefully.
 *
 * Carefully: each unit in a savepoint, each statement waited for, so that a unit which throws is rolled back alone.
 *
 * Alone: a unit that throws takes the transaction with it.
 */

import type { Topic } from '../../../core/topic.ts';
import type { CountShape } from '../../counts/count-change.ts';
import { CountLedger } from '../../counts/user-counts.ts';
import { postgresDialect } from '../../sql/dialect.ts';
import type { PostgresConnection } from '../connection.ts';
import { isObstacle } from '../errors.ts';
import { ReadRounds } from '../reads/rounds.ts';
import { PostgresChangeExecutor } from './executor.ts';
import { HopeLostError, Outbox } from './outbox.ts';

/** What a unit of work is handed. */
export interface ChangeScope {
  readonly executor: PostgresChangeExecutor;
  readonly counts: CountLedger;
  touch(topic: Topic): void;
}

export interface Unit {
  /** When it came, on the clock of `performance`. */
  readonly since: number;
  /** Nothing that it looks at or changes is another's. */
  readonly isApart: boolean;
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
    for (let at = 0; at < units.length; ) {
      const end = units.findIndex(({ isApart }, place) => place >= at && !isApart);
      const apart = units.slice(at, end === -1 ? undefined : end);
      if (apart.length > 1) {
        await this.#runByTurns(apart, outbox);
        at += apart.length;
        continue;
      }
      const unit = units[at++];
      if (unit !== undefined)
        await this.#runHoping(unit, new PostgresChangeExecutor(this.#connection, { outbox }));
    }
    await outbox.settle();
    await this.#settleShared();
  }

  /** All of them come to their end before any failure is told, for they use the one connection. */
  async #runByTurns(units: readonly Unit[], outbox: Outbox): Promise<void> {
    const rounds = new ReadRounds(this.#connection);
    const runs = units.map((unit) =>
      this.#runHoping(unit, new PostgresChangeExecutor(this.#connection, { outbox, rounds })),
    );
    for (const run of await Promise.allSettled(runs)) {
      if (run.status === 'fulfilled') continue;
      // Who it was that met an obstacle in a round of all is not known.
      throw run.reason instanceof ObstacleError ? new HopeLostError(run.reason) : run.reason;
    }
  }

  /** A unit that refuses before it has left a trace, in the counts too, is left out. */
  async #runHoping(unit: Unit, executor: PostgresChangeExecutor): Promise<void> {
    try {
      await this.#run(unit, executor);
    } catch (error) {
      if (isObstacle(error)) throw new ObstacleError(unit, error);
      if (postgresDialect.isOutage(error)) throw error;
      if (executor.hasLeftTraces || error instanceof HopeLostError) throw new HopeLostError(error);
      this.settlements.push(() => unit.reject(error));
    }
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
    const rounds = unit.isApart ? new ReadRounds(this.#connection) : null;
    await this.#run(unit, new PostgresChangeExecutor(this.#connection, { rounds }));
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
