/**
 * The faults that SQLite finds in its own file: pages out of place, indexes that miss rows, values that a column
 * must not have, and rows that refer to no row. They are named by table and kind; SQLite names no values.
 */
import Sqlite from 'better-sqlite3';

/** More of them are of no use to an operator. */
const problemsMax = 20;

/** Whether SQLite gives up because the file has contents that no database has. */
export function isDamage(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_CORRUPT');
}

interface Orphans {
  readonly child: string;
  readonly parent: string;
  readonly rows: number;
}

/** A line for each problem; empty where there is none. Reads the whole file. */
export function integrityProblems(db: Sqlite.Database): string[] {
  try {
    const found = db
      .prepare<[], { integrity_check: string }>(`pragma integrity_check(${problemsMax})`)
      .all()
      .flatMap((row) => row.integrity_check.split('\n'));
    const orphans = db
      .prepare<[], Orphans>(
        'select "table" as child, parent, count(*) as rows from pragma_foreign_key_check group by 1, 2',
      )
      .all();
    return [
      ...found.filter((problem) => problem !== 'ok'),
      ...orphans.map(({ child, parent, rows }) => `${child}: ${rows} refer to no row of ${parent}`),
    ];
  } catch (error) {
    // SQLite cannot even read a badly damaged file.
    const isNone = error instanceof Sqlite.SqliteError && error.code === 'SQLITE_NOTADB';
    if (error instanceof Error && (isNone || isDamage(error))) return [error.message];
    throw error;
  }
}
