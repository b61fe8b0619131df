/**
 * Backs up the SQLite file, and restores a backup in its place.
 *
 * A backup is one state of the database, written while others serve. It has only live rows: nothing of people who
 * were erased before, not even remains. The file is complete, on disk and readable by its owner alone before it
 * gets its name. A restore is one renaming: a kill at any moment leaves the former database or the new one. Neither
 * touches the ledger of erasures, the secret and the public keys of the folder.
 */
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { LedgerHead } from '../../core/erasure/ledger.ts';
import {
  rawDraft,
  removeRestoreDraft,
  restoreDraft,
  shareFolder,
  takeFolder,
} from '../folder/folder-lock.ts';
import { NewerSchemaError } from '../migrate.ts';
import { connections } from '../migrations/0003-connections.ts';
import { schemaVersion } from '../migrations/all-migrations.ts';
import { sqliteDialect } from '../sql/dialect.ts';
import { integrityProblems, isNoDatabase } from '../sqlite/integrity.ts';
import { databaseFile } from '../sqlite/sqlite-store.ts';

/** The backup or the restore is not possible. The message is one line, fit for an operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** Writes the database of the folder to a new file; its size in bytes. */
export function backUp(dataDir: string, target: string): number {
  refuseTarget(dataDir, target);
  const lock = shareFolder(dataDir);
  const draft = `${target}.${randomUUID()}.part`;
  try {
    // SQLite fills an existing empty file, so no other account can ever read it.
    closeSync(openSync(draft, 'wx', 0o600));
    copyRows(join(dataDir, databaseFile), draft);
    sync(draft);
    linkSync(draft, target);
    sync(dirname(resolve(target)));
    return statSync(target).size;
  } finally {
    rmSync(draft, { force: true });
    lock.release();
  }
}

/**
 * Writes every row to an existing empty file. SQLite may leave copies of moved rows in the unallocated space of the
 * new pages, but not with `secure_delete`.
 */
function copyRows(from: string, to: string): void {
  const database = new Sqlite(from, { readonly: true, timeout: 5_000 });
  try {
    database.pragma('secure_delete = ON');
    database.prepare('vacuum into ?').run(to);
  } finally {
    database.close();
  }
}

/** Throws a `BackupError` where a backup cannot be written to that file. */
export function refuseTarget(dataDir: string, target: string): void {
  if (existsSync(target)) throw new BackupError(`${target} is there already`);
  const folder = dirname(resolve(target));
  if (!existsSync(folder)) throw new BackupError(`${folder} is not there`);
  // It would be lost with the folder, and would keep there the data of people who are erased later.
  const path = relative(realpathSync(dataDir), realpathSync(folder));
  if (path.split(sep, 1)[0] !== '..') {
    throw new BackupError('a backup does not belong in the data folder: name another place');
  }
}

/** A database that is ready to replace that of the folder. */
export interface Restoration {
  readonly users: number;
  /** How many users the present database has; null where there is none or it cannot be read. */
  readonly present: number | null;
  /** The positions of a ledger that the present database and the backup know. */
  knownPositions(ledgerId: string): readonly LedgerHead[];
  /** Whether the present database knows a ledger whose lines have codes, and not that one. */
  isOtherKnown(ledgerId: string): boolean;
  /** Puts it in place. */
  commit(): void;
  /** Leaves everything unchanged unless `commit` was called, and releases the folder. */
  end(): void;
}

/**
 * Copies a backup into the folder and checks it. No other process can work on the folder until `end`. Throws a
 * `BackupError` where the file is no sound database of Roster, and a `FolderInUseError` where the folder is in use.
 */
export function prepareRestore(dataDir: string, file: string): Restoration {
  refuseSource(file);
  const path = join(dataDir, databaseFile);
  // Its write-ahead log would be left behind.
  if (existsSync(path) && realpathSync(file) === realpathSync(path)) {
    throw new BackupError(`${file} is the database itself`);
  }
  const lock = takeFolder(dataDir);
  const draft = join(dataDir, restoreDraft);
  const end = (): void => {
    removeRestoreDraft(dataDir);
    lock.release();
  };
  try {
    removeRestoreDraft(dataDir);
    const raw = join(dataDir, rawDraft);
    copyFileSync(file, raw);
    chmodSync(raw, 0o600);
    const users = inspect(raw, basename(file));
    closeSync(openSync(draft, 'wx', 0o600));
    tellingDamage(basename(file), () => copyRows(raw, draft));
    removeRestoreDraft(dataDir, rawDraft);
    sync(draft);
    return {
      users,
      present: ifReadable(path, usersIn),
      knownPositions: (id) =>
        [path, draft].flatMap((each) => ifReadable(each, (database) => positionIn(database, id)) ?? []),
      isOtherKnown: (id) => ifReadable(path, (database) => isOtherKnown(database, id)) ?? false,
      commit() {
        settle(path);
        renameSync(draft, path);
        sync(dataDir);
      },
      end,
    };
  } catch (error) {
    end();
    throw error;
  }
}

