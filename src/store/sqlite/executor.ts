/**
 * The executors over SQLite connections: one for reads of committed data, and one for each unit of work that
 * changes something. They answer with promises that are settled already, so that whoever waits for nothing but
 * statements is done before any other event of the process is looked at.
 */
import { sqliteDialect } from '../sql/dialect.ts';
import type { Executor, InsertedRow } from '../sql/executor.ts';
import type { Statement, Values } from '../sql/statement.ts';
import type { SqliteConnection } from './connection.ts';
import { TurnMemo } from './turn-memo.ts';

/** Runs statements on one connection, in whatever transaction that is. */
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

  scan<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
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
  /** Reads whole tables. */
  readonly scanner: SqliteConnection;
  /** What whoever asked is told of an error of the database. */
  readonly refusalOf: (error: unknown) => unknown;
}

/**
 * Reads committed data, always the newest. A snapshot is a read transaction on the same connection; a read that
 * comes while one is open waits for its end, a few statements away, or it would be shown the past.
 */
export class ReadExecutor implements Executor {
  readonly isTaken = sqliteDialect.isTaken;
  readonly #reader: SqliteConnection;
  readonly #scanner: SqliteConnection;
  readonly #view: DirectExecutor;
  readonly #refusalOf: (error: unknown) => unknown;
  readonly #memo = new TurnMemo();
  #openSnapshot: Promise<unknown> | null = null;

  constructor({ reader, scanner, refusalOf }: ReadOptions) {
    this.#reader = reader;
    this.#scanner = scanner;
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

  async scan<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#ask(() => this.#scanner.rows(statement, values));
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
 * later, by work that was not awaited, would land in another unit's transaction and is a fault. An outage that
 * the unit swallowed is remembered, for SQLite may have rolled back everything on its own.
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

  /** Whether the transaction may be another than without the unit. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  async first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return this.#attempt(() => this.#connection.first(statement, values), isChange(statement));
  }

  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.#attempt(() => this.#connection.rows(statement, values), isChange(statement));
  }

  scan<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
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

  async insertAll<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]> {
    return this.#attempt(() => this.#connection.insertAll(statement, rows));
  }

  /** A statement that SQLite refuses leaves the transaction as it was. */
  firstInSavepoint<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return this.first(statement, values);
  }

  /** There is one writer: everything is held already. */
  async lockName(): Promise<void> {}

  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return work(this);
  }

  /** Ends the executor. Throws the outage that one of its statements met. */
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
