/** A further connection of this process to the files that its other connections have open. */
import Sqlite, { type Database, type Options } from 'better-sqlite3';
import { type OpenFiles, refuseOthers } from './file-names.ts';

/**
 * Opens the files. Throws a `FilesLostError` where other files, or none, have their names by now: with them SQLite would begin
 * another log, and the last connection to a file removes the log that has its name when it closes.
 */
export function openBeside(files: OpenFiles, options: Options = {}): Database {
  const db = new Sqlite(files.file, { ...options, fileMustExist: true });
  try {
    refuseOthers(files);
    openLog(db);
    db.pragma('synchronous = FULL');
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** SQLite opens the log with the first read. Where that is not possible now, a later read finds out. */
function openLog(db: Database): void {
  try {
    db.prepare('select 1 from sqlite_schema').get();
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError)) throw error;
  }
}
