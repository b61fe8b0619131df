/**
 * Every difference between the databases that Roster runs on, and nothing more: how a query is spelled, the
 * words of the schema for which there is no common one, and what the database's own errors mean. Stores and
 * migrations ask this file and know no database by name.
 */
import {
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
    readonly bytes: string;
  };
  /** The definition of a column that numbers the rows in their order of creation and is never used again. */
  readonly sequence: string;
  /** What follows the columns of a table whose rows are found by several keys, or are large. */
  readonly rowTable: string;
  /** What follows the columns of a table with small rows that live in their primary key. */
  readonly keyTable: string;
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
}

function isRowLock(modifier: SelectModifierNode): boolean {
  return modifier.modifier === 'ForUpdate' || modifier.modifier === 'SkipLocked';
}

const sqliteOutages =
  /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL|CORRUPT|NOTADB|INTERRUPT|SCHEMA)/;

export const sqliteDialect: Dialect = {
  compiler: new SqliteCompiler(),
  types: { integer: 'integer', bytes: 'blob' },
  sequence: 'integer primary key autoincrement',
  rowTable: 'strict',
  keyTable: 'strict, without rowid',
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

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
