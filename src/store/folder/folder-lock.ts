/**
 * The locks of a data folder. Every process that opens the database shares the folder; a process that replaces the
 * database takes the folder alone. It is SQLite's own lock on a file that stays empty, so the system releases it
 * when the process ends, however that happens.
 */
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { isBusy } from '../sql/dialect.ts';

const lockFile = 'lock';
const numberForm = /^lock\.([1-9]\d*)$/;

/** Another process holds the folder in a way that excludes this one. The message is fit for an operator. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

export interface FolderLock {
  release(): void;
}

/**
 * The copy that a restore is about to put in place, and the backup as it came. They belong to the process that has
 * taken the folder alone.
 */
export const restoreDraft = 'roster.db.part';
export const rawDraft = 'roster.db.raw.part';

/**
 * Removes the files of those names, or all files that a killed restore has left: no scan would ever search them for
 * erased people. The caller shares the folder, or has it alone.
 */
export function removeRestoreDraft(dataDir: string, ...names: readonly string[]): void {
  for (const name of names.length === 0 ? [restoreDraft, rawDraft] : names) {
    for (const ending of ['', '-wal', '-shm', '-journal']) {
      rmSync(join(dataDir, `${name}${ending}`), { force: true });
    }
  }
}

/** Shares the folder. Throws a `FolderInUseError` where another process replaces its database. */
export function shareFolder(dataDir: string): FolderLock {
  return hold(dataDir, ['begin', 'select 1 from sqlite_schema'], 'the database is being replaced');
}

/** Takes the folder alone. Throws a `FolderInUseError` where another process works on it. */
export function takeFolder(dataDir: string): FolderLock {
  return hold(
    dataDir,
    ['begin exclusive'],
    'a server or another command works on the data folder: stop it first',
  );
}

/**
 * Holds the right to remove remains from the database file, which one process has at a time. The process shares the
 * folder already. Null where another one has it.
 */
export function holdRemains(dataDir: string): FolderLock | null {
  try {
    // SQLite lets one connection hold this lock while others share the file.
    return hold(dataDir, ['begin immediate'], 'another process removes remains');
  } catch (error) {
    if (error instanceof FolderInUseError) return null;
    throw error;
  }
}

/** The numbers of the files that `holdNumber` has made. */
export function numbersIn(names: readonly string[]): readonly number[] {
  return names.flatMap((name) => {
    const [, number] = numberForm.exec(name) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
}

/** Holds a number alone. Null where another process has it. */
export function holdNumber(dataDir: string, number: number): FolderLock | null {
  try {
    return hold(dataDir, ['begin exclusive'], 'another process has the number', `${lockFile}.${number}`);
  } catch (error) {
    if (error instanceof FolderInUseError) return null;
    throw error;
  }
}

function hold(
  dataDir: string,
  words: readonly string[],
  otherwise: string,
  name: string = lockFile,
): FolderLock {
  const path = join(dataDir, name);
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
