/**
 * A directory built from plain values: the core over its database, its ledger and its secrets, which is all that
 * most commands need. It is opened only after whatever the ledger knows to be erased is gone from it again.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, ConfigError, type Secrets } from '../config/config.ts';
import { prepareDataFolder, resolveSecrets } from '../config/data-folder.ts';
import { settings } from '../config/settings.ts';
import { SignInGate } from '../core/access/sign-in-gate.ts';
import type { Core } from '../core/core.ts';
import type { Maintenance } from '../core/deployment/maintenance.ts';
import { type Replay, replayLedger } from '../core/erasure/replay.ts';
import { createSecretBox } from '../core/secret.ts';
import { type Clock, systemClock } from '../core/time.ts';
import { isCommonPassword } from '../gateways/common-passwords.ts';
import { createMessageComposer } from '../gateways/message-composer.ts';
import { createPasswordHasher, type HasherOptions, type QueuedHasher } from '../gateways/password-hasher.ts';
import type { MovedTable, MoveOptions } from '../store/copies/move.ts';
import { takeFolder } from '../store/folder/folder-lock.ts';
import { type FolderRecords, noRecords, openRecords } from '../store/folder/folder-records.ts';
import { schemaVersion } from '../store/migrations/all-migrations.ts';
import { openStore } from '../store/open-store.ts';
import { databaseFile } from '../store/sqlite/sqlite-store.ts';
import type { Store, StoreOptions } from '../store/store.ts';
import { type AppAddress, createAppAddress } from './address.ts';
import { type AppProviders, createAppProviders } from './providers.ts';

export interface DirectoryOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  /** The machine's unless given. */
  readonly clock?: Clock;
  /** Whether very much will be written in a row. */
  readonly isBulk?: boolean;
}

/** The core over its database. */
export interface Directory {
  readonly core: Core;
  readonly config: Config;
  /** How many migrations ran to bring the database up to date, and the version it has now. */
  readonly applied: number;
  readonly version: number;
  readonly maintenance: Maintenance;
  /** What the ledger had done again, for the database did not know it. */
  readonly replayed: Replay;
  close(): Promise<void>;
}

/** Whether there is a database: in the data folder, or named as one that others keep. */
export function hasDirectory({ dataDir }: Config, { databaseUrl }: Secrets): boolean {
  return databaseUrl !== null || existsSync(join(dataDir, databaseFile));
}

/**
 * Opens the directory that the settings name; makes folder and tables, or brings them up to date.
 *
 * @throws {ConfigError} where folder or database cannot be used.
 */
export async function openDirectory(
  options: DirectoryOptions,
  hooks: Pick<StoreOptions, 'onOutage'> = {},
): Promise<Directory> {
  const opened = await openCore(options, hooks);
  const { core, config, maintenance, replayed, applied, version, records, store } = opened;
  return {
    ...{ core, config, maintenance, replayed, applied, version },
    async close() {
      await records.close();
      await store.close();
    },
  };
}

/**
 * Moves the directory in the data folder to a PostgreSQL database; see `store/move.ts` for what it promises. It
 * takes the folder alone: a server that went on when the move has ended would write where nobody looks any more.
 *
 * @throws {ConfigError} where there is no directory in the folder, or its database cannot be used.
 * @throws {FolderInUseError} where a server or another command works on the folder.
 */
export async function moveDirectory(
  options: Omit<MoveOptions, 'dataDir'> & { readonly config: Config },
): Promise<readonly MovedTable[]> {
  const { config, ...move } = options;
  const { dataDir } = config;
  if (!existsSync(join(dataDir, databaseFile))) {
    throw new ConfigError([{ name: settings.dataDir.name, problem: 'holds no SQLite directory to move' }]);
  }
  const store = openStore({ dataDir });
  await store.migrate();
  await store.close();
  const lock = takeFolder(dataDir);
  try {
    const { moveToPostgres } = await import('../store/copies/move.ts');
    return await moveToPostgres({ ...move, dataDir });
  } finally {
    lock.release();
  }
}

