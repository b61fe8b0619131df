/**
 * Opens the database of a directory, with the secrets that seal what is in it. It refuses a start that would begin an
 * empty directory in place of a lost one, and one without the secret of a directory that has content.
 */
import { join } from 'node:path';
import { type Config, ConfigError, type Secrets } from '../config/config.ts';
import { prepareDataFolder, resolveSecrets } from '../config/data-folder.ts';
import { settings } from '../config/settings.ts';
import { errorCodeOf } from '../core/error-code.ts';
import { createSecretBox, type SecretBox } from '../core/secret.ts';
import { openStore } from '../store/open-store.ts';
import { sqliteDialect } from '../store/sql/dialect.ts';
import { databaseFile } from '../store/sqlite/sqlite-store.ts';
import type { Store, StoreOptions } from '../store/store.ts';
import {
  hasDatabaseFile,
  isWithoutDirectory,
  lookAtFolder,
  lostDatabase,
  presentDatabase,
} from './lost-directory.ts';

export interface DatabaseOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Whether a command will write very many rows, as an import does. */
  readonly isBulk?: boolean;
  /** Whether an empty directory may begin where the folder has records of another one; only there. */
  readonly beginsAnew?: boolean;
}

export interface OpenedDatabase {
  readonly store: Store;
  /** How many migrations ran. */
  readonly applied: number;
  readonly box: SecretBox;
}

/**
 * Opens the database that the settings name. Creates the folder and the tables, or migrates them.
 *
 * @throws {ConfigError} if the folder or the database cannot be used.
 */
export async function openDatabase(options: DatabaseOptions, hooks: StoreOptions): Promise<OpenedDatabase> {
  const { config, secrets, beginsAnew = false } = options;
  // With a PostgreSQL database and a secret in the settings no folder is needed, and the process may have none.
  if (secrets.databaseUrl === null || secrets.secret === null) prepareDataFolder(config.dataDir);
  const found = lookAtFolder(config, secrets);
  if (found.hasRecords && !found.hasDatabase && !beginsAnew) throw lostDatabase(config, secrets);
  const { store, applied } = await openMigrated(options, hooks);
  try {
    const isNew = await isWithoutDirectory(store);
    if (isNew && found.hasRecords && !beginsAnew) throw lostDatabase(config, secrets);
    if (!isNew && beginsAnew) throw presentDatabase(secrets);
    const { secret, oldSecrets } = resolveSecrets(config.dataDir, secrets, { isNew });
    return { store, applied, box: createSecretBox(secret, oldSecrets) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openMigrated(
  {
    config: { dataDir, database },
    secrets: { databaseUrl, databaseReadUrl: readUrl },
    isBulk = false,
  }: DatabaseOptions,
  hooks: StoreOptions,
): Promise<{ store: Store; applied: number }> {
  let store: Store | undefined;
  try {
    const { poolSize, ...timeouts } = database;
    store = openStore({
      ...hooks,
      ...(databaseUrl === null ? { dataDir, isBulk } : { databaseUrl, readUrl, poolSize, timeouts }),
    });
    return { store, applied: await store.migrate() };
  } catch (error) {
    await store?.close();
    throw databaseUrl === null
      ? databaseFault(settings.dataDir.name, error, `${join(dataDir, databaseFile)}: `)
      : databaseFault(settings.databaseUrl.name, error);
  }
}

/**
 * What SQLite finds in the file of the data folder, for a directory that does not open; empty where it is sound, or where the
 * database is elsewhere.
 */
export async function findFileProblems({ config, secrets }: DatabaseOptions): Promise<readonly string[]> {
  if (secrets.databaseUrl !== null || !hasDatabaseFile(config.dataDir)) return [];
  try {
    const store = openStore({ dataDir: config.dataDir });
    try {
      return await store.checkIntegrity();
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof Error && sqliteDialect.isDamage(error)) return [error.message];
    throw error;
  }
}

/** The innermost cause why the database cannot be used. Never includes the database URL, which may contain a password. */
export function databaseFault(name: string, error: unknown, location = ''): ConfigError {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  const reason = innermost instanceof Error ? innermost.message || errorCodeOf(innermost) : String(innermost);
  const wayOut = sqliteDialect.isDamage(innermost) ? ': `roster check` says what is damaged' : '';
  return new ConfigError([{ name, problem: `cannot be used: ${location}${reason}${wayOut}` }]);
}
