/**
 * The faults that SQLite finds in its own file: pages out of place, indexes that miss rows, values that a column
 * must not have, and rows that refer to no row. They are named by table and kind; SQLite names no values.
 */
import Sqlite from 'better-sqlite3';
import { sqliteDialect } from '../sql/dialect.ts';
import { damagedPages } from './damaged-pages.ts';
import { descriptorOf } from './remains/page-file.ts';

/** More of them are of no use to an operator. */
const problemsMax = 20;

/** Whether the file does not even begin as a database. */
export function isNoDatabase(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code === 'SQLITE_NOTADB';
}

interface Orphans {
  readonly child: string;
  readonly parent: string;
  readonly rows: number;
}

/** A line for each problem; empty where there is none. Reads the whole file. */
export function integrityProblems(db: Sqlite.Database): string[] {
  const problems = findProblems(db);
  return problems.length === 0 ? problems : [...problems, ...namePages(db, descriptorOf(db.name))];
}

/**
 * A line for each damaged page. Where no page has the wrong form, what SQLite finds between the pages. `descriptor` is that of the
 * file in this process (`remains/page-file.ts`).
 */
export function findDamage(db: Sqlite.Database, descriptor: number): string[] {
  const pages = namePages(db, descriptor);
  return pages.length > 0 ? pages : findProblems(db);
}

/** Empty where not even the list of the tables can be read. */
function namePages(db: Sqlite.Database, descriptor: number): string[] {
  try {
    db.exec('begin');
    try {
      return damagedPages(db, descriptor);
    } finally {
      db.exec('commit');
    }
  } catch (error) {
    if (sqliteDialect.isDamage(error)) return [];
    throw error;
  }
}

function findProblems(db: Sqlite.Database): string[] {
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
    // SQLite gives up at some damaged pages.
    if (error instanceof Error && sqliteDialect.isDamage(error)) return [error.message];
    throw error;
  }
}