/** A directory with the parts that an app works with. */
export type OpenedDirectory = Omit<Directory, 'close'> & {
  readonly store: Store;
  readonly hasher: QueuedHasher;
  readonly address: AppAddress;
  readonly providers: AppProviders;
  readonly records: FolderRecords;
};

/** What the parts of a directory tell whoever opens it. */
export type OpenHooks = Pick<StoreOptions, 'onCommitted' | 'onWritten' | 'onCheckpoint' | 'onOutage'> &
  Pick<HasherOptions, 'meter'>;

/** Opens the directory for an app, which closes its parts in its own order. */
export async function openCore(
  { config, secrets, clock = systemClock, isBulk = false }: DirectoryOptions,
  { meter, ...hooks }: OpenHooks = {},
): Promise<OpenedDirectory> {
  const { dataDir, isProduction, signupAppId, tellsAccounts, networkQuotas } = config;
  // A process with its database and its secret elsewhere keeps nothing, and may have no place to.
  if (secrets.databaseUrl === null || secrets.secret === null) prepareDataFolder(dataDir);
  const sealing = resolveSecrets(dataDir, secrets);
  // A folder that somebody gave such a process all the same is used.
  const records = existsSync(dataDir) ? openRecords(dataDir, hooks.onOutage ?? (() => {})) : noRecords;
  const address = createAppAddress(config);
  const providers = createAppProviders(config, secrets, address, clock);
  const { store, applied } = await openDatabase({ config, secrets, isBulk }, hooks);
  const hasher = createPasswordHasher({
    ...{ queueMax: config.hashQueueMax, processes: config.workers },
    ...(meter === undefined ? {} : { meter }),
  });
  const core: Core = {
    work: store,
    clock,
    secrets: createSecretBox(sealing.secret, sealing.oldSecrets),
    hasher,
    composer: createMessageComposer(address),
    isCommonPassword,
    policy: { isProduction, signupAppId, tellsAccounts, networkQuotas },
    providers: providers.directory,
    ledger: records.ledger,
    publicKeys: records.publicKeys,
    residue: store.residue,
    running: new Set(),
    signInGate: new SignInGate(),
  };
  const replayed = await replayLedger(core).catch(async (error: unknown) => {
    await records.close();
    await store.close();
    throw error;
  });
  return {
    core,
    config,
    store,
    hasher,
    address,
    providers,
    records,
    replayed,
    maintenance: store,
    applied,
    version: schemaVersion,
  };
}

async function openDatabase(
  {
    config: { dataDir, database },
    secrets: { databaseUrl },
    isBulk = false,
  }: Pick<DirectoryOptions, 'config' | 'secrets' | 'isBulk'>,
  hooks: StoreOptions,
): Promise<{ store: Store; applied: number }> {
  let store: Store | undefined;
  try {
    const { poolSize, ...timeouts } = database;
    store = openStore({
      ...hooks,
      ...(databaseUrl === null ? { dataDir, isBulk } : { databaseUrl, poolSize, timeouts }),
    });
    return { store, applied: await store.migrate() };
  } catch (error) {
    await store?.close();
    throw databaseUrl === null
      ? databaseFault(settings.dataDir.name, error, `${join(dataDir, databaseFile)}: `)
      : databaseFault(settings.databaseUrl.name, error);
  }
}

/** Why the database cannot be used, by its innermost cause; of an address that may hold a password nothing is told. */
function databaseFault(name: string, error: unknown, place = ''): ConfigError {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  const code = innermost instanceof Error && 'code' in innermost ? String(innermost.code) : '';
  const reason = innermost instanceof Error ? innermost.message || code : String(innermost);
  return new ConfigError([{ name, problem: `cannot be used: ${place}${reason}` }]);
}
