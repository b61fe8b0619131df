/**
 * Every difference between the databases that Roster runs on, and nothing more: how a query is spelled, the
 * words of the schema for which there is no common one, and what the database's own errors mean. Stores and
 * migrations ask this file and know no database by name.
 */
import {
  PostgresQueryCompiler,
  type QueryCompiler,
  type SelectModifierNode,
  type SelectQueryNode,
  SqliteQueryCompiler,
} from 'kysely';

export interface Dialect {
  readonly compiler: QueryCompiler;
  readonly types: {
    /** Integers of up to 53 bits: instants, public numbers, counters. */
    readonly integer: string;
    /** The integers 0 and 1. */
    readonly flag: string;
    /** Compared byte by byte, so that no update of a system's locales can disorder an index. */
    readonly text: string;
    /** Up to a few kilobytes, kept with their row as they are. */
    readonly bytes: string;
  };
  /** The definition of a column that numbers the rows in their order of creation and is never used again. */
  readonly sequence: string;
  /**
   * The definition of a column that repeats the sequence, for indexes and the tuples that are compared along them:
   * SQLite follows an index by any column of such a tuple but the row's own number.
   */
  readonly sequenceCopy: string;
  /** The kind of the first unique key of a table with a sequence, where the sequence itself may be the primary key. */
  readonly rowKey: string;
  /** What follows the columns of a table whose rows are found by several keys, or are large. */
  readonly rowTable: string;
  /** What follows the columns of a table with small rows that live in their primary key. */
  readonly keyTable: string;
  /** What follows the columns of a table with few rows that are written all the time. */
  readonly busyTable: string;
  /** What a statement that adds a row ends with, where that is how the database tells the row's number. */
  readonly returningSequence: string;
  /** Whether the error says that a unique key with that column is taken. */
  isTaken(error: unknown, table: string, column: string): boolean;
  /** Whether the error says that the database is away, full or locked, not that the statement is wrong. */
  isOutage(error: unknown): boolean;
}

/** SQLite has one writer at a time: a row needs no lock of its own, and there is no word for it. */
class SqliteCompiler extends SqliteQueryCompiler {
  protected override visitSelectQuery(node: SelectQueryNode): void {
    const endModifiers = node.endModifiers?.filter((modifier) => !isRowLock(modifier)) ?? [];
    super.visitSelectQuery({ ...node, endModifiers });
  }

  /**
   * A bare placeholder in a limit, or compared with a column that an index leaves over, has SQLite plan and compile
   * the statement anew for each run, in case its value led to a better plan. Behind a sign it is any expression.
   */
  protected override getCurrentParameterPlaceholder(): string {
    return '+?';
  }
}

function isRowLock(modifier: SelectModifierNode): boolean {
  const { modifier: name } = modifier;
  return name === 'ForUpdate' || name === 'ForNoKeyUpdate' || name === 'SkipLocked';
}

const sqliteOutages =
  /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL|CORRUPT|NOTADB|INTERRUPT|SCHEMA)/;

export const sqliteDialect: Dialect = {
  compiler: new SqliteCompiler(),
  types: { integer: 'integer', flag: 'integer', text: 'text', bytes: 'blob' },
  sequence: 'integer primary key autoincrement',
  sequenceCopy: 'integer generated always as (seq) virtual',
  rowKey: 'unique',
  rowTable: 'strict',
  keyTable: 'strict, without rowid',
  busyTable: 'strict',
  returningSequence: '',
  isTaken(error, table, column) {
    return (
      codeOf(error).startsWith('SQLITE_CONSTRAINT') &&
      error instanceof Error &&
      error.message.startsWith('UNIQUE') &&
      // The message ends with the columns of the key: `users.org_key, users.email_canonical`.
      new RegExp(`\\b${table}\\.${column}\\b`).test(error.message)
    );
  },
  isOutage: (error) => sqliteOutages.test(codeOf(error)),
};

/** Whether the error of SQLite says that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY');
}

/**
 * By class: the connection failed, resources have run out, an operator or a time limit intervened, the system
 * under the database failed. By code: a lock or a slot was not to be had in time, a transaction lost against others
 * each time it was tried, the database is a standby that takes no changes, or the account's password has changed.
 */
const postgresOutages = /^(08|53|57|58|F0|XX)|^(55P03|40001|40P01|25006|28P01|28000|3D000)$/;

/** Values come from the columns of a table `x` beside the statement, for many at a time. */
class LateralCompiler extends PostgresQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return `x.v${this.numParameters}`;
  }
}

export const postgresDialect: Dialect & { readonly lateralCompiler: QueryCompiler } = {
  compiler: new PostgresQueryCompiler(),
  lateralCompiler: new LateralCompiler(),
  types: {
    integer: 'bigint',
    flag: 'smallint',
    text: 'text collate "C"',
    bytes: 'bytea storage plain',
  },
  // A database that is spread over machines gives no order of creation across organizations, and none is needed.
  sequence: 'bigint generated by default as identity',
  sequenceCopy: 'bigint generated always as (seq) stored',
  rowKey: 'primary key',
  rowTable: '',
  keyTable: '',
  // Room on each page for the next version of its row, which then moves no index.
  busyTable: 'with (fillfactor = 40)',
  returningSequence: ' returning seq',
  isTaken(error, table, column) {
    // Spread tables add a number to the names of their keys.
    const key = `${table}_${column}`;
    return codeOf(error) === '23505' && new RegExp(`^${key}(_\\d+)?$`).test(constraintOf(error));
  },
  isOutage: (error) => postgresOutages.test(codeOf(error)),
};

function constraintOf(error: unknown): string {
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : '';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
