/**
 * Gives SQLite's planner fixed figures: an organization may hold nearly all rows of a table, an id or a digest a
 * few. Without them the planner takes the organization alone for a good key and reads all of its rows. The figures
 * are fixed, not measured, so that plans are the same on every deployment, for small organizations and for large
 * ones. Nothing here runs `ANALYZE` over the data.
 */
import type Sqlite from 'better-sqlite3';

const rowsOfTable = 10_000_000;
const rowsOfOrganization = 1_000_000;
/** How many rows share a value of a column that identifies something of one user. */
const rowsOfKey = 10;

/** Columns with few values: they hardly narrow an index. */
const coarseColumns = new Set([
  'org_key',
  'app_key',
  'status',
  'role',
  'bucket',
  'provider',
  'lane',
  'state',
]);
/** Tables of which an organization has a handful of rows. */
const smallTables = new Set(['organizations', 'apps', 'api_keys']);

interface IndexRow {
  readonly name: string;
  readonly unique: 0 | 1;
  readonly partial: 0 | 1;
}

/** Writes the figures for every index. Runs inside the transaction of a migration. */
export function writePlannerStatistics(db: Sqlite.Database): void {
  // Makes the tables of statistics where they are missing, and reads no data.
  db.exec('analyze sqlite_schema');
  db.exec('delete from sqlite_stat1');
  const insert = db.prepare<[string, string, string]>(
    'insert into sqlite_stat1 (tbl, idx, stat) values (?, ?, ?)',
  );
  const tables = db
    .prepare<[], { name: string }>(
      `select name from sqlite_schema where type = 'table' and name not like 'sqlite%'`,
    )
    .all();
  for (const { name: table } of tables) {
    const indexes = db.prepare<[string], IndexRow>('select * from pragma_index_list(?)').all(table);
    for (const index of indexes) {
      const columns = db
        .prepare<[string], { name: string }>('select name from pragma_index_info(?) order by seqno')
        .all(index.name)
        .map(({ name }) => name);
      insert.run(table, index.name, figuresOf(table, index, columns).join(' '));
    }
  }
}

/**
 * Makes the connection use the figures in the file. SQLite takes its lock to write for this, so it runs in the
 * transaction that wrote them.
 */
export function loadPlannerStatistics(db: Sqlite.Database): void {
  db.exec('analyze sqlite_schema');
}

/** The number of rows in the index, and for each of its columns how many of them share the values up to it. */
function figuresOf(table: string, { unique, partial }: IndexRow, columns: readonly string[]): number[] {
  const isSmall = smallTables.has(table);
  const rows = (isSmall ? 1_000 : rowsOfTable) / (partial === 1 ? 10 : 1);
  let sharing = isSmall ? rowsOfKey : rowsOfOrganization;
  const figures = columns.map((column, at) => {
    if (!coarseColumns.has(column)) sharing = rowsOfKey;
    return unique === 1 && at === columns.length - 1 ? 1 : sharing;
  });
  return [rows, ...figures];
}
