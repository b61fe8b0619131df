/** Reads how much of the write-ahead log is not in the file yet, and copies it there. */
import type Sqlite from 'better-sqlite3';

/**
 * How many pages of the log are not in the file yet: after copying those that no reader holds (`passive`), or
 * without copying (`noop`). Never waits; null where another connection copies.
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
