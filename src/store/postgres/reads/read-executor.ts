/** The executors that only read: committed data, of which each read sees the newest, or one state for several reads. */
import { postgresDialect } from '../../sql/dialect.ts';
import type { Executor, InsertedRow } from '../../sql/executor.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import type { PostgresPool } from '../pool.ts';
import type { ReadRounds } from './rounds.ts';
import { SharedSnapshots } from './snapshots.ts';

/** Refuses changes, and takes no locks. */
abstract class ReadOnlyExecutor implements Executor {
  readonly isTaken = postgresDialect.isTaken;

  abstract rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]>;
  abstract bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]>;
  abstract snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T>;

  async first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return (await this.rows(statement, values))[0];
  }

  run(): Promise<number> {
    return refuseChange();
  }

  insert(): Promise<number | undefined> {
    return refuseChange();
  }

  insertOptimistically(): Promise<InsertedRow | undefined> {
    return refuseChange();
  }

  insertDeferred(): Promise<void> {
    return refuseChange();
  }

  runDeferred(): Promise<void> {
    return refuseChange();
  }

  insertAll(): Promise<(number | undefined)[]> {
    return refuseChange();
  }

  firstInSavepoint(): Promise<undefined> {
    return refuseChange();
  }

  async lockName(): Promise<void> {}
}

export class PostgresReadExecutor extends ReadOnlyExecutor {
  readonly #pool: PostgresPool;
  readonly #snapshots: SharedSnapshots;

  constructor(pool: PostgresPool) {
    super();
    this.#pool = pool;
    this.#snapshots = new SharedSnapshots(pool.reads);
  }

  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#pool.read(statement, values);
  }

  /** Uses a connection of its own: many rows would delay the reads behind them. */
  bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#pool.reads.use((connection) => connection.rows(statement, values));
  }

  /** Shares a transaction with other callers. The work must be short. */
  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return this.#snapshots.take((rounds) => work(new SnapshotExecutor(rounds)));
  }

  /** As `snapshot`, for long work. */
  longSnapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return this.#snapshots.takeAlone((rounds) => work(new SnapshotExecutor(rounds)));
  }
}

export class SnapshotExecutor extends ReadOnlyExecutor {
  readonly #rounds: ReadRounds;

  constructor(rounds: ReadRounds) {
    super();
    this.#rounds = rounds;
  }

  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#rounds.rows(statement, values);
  }

  bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.rows(statement, values);
  }

  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return work(this);
  }
}

function refuseChange(): Promise<never> {
  return Promise.reject(new Error('a read changes nothing'));
}
