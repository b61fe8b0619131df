/**
 * The store in one SQLite file.
 *
 * The file has several database connections. One writes, in groups of changes that share a durable commit. One
 * reads, and never waits for a write. One reads through whole tables and keeps none of their pages in memory. Other
 * processes may have the same file open.
 *
 * An outage (a full disk, a failing one, a lock that stays taken) is the refusal `unavailable` for the caller;
 * `onOutage` gets the error itself, for the log. A page that cannot be read is the refusal `damaged`, because no retry
 * helps.
 */
import { chmodSync, closeSync, existsSync, openSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CountReport,
  EmailPair,
  SearchReport,
  StoreMeasurements,
} from '../../core/deployment/maintenance.ts';
import { errorCodeOf } from '../../core/error-code.ts';
import { refuse } from '../../core/errors.ts';
import type { OrgKey } from '../../core/ids.ts';
import { systemClock } from '../../core/time.ts';
import type { SystemReason, SystemTx, Tx } from '../../core/unit-of-work.ts';
import { type CountShape, defaultCountShape } from '../counts/count-change.ts';
import { JobMarks } from '../counts/job-marks.ts';
import { CountLedger } from '../counts/user-counts.ts';
import { type CountDatabase, checkCounts, repairCounts } from '../counts/user-recount.ts';
import { Claimants } from '../folder/claimants.ts';
import { type FolderLock, removeRestoreDraft, shareFolder } from '../folder/folder-lock.ts';
import { migrate } from '../migrate.ts';
import { migrations, schemaVersion } from '../migrations/all-migrations.ts';
import { EventArchive } from '../records/audit/event-archive.ts';
import { findWrongLists } from '../records/audit/event-recount.ts';
import { freeErasures } from '../records/erasure-store.ts';
import { freeRevocations } from '../records/revocation-store.ts';
import { StoreSystemTx, StoreTx } from '../records/transaction.ts';
import { checkSearch } from '../search/search-check.ts';
import { sqliteDialect } from '../sql/dialect.ts';
import type { Executor } from '../sql/executor.ts';
import type { FileStoreOptions, Store, StoreCondition } from '../store.ts';
import { AppKeys } from '../users/app-keys.ts';
import { listEmailPairs } from '../users/email-pairs.ts';
import type { Scope } from '../users/scope.ts';
import { SqliteCheckpoints } from './checkpoint.ts';
import { SqliteConnection } from './connection.ts';
import { SqliteDamage } from './damage.ts';
import { ReadExecutor } from './executor.ts';
import { FileNames, FilesLostError } from './file-names.ts';
import { type ChangeScope, GroupCommit } from './group-commit.ts';
import { integrityProblems } from './integrity.ts';
import { SqliteMigrationTarget } from './migration.ts';
import { SqliteRemains } from './remains/remains.ts';

export const databaseFile = 'roster.db';

const batchMax = 256;
const queueMax = 10_000;
const defaultLockWaitMs = 5_000;
/** The pause between two steps of a repair, so that others get the lock. */
const repairPauseMs = 5;
const mebibyte = 1024 * 1024;
const connectionSizes = {
  writer: { isReadOnly: false, cacheKib: 8 * 1024, mmapBytes: 1024 * mebibyte },
  /**
   * 256 MiB of log: rows are spread over all indexes, and each page is written once for many commits. The file is
   * not mapped: every touched page of a map would count as memory of the process.
   */
  bulkWriter: { isReadOnly: false, cacheKib: 32 * 1024, mmapBytes: 0, logPages: 64_000 },
  reader: { isReadOnly: true, cacheKib: 64 * 1024, mmapBytes: 1024 * mebibyte },
  /** Small and without a map of the file, because pages of a long read are not needed again. */
  bulkReader: { isReadOnly: true, cacheKib: 4 * 1024, mmapBytes: 0 },
};

/**
 * Creates the file where there is none, readable by its owner alone, whatever the folder allows; SQLite gives its
 * log the same mode. An existing file is not opened: closing it would release SQLite's locks. A copied file may have
 * lost its mode, and gets it back.
 */
function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!existsSync(file)) throw error;
    for (const path of [file, `${file}-wal`, `${file}-shm`]) takeBackMode(path);
  }
}

