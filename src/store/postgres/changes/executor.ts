/**
 * The executors over PostgreSQL: one for reads of committed data, each of which sees the newest, and one for each
 * unit of work in a transaction.
 */
import { postgresDialect } from '../../sql/dialect.ts';
import type { Executor, Placed } from '../../sql/executor.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import type { PostgresConnection } from '../connection.ts';
import type { PostgresPool } from '../pool.ts';
import type { ReadRounds } from '../reads/rounds.ts';
import { SharedSnapshots } from '../reads/snapshots.ts';
import { isRead } from '../statements.ts';
import type { Outbox } from './outbox.ts';

/** What reads have in common: they change nothing, and hold nothing. */
abstract class ReadOnlyExecutor implements Executor {
  readonly isTaken = postgresDialect.isTaken;

  abstract rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]>;
  abstract scan<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]>;
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

  place(): Promise<Placed | undefined> {
    return refuseChange();
  }

  post(): Promise<void> {
    return refuseChange();
  }

  insertAll(): Promise<(number | undefined)[]> {
    return refuseChange();
  }

  attempt(): Promise<undefined> {
    return refuseChange();
  }

  async hold(): Promise<void> {}
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

  /** On a connection of its own: many rows would hold up the reads behind them. */
  scan<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#pool.reads.use((connection) => connection.rows(statement, values));
  }

  /** Together with others who ask for one: for work that is short. */
  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return this.#snapshots.take((rounds) => work(new SnapshotExecutor(rounds)));
  }

  /** As `snapshot`, for work that takes long. */
  longSnapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return this.#snapshots.takeAlone((rounds) => work(new SnapshotExecutor(rounds)));
  }
}

class SnapshotExecutor extends ReadOnlyExecutor {
  readonly #rounds: ReadRounds;

  constructor(rounds: ReadRounds) {
    super();
    this.#rounds = rounds;
  }

  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#rounds.rows(statement, values);
  }

  scan<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.rows(statement, values);
  }

  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return work(this);
  }
}

function refuseChange(): Promise<never> {
  return Promise.reject(new Error('a read changes nothing'));
}

/**
 * Runs statements in the transaction of one unit of work, and ends with it. PostgreSQL takes nothing more in a
 * transaction after an error, so an error that the unit swallowed is remembered: the unit cannot end well.
 *
 * With an outbox new rows go through it, and nothing says what becomes of them before the outbox does. With rounds
 * reads and locks go through these, together with those of others in the same transaction.
 */
export class PostgresChangeExecutor implements Executor {
  readonly isTaken = postgresDialect.isTaken;
  readonly #connection: PostgresConnection;
  readonly #outbox: Outbox | null;
  readonly #rounds: ReadRounds | null;
  #isOpen = true;
  #hasChanged = false;
  #fault: unknown = null;

  constructor(
    connection: PostgresConnection,
    {
      outbox = null,
      rounds = null,
    }: { readonly outbox?: Outbox | null; readonly rounds?: ReadRounds | null } = {},
  ) {
    this.#connection = connection;
    this.#outbox = outbox;
    this.#rounds = rounds;
  }

  /** Whether the transaction is another than without the unit, or can no longer be used. */
  get hasLeftTraces(): boolean {
    return this.#hasChanged || this.#fault !== null;
  }

  async first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return (await this.rows(statement, values))[0];
  }

  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    const isChange = !isRead(statement);
    const through = isChange || this.#rounds === null ? this.#connection : this.#rounds;
    return this.#send(() => through.rows(statement, values), isChange);
  }

  scan<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.rows(statement, values);
  }

  run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number> {
    return this.#send(() => this.#connection.run(statement, values));
  }

  insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined> {
    return this.#send(() => this.#connection.insert(statement, values));
  }

  async place<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<Placed | undefined> {
    if (this.#outbox !== null) return { seq: this.#add(this.#outbox, statement, values) };
    const seq = await this.insert(statement, values);
    return seq === undefined ? undefined : { seq };
  }

  async post<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    if (this.#outbox !== null) this.#add(this.#outbox, statement, values);
    else await this.insert(statement, values);
  }

  /** All rows are on their way before the first is answered. */
  insertAll<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]> {
    return Promise.all(rows.map((values) => this.insert(statement, values)));
  }

  async attempt<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    await this.#send(() => this.#connection.control('savepoint attempt'));
    try {
      const [row] = await this.#connection.rows(statement, values);
      await this.#send(() => this.#connection.control('release savepoint attempt'));
      return row;
    } catch (error) {
      await this.#send(() =>
        this.#connection.control('rollback to savepoint attempt; release savepoint attempt'),
      );
      throw error;
    }
  }

  hold(name: string): Promise<void> {
    return this.#send(() => this.#connection.hold(name));
  }

  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return work(this);
  }

  /** Ends the executor. Throws the error that one of its statements met. */
  close(): void {
    this.#isOpen = false;
    if (this.#fault !== null) throw this.#fault;
  }

  #add<P extends Values>(outbox: Outbox, statement: Statement<P, unknown>, values: P): () => Promise<number> {
    this.#assertOpen();
    this.#hasChanged = true;
    return outbox.add(this, statement, values);
  }

  async #send<T>(statement: () => Promise<T>, isChange = true): Promise<T> {
    this.#assertOpen();
    this.#hasChanged ||= isChange;
    this.#outbox?.flush();
    try {
      return await statement();
    } catch (error) {
      this.#fault ??= error;
      throw error;
    }
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new Error('the unit of work has ended');
    if (this.#fault !== null) throw this.#fault;
  }
}
