/**
 * Tells a new directory from one whose database is gone. A data folder outlives its database: beside its ledger of erasures,
 * its open grants or its public keys a start begins no empty directory, unless the operator says so.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, ConfigError, type Secrets } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import { countErasures, hasFormerDirectory } from '../store/folder/former-directory.ts';
import { databaseFile } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';

/** Whether there is a database: a file with content in the data folder, or a PostgreSQL database that the settings name. */
export function hasDirectory({ dataDir }: Pick<Config, 'dataDir'>, { databaseUrl }: Secrets): boolean {
  return databaseUrl !== null || hasDatabaseFile(dataDir);
}

/** An empty file is no database: SQLite would begin one in it. */
export function hasDatabaseFile(dataDir: string): boolean {
  return (statSync(join(dataDir, databaseFile), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** A folder as it was before the database was opened. */
export interface FoundFolder {
  readonly hasDatabase: boolean;
  /** Whether it has records of a directory. */
  readonly hasRecords: boolean;
}

export function lookAtFolder(config: Config, secrets: Secrets): FoundFolder {
  const { dataDir } = config;
  return {
    hasDatabase: hasDirectory(config, secrets),
    hasRecords: existsSync(dataDir) && hasFormerDirectory(dataDir),
  };
}

/**
 * Whether the database has no directory yet. Of two processes that begin one at the same time, each looks at the folder
 * first: what it finds there was written after the rows that it finds here.
 */
export async function isWithoutDirectory(store: Store): Promise<boolean> {
  return store.readSystem('operator', async (tx) => {
    if ((await tx.receiptKeys.list()).length > 0) return false;
    return (await tx.organizations.findFirst()) === null;
  });
}

/** Why the directory of the folder does not open. */
export function lostDatabase({ dataDir }: Pick<Config, 'dataDir'>, { databaseUrl }: Secrets): ConfigError {
  const count = countErasures(dataDir);
  const records = count === 0 ? 'the records of a directory' : `a ledger of ${count} erasures`;
  const begin = '`roster init --begin-anew` begins an empty directory';
  if (databaseUrl === null) {
    const wayOut = `put ${databaseFile} back, or run \`roster restore FILE\``;
    const problem = `has ${records} and no database: ${wayOut}; ${begin}`;
    return new ConfigError([{ name: settings.dataDir.name, problem }]);
  }
  const problem = `names a database without a directory, and ${dataDir} has ${records}: name the right database, or restore it; ${begin}`;
  return new ConfigError([{ name: settings.databaseUrl.name, problem }]);
}

/** The operator wants an empty directory where there is one with content. */
export function presentDatabase({ databaseUrl }: Secrets): ConfigError {
  const name = databaseUrl === null ? settings.dataDir.name : settings.databaseUrl.name;
  return new ConfigError([{ name, problem: 'has a directory: start without --begin-anew' }]);
}
