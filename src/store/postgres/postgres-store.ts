/**
 * The store on PostgreSQL: connections to one database that any number of processes share. It caches nothing that
 * another process could change, so a commit of one process is visible to all others immediately.
 *
 * During an outage (the database is away, full, restarting or does not answer) each caller gets the refusal
 * `unavailable`, and `onOutage` gets the cause, for the log. When the database is back, it is used again.
 */

import type {
  CountReport,
  EmailPair,
  SearchReport,
  StoreMeasurements,
} from '../../core/deployment/maintenance.ts';
import { noRemains } from '../../core/erasure/remains.ts';
import { errorCodeOf } from '../../core/error-code.ts';
import { refuse } from '../../core/errors.ts';
import type { OrgKey } from '../../core/ids.ts';
import { hourMs, systemClock } from '../../core/time.ts';
import type {
  ChangeOptions,
  ReadOptions,
  SystemChangeOptions,
  SystemReason,
  SystemTx,
  Tx,
} from '../../core/unit-of-work.ts';
import { type CountShape, defaultCountShape } from '../counts/count-change.ts';
import { JobMarks } from '../counts/job-marks.ts';
import { CountLedger } from '../counts/user-counts.ts';
import { checkCounts, repairCounts } from '../counts/user-recount.ts';
import { migrate } from '../migrate.ts';
import { migrations, schemaVersion } from '../migrations/all-migrations.ts';
import { EventArchive } from '../records/audit/event-archive.ts';
import { findWrongLists } from '../records/audit/event-recount.ts';
import { StoreSystemTx, StoreTx } from '../records/transaction.ts';
import { checkSearch } from '../search/search-check.ts';
import { postgresDialect } from '../sql/dialect.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { PostgresStoreOptions, Store, StoreCondition } from '../store.ts';
import { AppKeys } from '../users/app-keys.ts';
import { listEmailPairs } from '../users/email-pairs.ts';
import type { Scope } from '../users/scope.ts';
import type { ChangeScope } from './changes/batch.ts';
import { PostgresChanges } from './changes/changes.ts';
import type { PostgresTimeouts } from './connection.ts';
import { mayBeMachine } from './errors.ts';
import { integrityProblems } from './integrity.ts';
import { withMigrationTarget } from './migration.ts';
import { PostgresPool } from './pool.ts';
import { PostgresReadExecutor } from './reads/read-executor.ts';
import { StandbyReads } from './reads/standby-reads.ts';
import type { MachineWatch } from './sharding/machine-watch.ts';
import type { Outage } from './sharding/outage.ts';
import { ReachableExecutor } from './sharding/reachable-executor.ts';

const selectVersion = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('schema_migrations').select((row) => row.fn.max('version').as('version')),
);

/** The name that an exclusive change locks. */
const exclusiveName = 'operator';

const batchMax = 32;
const queueMax = 10_000;
const defaultPoolSize = 10;
const defaultTimeouts: PostgresTimeouts = { connectMs: 3_000, statementMs: 10_000, lockMs: 5_000 };
/** PostgreSQL's code for a table that does not exist. */
const undefinedTable = '42P01';

export class PostgresStore implements Store {
  readonly remains = noRemains;
  readonly #options: PostgresStoreOptions;
  readonly #countShape: CountShape;
  readonly #timeouts: PostgresTimeouts;
  readonly #pool: PostgresPool;
  readonly #standbys: StandbyReads | null;
  readonly #changes: PostgresChanges;
  readonly #reads: PostgresReadExecutor;
  readonly #readScope: Scope;
  readonly #machines: MachineWatch;
  #isAway = false;
  #isDamaged = false;
  /** The damaged pages that were told, by name, and when. */
  readonly #told = new Map<string, number>();

