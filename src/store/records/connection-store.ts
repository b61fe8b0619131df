/**
 * Connections as rows. Each change names the version that it has read, so of two changes from one version only one
 * succeeds. The refresh job claims connections (`lease-claim.ts`); each claim is counted as a refresh without an answer.
 */
import { sql } from 'kysely';
import { refuse } from '../../core/errors.ts';
import type { OrgKey, UserId } from '../../core/ids.ts';
import type {
  Connection,
  ConnectionChanges,
  ConnectionCount,
  ConnectionFilter,
  ConnectionQueue,
  ConnectionState,
  ConnectionStore,
  NewConnection,
} from '../../core/providers/connection.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import { leaseClaim } from './lease-claim.ts';

type ById = { orgKey: number; id: string };
type OfUser = { orgKey: number; userId: string };

const columns = [
  'connections.org_key as orgKey',
  'connections.id as id',
  'connections.user_id as userId',
  'connections.provider as provider',
  'connections.status as status',
  'connections.connected_at as connectedAt',
  'connections.last_sync_at as lastSyncAt',
  'connections.sealed_grants as sealedGrants',
  'connections.account_digest as accountDigest',
  'connections.refresh_at as refreshAt',
  'connections.unanswered as unanswered',
  'connections.refresh_failures as refreshFailures',
  'connections.refresh_refusals as refreshRefusals',
  'connections.refresh_outcome as refreshOutcome',
  'connections.version as version',
  'connections.created_at as createdAt',
  'connections.updated_at as updatedAt',
] as const;

const insertConnection = statement((p: Binder<ById & OfUser & { provider: string; createdAt: number }>) =>
  build.insertInto('connections').values({
    org_key: p('orgKey'),
    id: p('id'),
    user_id: p('userId'),
    provider: p('provider'),
    status: 'pending',
    connected_at: null,
    last_sync_at: null,
    sealed_grants: null,
    account_digest: null,
    refresh_at: null,
    unanswered: 0,
    refresh_failures: 0,
    refresh_refusals: 0,
    refresh_outcome: null,
    version: 1,
    created_at: p('createdAt'),
    updated_at: p('createdAt'),
  }),
);

const byId = (p: Binder<ById>) =>
  build
    .selectFrom('connections')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'));

const selectOne = statement((p: Binder<ById>) => byId(p));
const lockOne = statement((p: Binder<ById>) => byId(p).forUpdate());

const ofUser = (p: Binder<OfUser>) =>
  build
    .selectFrom('connections')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .orderBy('seq', 'desc');

const selectOfUser = statement((p: Binder<OfUser>) => ofUser(p));
const lockOfUser = statement((p: Binder<OfUser>) => ofUser(p).forUpdate());

type Changed = Required<{ [K in keyof ConnectionChanges]: Exclude<ConnectionChanges[K], undefined> }>;

const updateConnection = statement((p: Binder<ById & Changed & { version: number }>) =>
  build
    .updateTable('connections')
    .set((row) => ({
      status: p('status'),
      connected_at: p('connectedAt'),
      sealed_grants: p('sealedGrants'),
      account_digest: p('accountDigest'),
      refresh_at: p('refreshAt'),
      unanswered: p('unanswered'),
      refresh_failures: p('refreshFailures'),
      refresh_refusals: p('refreshRefusals'),
      refresh_outcome: p('refreshOutcome'),
      updated_at: p('updatedAt'),
      version: row('version', '+', 1),
    }))
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('version', '=', p('version')),
);

const deleteEnded = statement((p: Binder<ById>) =>
  build
    .deleteFrom('connections')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('status', '=', 'revoked'),
);

type Linked = { orgKey: number; accountDigest: string; appId: string; userId: string };

const selectLinkedElsewhere = statement((p: Binder<Linked>) =>
  build
    .selectFrom('connections')
    .innerJoin('users', (join) =>
      join.onRef('users.org_key', '=', 'connections.org_key').onRef('users.id', '=', 'connections.user_id'),
    )
    .innerJoin('apps', 'apps.app_key', 'users.app_key')
    .select('connections.id as id')
    .where('connections.org_key', '=', p('orgKey'))
    .where('connections.account_digest', '=', p('accountDigest'))
    .where('connections.user_id', '<>', p('userId'))
    .where('apps.id', '=', p('appId'))
    .limit(1),
);

