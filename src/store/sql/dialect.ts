/**
 * The differences between the databases that Roster runs on: how a query is spelled, the words of the schema that are
 * not common to both, and what the errors of the database mean. Stores and migrations use this file and know no database
 * by name.
 */
import {
  PostgresQueryCompiler,
  type QueryCompiler,
  type SelectModifierNode,
  type SelectQueryNode,
  SqliteQueryCompiler,
} from 'kysely';
import { errorCodeOf } from '../../core/error-code.ts';

export interface Dialect {
  readonly compiler: QueryCompiler;
  readonly types: {
    /** Integers of up to 53 bits: instants, public numbers, counters. */
    readonly integer: string;
    /** The integers 0 and 1. */
    readonly flag: string;
    /** Compared byte by byte, so that an update of the system's locales cannot change the order of an index. */
    readonly text: string;
    /** Up to a few kilobytes, stored in their row and not compressed. */
    readonly bytes: string;
  };
  /** The definition of a column that numbers the rows in their order of creation. No number is used twice. */
  readonly sequence: string;
  /**
   * The definition of a column that repeats the sequence, for indexes and for tuples that are compared along an index.
   * SQLite does not use the index for a tuple with the rowid itself.
   */
  readonly sequenceCopy: string;
  /** The kind of the first unique key of a table with a sequence. In SQLite the sequence is the primary key. */
  readonly rowKey: string;
  /** The options of a table whose rows are found by several keys, or are large. */
  readonly rowTable: string;
  /** The options of a table with small rows that are stored in the primary key. */
  readonly keyTable: string;
  /** The options of a table with few rows that are written very often. */
  readonly busyTable: string;
  /** The statement that lets an existing column be null; null where the table must be written again. */
  readonly allowNull: ((table: string, column: string) => string) | null;
  /** The statement that ends the reference of these columns to another table; null where the table must be written again. */
  readonly dropReference: ((table: string, columns: readonly string[]) => string) | null;
  /** The end of an insert, where the database returns the number of the row in this way. */
  readonly returningSequence: string;
  /** Whether the error says that a unique key of the table with that column is taken. */
  isTaken(error: unknown, table: string, column: string): boolean;
  /** Whether the database is away, full or locked, and the statement itself is not wrong. */
  isOutage(error: unknown): boolean;
  /** Whether an outage lasts: the file has contents that no database has, or the disk does not give them. */
  isDamage(error: unknown): boolean;
}

/** SQLite has one writer at a time, so it has no row locks and no syntax for them. */
class SqliteCompiler extends SqliteQueryCompiler {
  protected override visitSelectQuery(node: SelectQueryNode): void {
    const endModifiers = node.endModifiers?.filter((modifier) => !isRowLock(modifier)) ?? [];
    super.visitSelectQuery({ ...node, endModifiers });
  }

  /**
   * Where a bare placeholder is in a limit, or is compared with a column that the index does not cover, SQLite compiles
   * the statement again for each run, because its value might lead to a better plan. With a sign it is an expression like
   * any other, and SQLite does not.
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

const sqliteDamage = /^SQLITE_(CORRUPT|NOTADB$|IOERR_(READ|SHORT_READ|CORRUPTFS|DATA)$)/;

export const sqliteDialect: Dialect = {
  compiler: new SqliteCompiler(),
  types: { integer: 'integer', flag: 'integer', text: 'text', bytes: 'blob' },
  sequence: 'integer primary key autoincrement',
  sequenceCopy: 'integer generated always as (seq) virtual',
  rowKey: 'unique',
  rowTable: 'strict',
  keyTable: 'strict, without rowid',
  busyTable: 'strict',
  allowNull: null,
  dropReference: null,
  returningSequence: '',
  isTaken(error, table, column) {
    return (
      errorCodeOf(error).startsWith('SQLITE_CONSTRAINT') &&
      error instanceof Error &&
      error.message.startsWith('UNIQUE') &&
      // The message ends with the columns of the key: `users.org_key, users.email_canonical`.
      new RegExp(`\\b${table}\\.${column}\\b`).test(error.message)
    );
  },
  isOutage: (error) => sqliteOutages.test(errorCodeOf(error)),
  isDamage: (error) => sqliteDamage.test(errorCodeOf(error)),
};

/** Whether the error of SQLite says that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return errorCodeOf(error).startsWith('SQLITE_BUSY');
}

/**
 * Classes: the connection failed, resources have run out, an operator or a time limit intervened, the system under the
 * database failed. Codes: a lock was not available in time, a transaction lost against others in each retry or was idle or
 * open for longer than a limit allows, the database is a standby that accepts no changes, a pooler does not keep statements
 * any more, the password of the account has changed, or the database does not exist.
 */
const postgresOutages =
  /^(08|53|57|58|F0|XX)|^(55P03|40001|40P01|25P03|25P04|25006|26000|42P05|28P01|28000|3D000)$/;

/** Takes the values from the columns of a table `x` that the statement is joined to, for many sets of values together. */
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
  // A database on several machines has no order of creation across organizations, and Roster needs none.
  sequence: 'bigint generated by default as identity',
  sequenceCopy: 'bigint generated always as (seq) stored',
  rowKey: 'primary key',
  rowTable: '',
  keyTable: '',
  // Leaves space on each database page for the next version of a row, so that no index must change.
  busyTable: 'with (fillfactor = 40)',
  allowNull: (table, column) => `alter table ${table} alter column ${column} drop not null`,
  dropReference: (table, columns) =>
    `alter table ${table} drop constraint ${[table, ...columns, 'fkey'].join('_')}`,
  returningSequence: ' returning seq',
  isTaken(error, table, column) {
    // Tables on several machines add a number to the names of their keys.
    const key = `${table}_${column}`;
    return errorCodeOf(error) === '23505' && new RegExp(`^${key}(_\\d+)?$`).test(constraintOf(error));
  },
  isOutage: (error) => postgresOutages.test(errorCodeOf(error)),
  // A page of a table, or of an index, cannot be read.
  isDamage: (error) => /^XX00[12]$/.test(errorCodeOf(error)),
};

/** The name of the constraint; from the message where another machine passes the error on without the field. */
function constraintOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('constraint' in error && typeof error.constraint === 'string') return error.constraint;
  return /"([^"]+)"/.exec(error.message)?.[1] ?? '';
}
