/**
 * Backups of a directory's database, and the public keys beside it, for commands that work on the files of a data
 * folder. A directory in PostgreSQL is backed up with PostgreSQL's own tools.
 */

import { type Config, ConfigError, type Secrets } from '../config/config.ts';
import { prepareDataFolder, resolveSecrets } from '../config/data-folder.ts';
import { settings } from '../config/settings.ts';
import { completeErasures } from '../core/erasure/complete-erasures.ts';
import { otherLedger } from '../core/erasure/ledger.ts';
import type { Jwks } from '../core/erasure/receipt.ts';
import type { Replay } from '../core/erasure/replay.ts';
import { recordCommandEverywhere } from '../core/record/commands.ts';
import { createSecretBox } from '../core/secret.ts';
import { systemClock } from '../core/time.ts';
import { backUp, prepareRestore, type Restoration, refuseTarget } from '../store/copies/backup.ts';
import { openLedger } from '../store/folder/ledger-file.ts';
import { openPublicKeys } from '../store/folder/public-key-file.ts';
import { openStore } from '../store/open-store.ts';
import { type DirectoryOptions, openDirectory } from './open-directory.ts';

export interface Backup {
  readonly bytes: number;
  /** Whether the audit log has the command. */
  readonly isRecorded: boolean;
}

/**
 * Backs up the directory in the data folder to a new file. First records the command, where the database can be written and
 * is of this version: a backup before an upgrade must migrate nothing, and one of a damaged database is better than none.
 */
export async function backUpDirectory({ config, secrets }: DirectoryOptions, file: string): Promise<Backup> {
  refuseServer(secrets);
  refuseTarget(config.dataDir, file);
  const isRecorded = await recordBackup(config);
  return { bytes: backUp(config.dataDir, file), isRecorded };
}

async function recordBackup({ dataDir }: Config): Promise<boolean> {
  try {
    const store = openStore({ dataDir });
    try {
      await store.ping();
      await recordCommandEverywhere({ work: store, clock: systemClock }, 'backup');
    } finally {
      await store.close();
    }
    return true;
  } catch {
    return false;
  }
}

/** The effect of a restore, for the person who confirms it. */
export interface RestorePlan {
  /** Users in the backup. */
  readonly users: number;
  /** Users in the present database; null if there is no database that can be read. */
  readonly present: number | null;
}

/**
 * Replaces the directory's database by a backup once `agree` resolves with true, and repeats in it every erasure that
 * the ledger knows. Null if `agree` resolves with false.
 */
export async function restoreDirectory(
  options: DirectoryOptions,
  file: string,
  agree: (plan: RestorePlan) => Promise<boolean>,
): Promise<Replay | null> {
  refuseServer(options.secrets);
  prepareDataFolder(options.config.dataDir);
  const restoration = prepareRestore(options.config.dataDir, file);
  try {
    // A ledger that is not as Roster wrote it must stop the restore before the database is replaced.
    await checkLedger(options, restoration);
    if (!(await agree(restoration))) return null;
    restoration.commit();
  } finally {
    restoration.end();
  }
  const directory = await openDirectory({ ...options, isRestored: true });
  try {
    await recordCommandEverywhere(directory.core, 'restore');
    await completeErasures(directory.core);
    return directory.replayed;
  } finally {
    await directory.close();
  }
}

/** The public keys in the data folder; reads no database. */
export function readPublicKeys({ dataDir }: Config): Promise<Jwks> {
  return openPublicKeys(dataDir).read();
}

/** Compares the ledger of the folder with what the present database and the backup know; throws if it differs. */
export async function checkLedger(
  { config: { dataDir }, secrets }: DirectoryOptions,
  { knownPositions, isOtherKnown }: Restoration,
): Promise<void> {
  const sealing = resolveSecrets(dataDir, secrets, { isNew: false });
  const ledger = openLedger(dataDir, createSecretBox(sealing.secret, sealing.oldSecrets));
  try {
    if (isOtherKnown(ledger.id)) throw otherLedger();
    await ledger.inspect(null);
    for (const known of knownPositions(ledger.id)) await ledger.inspect(known);
  } finally {
    await ledger.close();
  }
}

/** A directory in PostgreSQL has backups of its own. */
export function refuseServer({ databaseUrl }: Secrets): void {
  if (databaseUrl === null) return;
  const problem = 'names a PostgreSQL database: back it up and restore it with pg_dump and pg_restore';
  throw new ConfigError([{ name: settings.databaseUrl.name, problem }]);
}