/** The grant does not change, so the version stays and a refresh that is running is not disturbed. */
const updateSync = statement((p: Binder<ById & { at: number; latest: number }>) =>
  build
    .updateTable('connections')
    .set({ last_sync_at: p('at') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where((row) =>
      row.or([
        row('last_sync_at', 'is', null),
        row('last_sync_at', '<', p('at')),
        row('last_sync_at', '>', p('latest')),
      ]),
    ),
);

const claimDue = leaseClaim<Connection>({
  table: 'connections',
  order: ['refresh_at'],
  state: { column: 'status', open: ['active'] },
  by: 'provider',
  counters: ['unanswered', 'version'],
  columns,
});

const newest = (p: Binder<{ limit: number }>) =>
  build.selectFrom('connections').select(columns).orderBy('seq', 'desc').limit(p('limit'));

const selectNewest = statement((p: Binder<{ limit: number }>) => newest(p));
const selectNewestIn = statement((p: Binder<{ limit: number; status: ConnectionState }>) =>
  newest(p).where('status', '=', p('status')),
);
const countAll = statement((_: Binder<Record<never, never>>) =>
  build
    .selectFrom('connections')
    .select(['provider', 'status'])
    .select((row) => [
      row.fn.countAll<number>().as('count'),
      sql<number>`count(case when refresh_failures > 0 then 1 end)`.as('failing'),
      sql<string | null>`max(case when refresh_failures > 0 then refresh_outcome end)`.as('outcome'),
    ])
    .groupBy(['provider', 'status'])
    .orderBy('provider')
    .orderBy('status'),
);

export class SqlConnectionStore implements ConnectionStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert({ id, userId, provider, createdAt }: NewConnection): Promise<Connection> {
    const values = { orgKey: this.#orgKey, id, userId, provider, createdAt };
    await this.#scope.executor.run(insertConnection, values);
    return {
      ...values,
      status: 'pending',
      connectedAt: null,
      lastSyncAt: null,
      sealedGrants: null,
      accountDigest: null,
      refreshAt: null,
      unanswered: 0,
      refreshFailures: 0,
      refreshRefusals: 0,
      refreshOutcome: null,
      version: 1,
      updatedAt: createdAt,
    };
  }

  async find(id: string): Promise<Connection | null> {
    return (await this.#scope.executor.first(selectOne, { orgKey: this.#orgKey, id })) ?? null;
  }

  async lock(id: string): Promise<Connection | null> {
    return (await this.#scope.executor.first(lockOne, { orgKey: this.#orgKey, id })) ?? null;
  }

  listOf(userId: UserId): Promise<readonly Connection[]> {
    return this.#scope.executor.rows(selectOfUser, { orgKey: this.#orgKey, userId });
  }

  lockOf(userId: UserId): Promise<readonly Connection[]> {
    return this.#scope.executor.rows(lockOfUser, { orgKey: this.#orgKey, userId });
  }

  async isLinkedElsewhere(wanted: Omit<Linked, 'orgKey'>): Promise<boolean> {
    const { executor } = this.#scope;
    await executor.lockName(`account ${this.#orgKey} ${wanted.accountDigest}`);
    return (await executor.first(selectLinkedElsewhere, { ...wanted, orgKey: this.#orgKey })) !== undefined;
  }

  async noteSync(id: string, at: number, latest: number): Promise<void> {
    await this.#scope.executor.run(updateSync, { orgKey: this.#orgKey, id, at, latest });
  }

  async update(connection: Connection, changes: ConnectionChanges): Promise<Connection> {
    const changed = { ...connection, ...changes };
    const count = await this.#scope.executor.run(updateConnection, {
      ...changed,
      orgKey: this.#orgKey,
      version: connection.version,
    });
    if (count === 0) throw refuse('wrong_state', { from: connection.status, to: changed.status });
    return { ...changed, version: connection.version + 1 };
  }

  async forget(id: string): Promise<void> {
    await this.#scope.executor.run(deleteEnded, { orgKey: this.#orgKey, id });
  }
}

/** Joined to the organizations, so that the primary key of connections serves. */
const selectById = statement((p: Binder<{ id: string }>) =>
  build
    .selectFrom('organizations')
    .innerJoin('connections', 'connections.org_key', 'organizations.org_key')
    .select(columns)
    .where('connections.id', '=', p('id')),
);

export class SqlConnectionQueue implements ConnectionQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  claimRefreshes(
    provider: string,
    now: number,
    leaseMs: number,
    limit: number,
  ): Promise<readonly Connection[]> {
    return claimDue(this.#scope.executor, { by: provider, now, leaseMs, limit });
  }

  async find(id: string): Promise<Connection | null> {
    return (await this.#scope.executor.first(selectById, { id })) ?? null;
  }

  list({ status }: ConnectionFilter, limit: number): Promise<readonly Connection[]> {
    const { executor } = this.#scope;
    return status === undefined
      ? executor.rows(selectNewest, { limit })
      : executor.rows(selectNewestIn, { limit, status });
  }

  count(): Promise<readonly ConnectionCount[]> {
    return this.#scope.executor.rows(countAll, {});
  }
}