function takeBackMode(path: string): void {
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    // The log may be absent, and a file of another owner is the operator's to protect.
    if (!['ENOENT', 'EPERM'].includes(errorCodeOf(error))) throw error;
  }
}

export class SqliteStore implements Store {
  readonly remains: SqliteRemains;
  readonly #file: string;
  readonly #lock: FolderLock;
  readonly #claimants: Claimants;
  readonly #claimant = (): number => this.#claimants.own;
  readonly #writer: SqliteConnection;
  readonly #reader: SqliteConnection;
  readonly #bulkReader: SqliteConnection;
  readonly #commits: GroupCommit;
  readonly #checkpoints: SqliteCheckpoints;
  readonly #names: FileNames;
  readonly #damage: SqliteDamage;
  readonly #appKeys: AppKeys;
  readonly #readScope: Scope;
  readonly #countShape: CountShape;
  readonly #onOutage: (error: unknown) => void;

  constructor(options: FileStoreOptions) {
    this.#lock = shareFolder(options.dataDir);
    this.#claimants = new Claimants(options.dataDir);
    removeRestoreDraft(options.dataDir);
    const named = join(options.dataDir, databaseFile);
    makePrivateFile(named);
    // SQLite keeps the write-ahead log beside the target of a symbolic link.
    const file = realpathSync(named);
    this.#file = file;
    // The writer comes first: it makes the file a database, and a reader of an empty file fails.
    this.#writer = new SqliteConnection(
      file,
      options.isBulk === true ? connectionSizes.bulkWriter : connectionSizes.writer,
    );
    this.#reader = new SqliteConnection(file, connectionSizes.reader);
    this.#bulkReader = new SqliteConnection(file, connectionSizes.bulkReader);
    const countShape = options.countShape ?? defaultCountShape;
    this.#countShape = countShape;
    this.#names = new FileNames(named, file);
    this.#damage = new SqliteDamage({ names: this.#names, onFound: options.onDamage ?? (() => {}) });
    this.#commits = new GroupCommit(this.#writer, {
      refuseLost: () => this.#names.refuseLost(),
      batchMax,
      queueMax,
      countShape,
      marks: new JobMarks(),
      lockWaitMs: options.lockWaitMs ?? defaultLockWaitMs,
      refusalOf: (error) => this.#refusalOf(error),
      onWritten: (changes, ms) => {
        options.onWritten?.(changes, ms);
        if (options.isBulk !== true) this.#checkpoints.noteCommit();
      },
      onCommitted: options.onCommitted ?? (() => {}),
      onMessages: options.onMessages ?? (() => {}),
    });
    this.#checkpoints = new SqliteCheckpoints({
      ...{ names: this.#names, connection: this.#writer, commits: this.#commits },
      onCopied: options.onCheckpoint ?? (() => {}),
    });
    this.remains = new SqliteRemains({
      ...{ dataDir: options.dataDir, names: this.#names },
      connection: this.#writer,
      commits: this.#commits,
      checkpoints: this.#checkpoints,
    });
    this.#onOutage = options.onOutage ?? (() => {});
    const executor = new ReadExecutor({
      reader: this.#reader,
      bulkReader: this.#bulkReader,
      refusalOf: (error) => this.#refusalOf(error),
    });
    this.#appKeys = new AppKeys(executor);
    this.#readScope = {
      executor,
      appKeys: this.#appKeys,
      counts: new CountLedger(countShape),
      notifyAfterCommit: () => {},
      reportAfterCommit: () => {},
    };
  }

  change<T>(orgKey: OrgKey, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#commits.change((scope) => work(new StoreTx(this.#scopeOf(scope), orgKey)));
  }

  read<T>(orgKey: OrgKey, work: (tx: Tx) => Promise<T>): Promise<T> {
    return work(new StoreTx(this.#readScope, orgKey));
  }

  changeSystem<T>(_reason: SystemReason, work: (tx: SystemTx) => Promise<T>): Promise<T> {
    return this.#commits.change((scope) => work(new StoreSystemTx(this.#scopeOf(scope))));
  }

  readSystem<T>(_reason: SystemReason, work: (tx: SystemTx) => Promise<T>): Promise<T> {
    return work(new StoreSystemTx(this.#readScope));
  }

  leavesOut(): boolean {
    return false;
  }

  migrate(): Promise<number> {
    return migrate(new SqliteMigrationTarget(this.#writer), systemClock.now(), migrations);
  }

  async ping(): Promise<void> {
    const version = await this.#answer(() => new SqliteMigrationTarget(this.#reader).version());
    if (version !== schemaVersion) throw refuse('unavailable', { retryAfterSeconds: 1 });
  }

  async condition(): Promise<StoreCondition> {
    return { files: await this.#names.find(), isDamaged: this.#damage.isMet };
  }

  checkCounts(orgKey: OrgKey): Promise<CountReport> {
    return this.#readScope.executor.snapshot((view) => checkCounts(view, orgKey));
  }

  repairCounts(orgKey: OrgKey): Promise<void> {
    const commits = this.#commits;
    const at: CountDatabase = {
      snapshot: (work) => this.#readScope.executor.snapshot(work),
      async change(work) {
        const result = await commits.change(work);
        await sleep(repairPauseMs);
        return result;
      },
      shape: this.#countShape,
    };
    return this.#answer(() => repairCounts(at, orgKey));
  }

  findWrongLists(orgKey: OrgKey): Promise<readonly string[]> {
    return this.#readScope.executor.snapshot((view) => findWrongLists(view, orgKey));
  }

  recountLists(orgKey: OrgKey, lists: readonly string[]): Promise<void> {
    const begin = (): Promise<void> =>
      this.#commits.change(({ executor }) => new EventArchive(executor, orgKey).beginAgain(lists));
    return this.#answer(begin);
  }

  checkSearch(orgKey: OrgKey, options: { readonly repairs: boolean }): Promise<SearchReport> {
    const at = {
      snapshot: <T>(work: (view: Executor) => Promise<T>) => this.#readScope.executor.snapshot(work),
      change: <T>(work: (scope: ChangeScope) => Promise<T>) => this.#commits.change(work),
    };
    return this.#answer(() => checkSearch(at, orgKey, options));
  }

  listEmailPairs(orgKey: OrgKey): Promise<readonly EmailPair[]> {
    return listEmailPairs(this.#readScope.executor, orgKey);
  }

  checkIntegrity(): Promise<readonly string[]> {
    return this.#answer(async () => integrityProblems(this.#reader.db));
  }

  measurements(): StoreMeasurements {
    const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return {
      changesWaiting: this.#commits.waiting,
      file: { bytes: bytesOf(this.#file), logBytes: bytesOf(`${this.#file}-wal`) },
      connections: [],
      lateReads: null,
    };
  }

  async freeClaims(now: number): Promise<void> {
    const ended = this.#claimants.holdEnded();
    try {
      if (ended.numbers.length === 0) return;
      await this.#commits.change(async ({ executor, touch }) => {
        for (const claimedBy of ended.numbers) {
          for (const free of [freeErasures, freeRevocations]) await executor.run(free, { now, claimedBy });
        }
        touch('erasures');
        touch('revocations');
      });
    } finally {
      ended.release();
    }
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#commits.close(),
      this.#checkpoints.close(),
      this.remains.close(),
      this.#damage.close(),
    ]);
    this.#bulkReader.close();
    this.#reader.close();
    this.#writer.close();
    this.#claimants.close();
    this.#lock.release();
  }

  #scopeOf({ executor, counts, touch, report }: ChangeScope): Scope {
    const appKeys = this.#appKeys;
    const claimant = this.#claimant;
    return { executor, counts, notifyAfterCommit: touch, reportAfterCommit: report, appKeys, claimant };
  }

  async #answer<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw this.#refusalOf(error);
    }
  }

  /** The refusal for an outage, or for damage; any other error unchanged. */
  #refusalOf(error: unknown): unknown {
    if (sqliteDialect.isDamage(error)) {
      this.#damage.meet();
      return refuse('damaged', {});
    }
    if (!sqliteDialect.isOutage(error) && !(error instanceof FilesLostError)) return error;
    this.#onOutage(error);
    return refuse('unavailable', { retryAfterSeconds: 1 });
  }
}