  constructor(options: PostgresStoreOptions) {
    const { databaseUrl: url, poolSize = defaultPoolSize, lockWaitMs = defaultTimeouts.lockMs } = options;
    const countShape = options.countShape ?? defaultCountShape;
    this.#options = options;
    this.#countShape = countShape;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts, lockMs: lockWaitMs };
    this.#pool = new PostgresPool({ url, size: poolSize, timeouts: this.#timeouts });
    const { readUrl = null } = options;
    this.#standbys =
      readUrl === null
        ? null
        : new StandbyReads({
            url: readUrl,
            size: Math.ceil(poolSize / 2),
            timeouts: this.#timeouts,
            leader: this.#pool.reads,
            onOutage: options.onStandbyOutage ?? (() => {}),
          });
    this.#changes = new PostgresChanges(this.#pool.changes, {
      batchMax,
      queueMax,
      waitMaxMs: this.#timeouts.lockMs,
      countShape,
      marks: new JobMarks(),
      onWritten: options.onWritten ?? (() => {}),
      onCommitted: options.onCommitted ?? (() => {}),
      onMessages: options.onMessages ?? (() => {}),
    });
    this.#reads = new PostgresReadExecutor(this.#pool);
    this.#machines = this.#pool.machines;
    this.#readScope = {
      executor: this.#reads,
      appKeys: new AppKeys(this.#reads),
      counts: new CountLedger(countShape),
      notifyAfterCommit: () => {},
      reportAfterCommit: () => {},
    };
  }

  change<T>(orgKey: OrgKey, work: (tx: Tx) => Promise<T>, options?: ChangeOptions): Promise<T> {
    return this.#answer(() =>
      this.#changes.change(orgKey, (scope) => work(new StoreTx(this.#scopeOf(scope), orgKey)), options),
    );
  }

  read<T>(orgKey: OrgKey, work: (tx: Tx) => Promise<T>, { mayBeLate = false }: ReadOptions = {}): Promise<T> {
    return this.#answer(async () => {
      const late = mayBeLate
        ? await this.#standbys?.read((executor) =>
            work(new StoreTx({ ...this.#readScope, executor }, orgKey)),
          )
        : null;
      return late ? late.value : work(new StoreTx(this.#readScope, orgKey));
    });
  }

  changeSystem<T>(
    reason: SystemReason,
    work: (tx: SystemTx) => Promise<T>,
    { isExclusive = false, isAwaited = false }: SystemChangeOptions = {},
  ): Promise<T> {
    // Changes of no organization have three queues. The changes of one queue run one after the other.
    const queue = isExclusive ? 'exclusive' : isAwaited ? 'awaited' : 'other';
    return this.#answerSystem(() =>
      this.#changes.change(queue, async (scope) => {
        if (isExclusive) await scope.executor.lockName(exclusiveName);
        return work(new StoreSystemTx(this.#systemScopeOf(reason, this.#scopeOf(scope))));
      }),
    );
  }

  readSystem<T>(reason: SystemReason, work: (tx: SystemTx) => Promise<T>): Promise<T> {
    return this.#answerSystem(() => work(new StoreSystemTx(this.#systemScopeOf(reason, this.#readScope))));
  }

  leavesOut(): boolean {
    return this.#machines.outage !== null;
  }

  migrate(): Promise<number> {
    const { databaseUrl: url } = this.#options;
    return withMigrationTarget({ url, connectMs: this.#timeouts.connectMs }, (target) =>
      migrate(target, systemClock.now(), migrations),
    );
  }

  async ping(): Promise<void> {
    const row = await this.#answer(() => this.#reads.first(selectVersion, {}));
    if (row?.version !== schemaVersion) throw refuse('unavailable', { retryAfterSeconds: 1 });
  }

  async condition(): Promise<StoreCondition> {
    await this.#machines.look();
    const awayMachines = this.#machines.outage?.machines ?? [];
    return { files: 'sound', isDamaged: this.#isDamaged, awayMachines };
  }

  checkCounts(orgKey: OrgKey): Promise<CountReport> {
    return this.#answer(() => this.#reads.longSnapshot((view) => checkCounts(view, orgKey)));
  }

  repairCounts(orgKey: OrgKey): Promise<void> {
    return this.#answer(() =>
      repairCounts(
        {
          snapshot: (work) => this.#reads.longSnapshot(work),
          change: (work) => this.#changes.change(orgKey, work),
          shape: this.#countShape,
        },
        orgKey,
      ),
    );
  }

  findWrongLists(orgKey: OrgKey): Promise<readonly string[]> {
    return this.#answer(() => this.#reads.longSnapshot((view) => findWrongLists(view, orgKey)));
  }

  recountLists(orgKey: OrgKey, lists: readonly string[]): Promise<void> {
    return this.#answer(() =>
      this.#changes.change(orgKey, ({ executor }) => new EventArchive(executor, orgKey).beginAgain(lists)),
    );
  }

  checkSearch(orgKey: OrgKey, options: { readonly repairs: boolean }): Promise<SearchReport> {
    const at = {
      snapshot: <T>(work: (view: Executor) => Promise<T>) => this.#reads.longSnapshot(work),
      change: <T>(work: (scope: ChangeScope) => Promise<T>) => this.#changes.change(orgKey, work),
    };
    return this.#answer(() => checkSearch(at, orgKey, options));
  }

  listEmailPairs(orgKey: OrgKey): Promise<readonly EmailPair[]> {
    return this.#answer(() => this.#reads.longSnapshot((view) => listEmailPairs(view, orgKey)));
  }

  checkIntegrity(): Promise<readonly string[]> {
    return this.#answer(() => this.#pool.reads.use(integrityProblems));
  }

  measurements(): StoreMeasurements {
    const { changes, reads } = this.#pool;
    return {
      changesWaiting: this.#changes.waiting,
      file: null,
      connections: [
        { use: 'changes', ...changes.measurements },
        { use: 'reads', ...reads.measurements },
      ],
      lateReads: this.#standbys?.answered ?? null,
    };
  }

  async freeClaims(): Promise<void> {}

  async close(): Promise<void> {
    await this.#changes.close();
    await this.#standbys?.close();
    await this.#pool.close();
  }

  #scopeOf(scope: ChangeScope): Scope {
    return { ...scope, appKeys: this.#readScope.appKeys };
  }

  #systemScopeOf(reason: SystemReason, scope: Scope): Scope {
    if (reason !== 'job') return scope;
    return { ...scope, executor: new ReachableExecutor(scope.executor, () => this.#machines.outage) };
  }

  /** As `#answer`. Where a machine turns out to be away, the work is tried once more without it. */
  #answerSystem<T>(work: () => Promise<T>): Promise<T> {
    return this.#answer(async () => {
      const { outage } = this.#machines;
      try {
        return await work();
      } catch (error) {
        if (!(await this.#hasLost(error, outage))) throw error;
        return work();
      }
    });
  }

  /** Whether the error tells of machines that were not known to be away before. */
  async #hasLost(error: unknown, known: Outage | null): Promise<boolean> {
    if (!mayBeMachine(error)) return false;
    if (this.#machines.outage === known) await this.#machines.look();
    const { outage } = this.#machines;
    return outage !== null && outage !== known;
  }

  async #isPartial(): Promise<boolean> {
    if (this.#machines.outage === null) await this.#machines.look();
    return this.#machines.outage !== null;
  }

  async #answer<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#isAway = false;
      return result;
    } catch (error) {
      if (postgresDialect.isDamage(error)) {
        this.#meetDamage(error);
        throw refuse('damaged', {});
      }
      const isUndefinedTable = errorCodeOf(error) === undefinedTable;
      if (!isUndefinedTable && !postgresDialect.isOutage(error)) throw error;
      // Machines that are away are told by the health of the server.
      if (mayBeMachine(error) && (await this.#isPartial()))
        throw refuse('unavailable', { retryAfterSeconds: 1 });
      // Of the many requests that fail in one outage, the first reports it.
      if (!this.#isAway) this.#options.onOutage?.(error);
      this.#isAway = true;
      throw refuse('unavailable', { retryAfterSeconds: 1 });
    }
  }

  #meetDamage(error: unknown): void {
    this.#isDamaged = true;
    const pages = placeOf(error);
    const name = pages.join();
    const now = performance.now();
    if (now - (this.#told.get(name) ?? Number.NEGATIVE_INFINITY) < toldMs) return;
    this.#told.set(name, now);
    this.#options.onDamage?.(pages);
  }
}

/** How long a damaged page is not told again. */
const toldMs = hourMs;

/** The page that PostgreSQL names in its message, such as `block 4 of relation base/16384/16397`; none where it names none. */
function placeOf(error: unknown): readonly string[] {
  const [place] =
    error instanceof Error ? (/block \d+ (of|in) (relation|file) \S+/.exec(error.message) ?? []) : [];
  return place === undefined ? [] : [place.replaceAll('"', '')];
}
