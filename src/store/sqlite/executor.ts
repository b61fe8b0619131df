/**
 * The executors over SQLite connections: one for reads of committed data, and one for each unit that changes
 * something. Their promises are settled already when they are returned, so a unit that awaits nothing else ends
 * within one turn of the event loop.
 */
import { sqliteDialect } from '../sql/dialect.ts';
import type { Executor, InsertedRow } from '../sql/executor.ts';
import type { Statement, Values } from '../sql/statement.ts';
import type { SqliteConnection } from './connection.ts';
import { TurnMemo } from './turn-memo.ts';

/** Runs statements on one connection, in its present transaction if there is one. */
class DirectExecutor implements Executor {
  readonly isTaken = sqliteDialect.isTaken;
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return this.#connection.first(statement, values);
  }

  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#connection.rows(statement, values);
  }

  bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.rows(statement, values);
  }

  async run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number> {
    return this.#connection.run(statement, values);
  }

  async insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined> {
    return this.#connection.insert(statement, values);
  }

  async insertOptimistically<P extends Values>(
    statement: Statement<P, unknown>,
    values: P,
  ): Promise<InsertedRow | undefined> {
    const seq = this.#connection.insert(statement, values);
    return seq === undefined ? undefined : { seq };
  }

  async insertDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    this.#connection.run(statement, values);
  }

  async runDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    this.#connection.run(statement, values);
  }

  async insertAll<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]> {
    return this.#connection.insertAll(statement, rows);
  }

  firstInSavepoint<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return this.first(statement, values);
  }

  async lockName(): Promise<void> {}

  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return work(this);
  }
}

export interface ReadOptions {
  readonly reader: SqliteConnection;
  /** For `bulkRows`. */
  readonly bulkReader: SqliteConnection;
  /** The error that a caller gets for an error of the database. */
  readonly refusalOf: (error: unknown) => unknown;
}

/**
 * Reads committed data, always the newest. A snapshot is a read transaction on the same connection. A read that
 * comes while a snapshot is open waits for its end, a few statements later; otherwise it would see a former state.
 */
export class ReadExecutor implements Executor {
  readonly isTaken = sqliteDialect.isTaken;
  readonly #reader: SqliteConnection;
  readonly #bulkReader: SqliteConnection;
  readonly #view: DirectExecutor;
  readonly #refusalOf: (error: unknown) => unknown;
  readonly #memo = new TurnMemo();
  #openSnapshot: Promise<unknown> | null = null;

  constructor({ reader, bulkReader, refusalOf }: ReadOptions) {
    this.#reader = reader;
    this.#bulkReader = bulkReader;
    this.#refusalOf = refusalOf;
    this.#view = new DirectExecutor(reader);
  }

  async first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    const { memoizedBy } = statement;
    const name = memoizedBy === undefined ? undefined : `${statement.index} ${values[memoizedBy]}`;
    const known = name === undefined ? undefined : this.#memo.get<R>(name);
    if (known !== undefined) return known;
    while (this.#openSnapshot !== null) await this.#openSnapshot;
    const row = this.#ask(() => this.#reader.first(statement, values));
    if (name !== undefined && row !== undefined) this.#memo.keep(name, row);
    return row;
  }

  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    while (this.#openSnapshot !== null) await this.#openSnapshot;
    return this.#ask(() => this.#reader.rows(statement, values));
  }

  async bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#ask(() => this.#bulkReader.rows(statement, values));
  }

  run(): Promise<number> {
    return Promise.reject(new Error('a read changes nothing'));
  }

  insert(): Promise<number | undefined> {
    return Promise.reject(new Error('a read changes nothing'));
  }

  insertOptimistically(): Promise<InsertedRow | undefined> {
    return Promise.reject(new Error('a read changes nothing'));
  }

  insertDeferred(): Promise<void> {
    return Promise.reject(new Error('a read changes nothing'));
  }

  runDeferred(): Promise<void> {
    return Promise.reject(new Error('a read changes nothing'));
  }

  firstInSavepoint(): Promise<undefined> {
    return Promise.reject(new Error('a read changes nothing'));
  }

  async lockName(): Promise<void> {}

  insertAll(): Promise<(number | undefined)[]> {
    return Promise.reject(new Error('a read changes nothing'));
  }

  async snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    while (this.#openSnapshot !== null) await this.#openSnapshot;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#openSnapshot = promise;
    try {
      this.#reader.control('begin');
      try {
        return await work(this.#view);
      } finally {
        this.#reader.control('commit');
      }
    } catch (error) {
      throw this.#refusalOf(error);
    } finally {
      this.#openSnapshot = null;
      resolve();
    }
  }

  #ask<T>(statement: () => T): T {
    try {
      return statement();
    } catch (error) {
      throw this.#refusalOf(error);
    }
  }
}

/**
 * The executor of one unit of work on the writing connection. It ends with its unit: a statement that is sent
 * later, by work that was not awaited, would run in another unit's transaction and is a fault. The executor
 * remembers an outage that the unit ignored, because SQLite may have rolled back the whole transaction.
 */
export class ChangeExecutor implements Executor {
  readonly isTaken = sqliteDialect.isTaken;
  readonly #connection: SqliteConnection;
  #isOpen = true;
  #hasChanged = false;
  #outage: unknown = null;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  /** Whether the unit may have changed the transaction. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  async first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return this.#attempt(() => this.#connection.first(statement, values), isChange(statement));
  }

  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#attempt(() => this.#connection.rows(statement, values), isChange(statement));
  }

  bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.rows(statement, values);
  }

  async run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number> {
    return this.#attempt(() => this.#connection.run(statement, values));
  }

  async insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined> {
    return this.#attempt(() => this.#connection.insert(statement, values));
  }

  async insertOptimistically<P extends Values>(
    statement: Statement<P, unknown>,
    values: P,
  ): Promise<InsertedRow | undefined> {
    const seq = this.#attempt(() => this.#connection.insert(statement, values));
    return seq === undefined ? undefined : { seq };
  }

  async insertDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    this.#attempt(() => this.#connection.run(statement, values));
  }

  async runDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    this.#attempt(() => this.#connection.run(statement, values));
  }

  async insertAll<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]> {
    return this.#attempt(() => this.#connection.insertAll(statement, rows));
  }

  /** A statement that SQLite refuses leaves the transaction unchanged. */
  firstInSavepoint<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return this.first(statement, values);
  }

  /** There is one writer, so every row is locked already. */
  async lockName(): Promise<void> {}

  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return work(this);
  }

  /** Ends the executor. Throws the outage of one of its statements, if there was one. */
  close(): void {
    this.#isOpen = false;
    if (this.#outage !== null) throw this.#outage;
  }

  #attempt<T>(statement: () => T, isChange = true): T {
    if (!this.#isOpen) throw new Error('the unit of work has ended');
    if (this.#outage !== null) throw this.#outage;
    this.#hasChanged ||= isChange;
    try {
      return statement();
    } catch (error) {
      if (sqliteDialect.isOutage(error)) this.#outage = error;
      throw error;
    }
  }
}

function isChange({ node }: Pick<Statement<Values, unknown>, 'node'>): boolean {
  return node.kind !== 'SelectQueryNode';
}
