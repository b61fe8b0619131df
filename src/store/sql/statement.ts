/**
 * Statements: queries that are built once, when a module loads, compiled once for each database, and prepared once for
 * each connection. The values that differ between calls have names and are bound at run time, so a call does not build,
 * compile or parse a query. Kysely builds and types statements and never runs one.
 */
import {
  type Compilable,
  createQueryId,
  type Dialect,
  DummyDriver,
  Kysely,
  type QueryCompiler,
  type RawBuilder,
  type RootOperationNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import type { Database } from '../schema/tables.ts';

/** A value that a database accepts. Booleans are the integers 0 and 1, instants are epoch milliseconds. */
export type Value = string | number | Uint8Array | null;
export type Values = Readonly<Record<string, Value>>;

/** Names a value that is bound at run time. */
export type Binder<P extends Values> = <K extends keyof P & string>(name: K) => RawBuilder<P[K]>;

/** A query with named values `P` and rows `R`. */
export interface Statement<P extends Values, R> {
  /** Counted from 0 without gaps, so that a connection can hold its prepared statements in an array. */
  readonly index: number;
  readonly node: RootOperationNode;
  /** The name of the one value, a text. Equal reads of the same turn of the event loop are run once (`turn-memo.ts`). */
  readonly memoizedBy?: string;
  /** Locks a row that changes of several users share, so a change that is confined to one user must run in order. */
  readonly locksShared?: boolean;
  /** Lists organizations for a job to look at. Those on a machine that is away are left out (`sharding/span.ts`). */
  readonly isRound?: boolean;
  /** Never set. It only carries the types. */
  readonly types?: { readonly values: P; readonly row: R };
}

/** A statement in the SQL of one database. */
export interface CompiledStatement {
  readonly sql: string;
  /** The values in the order of the placeholders. */
  bind(values: Values): unknown[];
}

class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Only fills a form of Kysely: each statement is compiled by the compiler of the database that it runs on. */
const dialect: Dialect = {
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

/** Builds queries over the tables of the schema. */
export const build = new Kysely<Database>({ dialect });

/** Builds queries whose table and columns are known only at run time, so that their types cannot help. */
export const buildUntyped = new Kysely<Record<string, Record<string, Value>>>({ dialect });

const statements: Pick<Statement<Values, unknown>, 'index' | 'node' | 'isRound'>[] = [];

/** Every statement of the modules loaded so far, in the order in which they were built. */
export function allStatements(): readonly Pick<Statement<Values, unknown>, 'index' | 'node' | 'isRound'>[] {
  return statements;
}

/** Builds a statement. `p` names the values that each call gives. */
export function statement<P extends Values, R>(
  query: (p: Binder<P>) => Compilable<R>,
  options: Pick<Statement<P, R>, 'memoizedBy' | 'locksShared' | 'isRound'> = {},
): Statement<P, R> {
  const made = { index: statements.length, node: query(named).compile().query, ...options };
  statements.push(made);
  return made;
}

/** As `statement`, for a query in plain SQL. */
export function rawStatement<P extends Values, R>(query: (p: Binder<P>) => RawBuilder<R>): Statement<P, R> {
  return statement<P, R>((p) => ({ compile: () => query(p).compile(build) }));
}

/** Compiles a statement to the SQL of a database. */
export function compileStatement(
  { node }: Pick<Statement<Values, unknown>, 'node'>,
  compiler: QueryCompiler,
): CompiledStatement {
  const { sql: text, parameters } = compiler.compileQuery(node, createQueryId());
  const names = parameters.map((each) => (each instanceof Placeholder ? each.name : null));
  return {
    sql: text,
    bind(values) {
      const bound = new Array<unknown>(names.length);
      for (let at = 0; at < names.length; at++) {
        const name = names[at];
        bound[at] = name === null || name === undefined ? parameters[at] : values[name];
      }
      return bound;
    },
  };
}

function named<K extends string, T>(name: K): RawBuilder<T> {
  return sql<T>`${new Placeholder(name)}`;
}
