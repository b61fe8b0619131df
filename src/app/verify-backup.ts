/**
 * Verifies a backup as a restore would use it: restores it into a scratch folder beside the file, with copies of the ledger,
 * the open grants, the public keys and the secret of the data folder, repeats there the erasures that it does not know, and checks
 * everything. The data folder is only read, so a server may work on it. No job runs, so no message is sent and no provider is called.
 */
import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checkDirectory, type DirectoryReport, faultsOf } from '../core/deployment/maintenance.ts';
import { LedgerError } from '../core/erasure/ledger.ts';
import { errorCodeOf } from '../core/error-code.ts';
import { reseal } from '../core/sealing/reseal.ts';
import { hourMs, systemClock } from '../core/time.ts';
import { BackupError, prepareRestore } from '../store/copies/backup.ts';
import { ledgerFile } from '../store/folder/ledger-file.ts';
import { openGrantsFolder } from '../store/folder/open-grants.ts';
import { publicKeyFile } from '../store/folder/public-key-file.ts';
import { checkLedger, refuseServer } from './backup.ts';
import { type DirectoryOptions, openDirectory } from './open-directory.ts';

export interface Verification extends Pick<DirectoryReport, 'organizations' | 'users'> {
  /** Users that the ledger of the data folder has erased again in the copy. */
  readonly erased: number;
  /** What is wrong, a line each; empty where a restore of this file gives a sound directory. */
  readonly problems: readonly string[];
}

/** What a restore needs of the data folder beside the database. The ledger is copied after the backup, so it has all that it knows. */
const companions = ['secret', ledgerFile, openGrantsFolder, publicKeyFile];

/** A killed verification leaves its folder, with the data of people, to the next one. */
const leftAgeMs = hourMs;

/** Verifies the backup in the file; needs three times its size beside it. */
export async function verifyBackup(options: DirectoryOptions, file: string): Promise<Verification> {
  refuseServer(options.secrets);
  await removeLeft(file);
  const scratch = `${resolve(file)}.${scratchMark}${randomUUID()}`;
  await mkdir(scratch, { mode: 0o700 });
  try {
    for (const name of companions) await copyIfThere(options.config.dataDir, scratch, name);
    return await verifyIn({ ...options, config: { ...options.config, dataDir: scratch } }, file);
  } catch (error) {
    if (!(error instanceof BackupError) && !(error instanceof LedgerError)) throw error;
    return {
      organizations: 0,
      users: 0,
      erased: 0,
      problems: [error.message.replaceAll(scratch, options.config.dataDir)],
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const scratchMark = 'verify-';

async function removeLeft(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(file)}.${scratchMark}`)) continue;
    const path = join(folder, name);
    if ((await stat(path)).mtimeMs + leftAgeMs <= systemClock.now())
      await rm(path, { recursive: true, force: true });
  }
}

async function copyIfThere(from: string, to: string, name: string): Promise<void> {
  try {
    await cp(join(from, name), join(to, name), { recursive: true });
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
  }
}

async function verifyIn(options: DirectoryOptions, file: string): Promise<Verification> {
  const restoration = prepareRestore(options.config.dataDir, file);
  try {
    await checkLedger(options, restoration);
    restoration.commit();
  } finally {
    restoration.end();
  }
  const directory = await openDirectory({ ...options, isRestored: true });
  try {
    const { core, maintenance, replayed } = directory;
    const report = await checkDirectory(core, maintenance, { only: null, repairs: false });
    const { organizations, users } = report;
    const { unopened } = await reseal(core);
    return {
      ...{ organizations, users, erased: replayed.erased },
      problems: [
        ...faultsOf(report),
        ...(unopened === 0 ? [] : [`${unopened} sealed texts open with no secret of the settings`]),
      ],
    };
  } finally {
    await directory.close();
  }
}
