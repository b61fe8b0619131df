/**
 * Copies of a directory's database, and the public keys beside it, for commands that work on the files of a data
 * folder. Whoever keeps the directory in PostgreSQL uses PostgreSQL's own tools for its copies.
 */

import { type Config, ConfigError, type Secrets } from '../config/config.ts';
import { prepareDataFolder } from '../config/data-folder.ts';
import { settings } from '../config/settings.ts';
import { completeErasures } from '../core/erasure/complete-erasures.ts';
import type { Jwks } from '../core/erasure/receipt.ts';
import type { Replay } from '../core/erasure/replay.ts';
import { backUp, prepareRestore } from '../store/copies/backup.ts';
import { openLedger } from '../store/folder/ledger-file.ts';
import { openPublicKeys } from '../store/folder/public-key-file.ts';
import { type DirectoryOptions, openDirectory } from './open-directory.ts';

/** Backs up the directory in the data folder to a new file; its size in bytes. */
export function backUpDirectory({ config, secrets }: DirectoryOptions, file: string): number {
  refuseServer(secrets);
  return backUp(config.dataDir, file);
}

/** What a restore would replace, and with what. */
export interface RestorePlan {
  readonly users: number;
  /** Null where there is no database that can be read. */
  readonly present: number | null;
}

/**
 * Puts a backup in the place of the directory's database once `agree` resolves with true, and erases in it again
 * whatever the ledger knows; null where nobody agreed.
 */
export async function restoreDirectory(
  options: DirectoryOptions,
  file: string,
  agree: (plan: RestorePlan) => Promise<boolean>,
): Promise<Replay | null> {
  refuseServer(options.secrets);
  prepareDataFolder(options.config.dataDir);
  // What was erased since must be known before anything is replaced.
  await readThrough(options.config);
  const restoration = prepareRestore(options.config.dataDir, file);
  try {
    if (!(await agree(restoration))) return null;
    restoration.commit();
  } finally {
    restoration.end();
  }
  const directory = await openDirectory(options);
  try {
    await completeErasures(directory.core);
    return directory.replayed;
  } finally {
    await directory.close();
  }
}

/** The public keys in the data folder, which need no database to be read. */
export function readPublicKeys({ dataDir }: Config): Promise<Jwks> {
  return openPublicKeys(dataDir).read();
}

/** Throws where the ledger of the folder cannot be read. */
async function readThrough({ dataDir }: Config): Promise<void> {
  const ledger = openLedger(dataDir);
  try {
    for await (const _ of ledger.read(0));
  } finally {
    await ledger.close();
  }
}

function refuseServer({ databaseUrl }: Secrets): void {
  if (databaseUrl === null) return;
  const problem = 'names a PostgreSQL database: pg_dump and pg_restore make and restore its backups';
  throw new ConfigError([{ name: settings.databaseUrl.name, problem }]);
}
