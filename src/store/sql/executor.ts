/**
 * The port between the stores and a database: what runs a statement. Its signatures are asynchronous, so that a
 * database behind a network fits; nothing in a store may count on an answer being there at once.
 */
import type { Statement, Values } from './statement.ts';

export interface Executor {
  /** The first row, or undefined. */
  first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined>;
  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]>;
  /** As `rows`, for a reader that walks a whole table and must not push others' pages out of memory. */
  scan<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]>;
  /**
   * Adds a row to a table with a sequence and gives its number; undefined where a conflict kept it out. The
   * statement itself returns nothing: a `returning` makes SQLite keep an undo log of its own for the statement.
   */
  insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined>;
  /**
   * As `insert`, where the row is nearly always taken: its number may come later. A unit that was hopeful in vain is run
   * anew, and told at once.
   */
  place<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<Placed | undefined>;
  /** Adds a row that the unit asks nothing about; where that fails, so does the unit. */
  post<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void>;
  /** As `insert`, for many rows in their order: the number of each. */
  insertAll<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]>;
  /** As `first`, for a change that a unique key may refuse: the transaction stays usable where it throws. */
  attempt<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined>;
  /**
   * Holds a name against every other transaction that asks for it, until this one ends: for what is looked for
   * first and written after, where there may be no row yet that could be held.
   */
  hold(name: string): Promise<void>;
  /** How many rows were changed. */
  run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number>;
  /** Runs reads that all see one and the same state. `work` may wait for nothing but `view`. */
  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T>;
  /** Whether the error says that a unique key of the table with that column is taken. */
  isTaken(error: unknown, table: string, column: string): boolean;
}

/** A row that is there, or on its way. */
export interface Placed {
  /** Its number, or what finds it out. */
  readonly seq: number | (() => Promise<number>);
}
