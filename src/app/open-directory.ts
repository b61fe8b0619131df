/**
 * Builds a directory from plain values: the core over its database, its ledger and its secrets. Most commands need
 * nothing else. Before it returns a directory, it repeats every erasure that the ledger knows and the database does not.
 */
import { existsSync } from 'node:fs';
import { type Config, ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import { type FolderTexts, readTemplateFolder } from '../config/template-folder.ts';
import type { HumanityCheck } from '../core/access/humanity-check.ts';
import { PasswordChanges } from '../core/access/password-changes.ts';
import { SignInGate } from '../core/access/sign-in-gate.ts';
import type { Core } from '../core/core.ts';
import type { Maintenance } from '../core/deployment/maintenance.ts';
import { LedgerError } from '../core/erasure/ledger.ts';
import { RefusedDeletions } from '../core/erasure/refused-deletion-store.ts';
import { type Replay, replayLedger } from '../core/erasure/replay.ts';
import { ShedRequests } from '../core/figures/shed-requests.ts';
import { KeyUses } from '../core/keys/key-uses.ts';
import { channels } from '../core/messaging/message.ts';
import { AuditTally } from '../core/record/tally.ts';
import type { SecretBox } from '../core/secret.ts';
import { type Clock, systemClock } from '../core/time.ts';
import { createMessageComposer } from '../gateways/message-composer.ts';
import { createPasswordHasher, type HasherOptions, type QueuedHasher } from '../gateways/password-hasher.ts';
import { staffFactorChecks } from '../gateways/staff-factors.ts';
import { englishSiteTexts } from '../pages/site-texts.ts';
import type { MovedTable, MoveOptions } from '../store/copies/move.ts';
import { takeFolder } from '../store/folder/folder-lock.ts';
import { noRecords, openRecords } from '../store/folder/folder-records.ts';
import { schemaVersion } from '../store/migrations/all-migrations.ts';
import { openStore } from '../store/open-store.ts';
import type { Store, StoreOptions } from '../store/store.ts';
import { type AppAddress, createAppAddress } from './address.ts';
import { hasDatabaseFile } from './lost-directory.ts';
import { type DatabaseOptions, openDatabase } from './open-database.ts';
import { openPasswordLists } from './password-lists.ts';
import { type AppProviders, createAppProviders } from './providers.ts';
import { openSmsRules } from './sms-rules.ts';

export interface DirectoryOptions extends DatabaseOptions {
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** Whether the database was just replaced, perhaps by that of another folder. */
  readonly isRestored?: boolean;
  /** The cost of a new password hash. Default: the standard. */
  readonly hashWork?: HasherOptions['work'];
}

/** The core over its database. */
export interface Directory {
  readonly core: Core;
  readonly config: Config;
  /** How many migrations ran, and the version of the database after them. */
  readonly applied: number;
  readonly version: number;
  readonly maintenance: Maintenance;
  /** The erasures that were repeated because the ledger knew them and the database did not. */
  readonly replayed: Replay;
  close(): Promise<void>;
}

/**
 * Opens the directory that the settings name. Creates the folder and the tables, or migrates them.
 *
 * @throws {ConfigError} if the folder or the database cannot be used.
 */
export async function openDirectory(
  options: DirectoryOptions,
  hooks: Pick<StoreOptions, 'onOutage'> = {},
): Promise<Directory> {
  const opened = await openCore(options, hooks);
  const { core, config, maintenance, replayed, applied, version, close } = opened;
  return { core, config, maintenance, replayed, applied, version, close };
}

/**
 * Moves the directory in the data folder to a PostgreSQL database; `src/store/copies/move.ts` says what it promises. It
 * holds an exclusive lock on the folder: a server that kept running would go on writing to a file that is no longer used.
 *
 * @throws {ConfigError} if there is no directory in the folder, or its database cannot be used.
 * @throws {FolderInUseError} if a server or another command works on the folder.
 */
export async function moveDirectory(
  options: Omit<MoveOptions, 'dataDir'> & { readonly config: Config },
): Promise<readonly MovedTable[]> {
  const { config, ...move } = options;
  const { dataDir } = config;
  if (!hasDatabaseFile(dataDir)) {
    throw new ConfigError([{ name: settings.dataDir.name, problem: 'contains no SQLite directory to move' }]);
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

/** What is known about the sender of email. A sender of an app sets it when its server has answered. */
export interface MailAbilities {
  takesUnicode: boolean;
}

/** A directory with the parts that an app needs. */
export type OpenedDirectory = Directory & {
  readonly store: Store;
  readonly hasher: QueuedHasher;
  readonly address: AppAddress;
  readonly providers: AppProviders;
  readonly abilities: MailAbilities;
  /** The texts of web pages that the deployment replaces. */
  readonly pageTexts: FolderTexts['pages'];
};

/** What the parts of a directory report to the caller that opens it. */
export type OpenHooks = Pick<
  StoreOptions,
  'onCommitted' | 'onMessages' | 'onWritten' | 'onCheckpoint' | 'onOutage' | 'onStandbyOutage' | 'onDamage'
> &
  Pick<HasherOptions, 'meter'> & {
    /** Gets what is wrong with the ledger when another program has changed it, once for each fault. */
    readonly onLedgerFault?: (error: LedgerError) => void;
    /** Gets each error of writing the ledger and what is beside it. */
    readonly onFolderOutage?: (error: unknown) => void;
    /** Gets each error of reading the file of breached passwords. */
    readonly onListOutage?: (error: unknown) => void;
  };

/** Opens the directory for an app. */
export async function openCore(
  options: DirectoryOptions,
  { meter, ...hooks }: OpenHooks = {},
): Promise<OpenedDirectory> {
  const { config, secrets, clock = systemClock, isRestored = false, hashWork } = options;
  const { dataDir, isProduction, signupAppId, tellsAccounts } = config;
  const { networkQuotas, networkFactors, guessQuota, ownActQuotas, staffLimits, messageLimits, auditMs } =
    config;
  const onFault = (error: unknown): void => {
    if (error instanceof LedgerError) hooks.onLedgerFault?.(error);
    else hooks.onFolderOutage?.(error);
  };
  const address = createAppAddress(config);
  const texts =
    config.templatesDir === null ? null : readTemplateFolder(config.templatesDir, englishSiteTexts);
  const providers = createAppProviders(config, secrets, address, clock);
  const sms = await openSmsRules(config);
  const lists = await openPasswordLists(config, hooks.onListOutage);
  const { store, applied, box } = await openDatabase(options, hooks).catch(async (error: unknown) => {
    await lists.close();
    throw error;
  });
  let records = noRecords;
  const close = async (): Promise<void> => {
    await lists.close();
    await records.close();
    await store.close();
  };
  const closeAfter = async (error: unknown): Promise<never> => {
    await close();
    throw error;
  };
  try {
    // A process that needs no folder, and has one all the same, uses its ledger.
    if (existsSync(dataDir)) records = openRecords(dataDir, box, onFault);
  } catch (error) {
    return await closeAfter(error);
  }
  const hasher = createPasswordHasher({
    ...{ queueMax: config.hashQueueMax, waitMsMax: config.hashWaitMs, processes: config.workers },
    ...(meter === undefined ? {} : { meter }),
    ...(hashWork === undefined ? {} : { work: hashWork }),
  });
  const abilities: MailAbilities = { takesUnicode: config.email.kind === 'outbox' };
  const core: Core = {
    work: store,
    clock,
    secrets: box,
    hasher,
    composer: createMessageComposer(address, texts?.messages),
    sms,
    isCommonPassword: lists.isCommon,
    humanity: config.challenge === 'none' ? null : await loadProofOfWork(box),
    policy: {
      isProduction,
      signupAppId,
      tellsAccounts,
      networkQuotas,
      networkFactors,
      guessQuota,
      ownActQuotas,
      staffLimits,
      messageLimits,
      outboxChannels: channels.filter((channel) => config[channel].kind === 'outbox'),
      auditMs,
    },
    staffFactors: staffFactorChecks,
    providers: providers.directory,
    ledger: records.ledger,
    refused: new RefusedDeletions(),
    publicKeys: records.publicKeys,
    remains: store.remains,
    running: new Set(),
    signInGate: new SignInGate(),
    passwordChanges: new PasswordChanges(),
    tally: new AuditTally(),
    keyUses: new KeyUses(),
    shed: new ShedRequests(),
    takesUnicodeAddresses: () => abilities.takesUnicode,
    issuer: () => address.publicUrl,
  };
  const replayed = await replayLedger(core, {
    takesOther: secrets.databaseUrl !== null || isRestored,
  }).catch(closeAfter);
  return {
    core,
    config,
    store,
    hasher,
    address,
    providers,
    abilities,
    pageTexts: texts?.pages ?? new Map(),
    replayed,
    maintenance: store,
    applied,
    version: schemaVersion,
    close,
  };
}

/** Loaded only where it is used, so that other deployments and commands start sooner. */
async function loadProofOfWork(box: SecretBox): Promise<HumanityCheck> {
  const { createProofOfWork } = await import('../gateways/proof-of-work.ts');
  return createProofOfWork(box);
}