function refuseSource(file: string): void {
  const there = statSync(file, { throwIfNoEntry: false });
  if (there === undefined) throw new BackupError(`${file} is not there`);
  if (!there.isFile()) throw new BackupError(`${file} is ${there.isDirectory() ? 'a folder' : 'no file'}`);
  try {
    accessSync(file, constants.R_OK);
  } catch {
    throw new BackupError(`${file} may not be read by this account`);
  }
}

/** Runs `work`; a damaged file becomes a `BackupError` that says so, instead of the page at which SQLite noticed. */
function tellingDamage<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sqliteDialect.isDamage(error) ? damaged(name) : error;
  }
}

function damaged(name: string): BackupError {
  return new BackupError(`${name} is damaged: restore another backup`);
}

/**
 * A provider may have renewed a grant since the backup, and the backup cannot know. So each grant counts as one
 * whose last answer was lost, and its end is proved with more care.
 */
const doubts = [
  'update connections set unanswered = unanswered + 1, version = version + 1 where sealed_grants is not null',
  `update revocations set unanswered = unanswered + 1, version = version + 1 where state in ('pending', 'overdue')`,
];

/** How many users the copy has. Leaves it as a single file without a log. */
function inspect(draft: string, name: string): number {
  const database = new Sqlite(draft);
  try {
    const version = tellingDamage(name, () => versionOf(database));
    if (version === null) throw new BackupError(`${name} is no database of Roster`);
    if (version > schemaVersion) throw new BackupError(new NewerSchemaError(version, schemaVersion).message);
    if (integrityProblems(database).length > 0) throw damaged(name);
    return tellingDamage(name, () => {
      if (version >= connections.version) for (const sql of doubts) database.exec(sql);
      database.pragma('journal_mode = DELETE');
      return usersIn(database);
    });
  } finally {
    database.close();
  }
}

function versionOf(database: Sqlite.Database): number | null {
  try {
    const row = database
      .prepare<[], { version: number | null }>('select max(version) as version from schema_migrations')
      .get();
    return row?.version ?? null;
  } catch (error) {
    if (sqliteDialect.isDamage(error) && !isNoDatabase(error)) throw error;
    return null;
  }
}

function usersIn(database: Sqlite.Database): number {
  return database.prepare<[], { users: number }>('select count(*) as users from users').get()?.users ?? 0;
}

/** Databases from before lines of the ledger had codes lack the column. */
function positionIn(database: Sqlite.Database, ledgerId: string): LedgerHead | null {
  const row = database
    .prepare<[string], { known_bytes: number; known_code?: string | null }>(
      'select * from erasure_ledgers where id = ?',
    )
    .get(ledgerId);
  return row === undefined ? null : { bytes: row.known_bytes, code: row.known_code ?? null };
}

function isOtherKnown(database: Sqlite.Database, ledgerId: string): boolean {
  if (positionIn(database, ledgerId) !== null) return false;
  return database.prepare('select 1 from erasure_ledgers where known_code is not null').get() !== undefined;
}

/** Null where there is no database, or it cannot be read. */
function ifReadable<T>(path: string, read: (database: Sqlite.Database) => T): T | null {
  if (!existsSync(path)) return null;
  try {
    const database = new Sqlite(path);
    try {
      return read(database);
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

/** Copies the log into the present file, so that renaming leaves no file of it behind. */
function settle(path: string): void {
  if (existsSync(path)) {
    try {
      const database = new Sqlite(path);
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.close();
    } catch {
      // A database that cannot be opened has no log to keep.
    }
  }
  for (const ending of ['-wal', '-shm']) rmSync(`${path}${ending}`, { force: true });
}

/** Makes a file, or the names in a folder, durable. */
function sync(path: string): void {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
