/**
 * The port between the stores and a database: it runs statements. All methods are asynchronous, so that a database
 * behind a network fits. A store must not rely on an answer before it has awaited it.
 */
import type { Statement, Values } from './statement.ts';

export interface Executor {
  /** Returns the first row, or undefined if there is none. */
  first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined>;
  /** Returns all rows. */
  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]>;
  /** As `rows`, for a read of a whole table. It must not push the database pages of other readers out of memory. */
  bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]>;
  /** Runs a change and returns how many rows it changed. */
  run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number>;
  /**
   * Inserts a row and returns its number: its `seq`, or 0 in a table without one. Returns undefined if a conflict
   * kept the row out. The statement itself has no `returning`, with which SQLite keeps an undo log for the statement.
   */
  insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined>;
  /**
   * As `insert`, for a row that rarely conflicts. The number may be resolved later. If the insert turns out to have
   * conflicted, the whole transaction is retried without this optimisation, and undefined is returned then.
   */
  insertOptimistically<P extends Values>(
    statement: Statement<P, unknown>,
    values: P,
  ): Promise<InsertedRow | undefined>;
  /** Inserts a row at some time before the commit. The unit gets no result; if the insert fails, the unit fails. */
  insertDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void>;
  /**
   * Runs a change whose outcome the unit does not need, before the statements that follow it. It may still be under way when the
   * promise resolves. If the change fails, the unit fails.
   */
  runDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void>;
  /** As `insert`, for many rows in their order. Returns the number of each. */
  insertAll<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]>;
  /**
   * As `first`, for a change that a unique key may refuse. If the change fails, only its own effect is rolled back, and
   * the unit can go on.
   */
  firstInSavepoint<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined>;
  /**
   * Waits until no other unit holds a lock on the name, and locks it until the transaction ends. For a unit that looks
   * for rows first and writes afterwards, where there may be no row yet that it could lock.
   */
  lockName(name: string): Promise<void>;
  /** Runs reads that all see the same state. `work` may wait only for `view`. */
  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T>;
  /** Whether the error says that the unique key of the table on that column is taken. */
  isTaken(error: unknown, table: string, column: string): boolean;
}

/** A row that is inserted, or will be before the commit. */
export interface InsertedRow {
  /** The number of the row, or a function that waits for it. */
  readonly seq: number | (() => Promise<number>);
}
