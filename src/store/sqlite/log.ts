/** The write-ahead log of a SQLite file: how much of it is not in the file yet, and copying it there. */
import type Sqlite from 'better-sqlite3';

/**
 * How many pages of the log are not in the file yet, after those that nobody stands in the way of were copied
 * (`passive`) or as it is (`noop`). Waits for nobody; null where another connection is copying.
 */
export function logLeft(db: Sqlite.Database, mode: 'noop' | 'passive'): number | null {
  const rows = db.pragma(`wal_checkpoint(${mode})`) as readonly {
    busy: number;
    log: number;
    checkpointed: number;
  }[];
  const [row] = rows;
  return row === undefined || row.busy !== 0 ? null : row.log - row.checkpointed;
}
