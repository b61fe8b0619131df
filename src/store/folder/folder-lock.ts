/**
 * Who works on the database of a data folder, and who may replace it. Everybody who opens the database shares the
 * lock; whoever replaces it takes the lock alone. It is SQLite's own lock on a file that stays empty, so the system
 * gives it up when its process ends, however that ends.
 */
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { isBusy } from '../sql/dialect.ts';

const lockFile = 'lock';

/** Somebody else holds the lock in a way that excludes this one. The message is fit for a person. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

export interface FolderLock {
  release(): void;
}

/** The copy that a restore is about to put in place, and the backup as it came. Of whoever has the lock alone. */
export const restoreDraft = 'roster.db.part';
export const rawDraft = 'roster.db.raw.part';

/**
 * Removes the files of those names, or all that a killed restore has left: nobody would ever look into them for
 * those who are erased. The lock is held, shared or alone.
 */
export function removeRestoreDraft(dataDir: string, ...names: readonly string[]): void {
  for (const name of names.length === 0 ? [restoreDraft, rawDraft] : names) {
    for (const ending of ['', '-wal', '-shm', '-journal']) {
      rmSync(join(dataDir, `${name}${ending}`), { force: true });
    }
  }
}

/** Shares the folder. Throws a `FolderInUseError` where somebody replaces its database at this moment. */
export function shareFolder(dataDir: string): FolderLock {
  return hold(dataDir, ['begin', 'select 1 from sqlite_schema'], 'the database is being replaced');
}

/** Takes the folder alone. Throws a `FolderInUseError` where anybody works on it. */
export function takeFolder(dataDir: string): FolderLock {
  return hold(
    dataDir,
    ['begin exclusive'],
    'a server or another command works on the data folder: stop it first',
  );
}

/**
 * Holds what one process at a time may do: remove remains from the database file. The process shares the folder
 * already. Null where another holder is at it.
 */
export function holdRemains(dataDir: string): FolderLock | null {
  try {
    // SQLite lets one connection prepare to write while others share the file.
    return hold(dataDir, ['begin immediate'], 'another process removes remains');
  } catch (error) {
    if (error instanceof FolderInUseError) return null;
    throw error;
  }
}

function hold(dataDir: string, words: readonly string[], otherwise: string): FolderLock {
  const path = join(dataDir, lockFile);
  const lock = new Sqlite(path, { timeout: 0 });
  try {
    chmodSync(path, 0o600);
    for (const word of words) lock.exec(word);
  } catch (error) {
    lock.close();
    throw isBusy(error) ? new FolderInUseError(otherwise) : error;
  }
  return { release: () => lock.close() };
}
