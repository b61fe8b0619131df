/** Acts on many people, and who is left to do. */
import { sql } from 'kysely';
import type { OrgKey, UserId } from '../../../core/ids.ts';
import type {
  BulkAct,
  BulkActName,
  BulkActStore,
  BulkChanges,
  BulkState,
} from '../../../core/people/bulk-act.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

const columns = [
  'org_key as orgKey',
  'id',
  'act',
  'act_value as value',
  'made_by as madeBy',
  'state',
  'total',
  'planned',
  'changed',
  'failed',
  'created_at as createdAt',
] as const;

type BulkRow = Omit<BulkAct, 'planned' | 'failed' | 'value'> & {
  readonly value: string | null;
  readonly planned: string;
  readonly failed: string;
};
type ById = { orgKey: number; id: string };
type OfPerson = ById & { userId: string };

const insertBulk = statement(
  (
    p: Binder<
      ById & {
        act: BulkActName;
        value: string | null;
        madeBy: string;
        state: BulkState;
        total: number;
        planned: string;
        changed: number;
        failed: string;
        createdAt: number;
      }
    >,
  ) =>
    build.insertInto('bulk_acts').values({
      org_key: p('orgKey'),
      id: p('id'),
      act: p('act'),
      act_value: p('value'),
      made_by: p('madeBy'),
      state: p('state'),
      total: p('total'),
      planned: p('planned'),
      changed: p('changed'),
      failed: p('failed'),
      created_at: p('createdAt'),
    }),
);

/** Of a person who was deleted since the plan was made, there is no row. */
const insertPerson = statement((p: Binder<OfPerson & { createdAt: number }>) =>
  build
    .insertInto('bulk_act_users')
    .columns(['org_key', 'bulk_id', 'user_id', 'leased_until', 'created_at'])
    .expression(
      build
        .selectFrom('users')
        .select((row) => [
          'org_key',
          row.cast<string>(p('id'), 'text').as('bulk_id'),
          'id',
          sql<number>`0`.as('leased_until'),
          row.cast<number>(p('createdAt'), 'bigint').as('created_at'),
        ])
        .where('org_key', '=', p('orgKey'))
        .where('id', '=', p('userId')),
    ),
);

const byId = (p: Binder<ById>) =>
  build.selectFrom('bulk_acts').select(columns).where('org_key', '=', p('orgKey')).where('id', '=', p('id'));
const selectOne = statement((p: Binder<ById>) => byId(p));
const lockOne = statement((p: Binder<ById>) => byId(p).forUpdate());

const selectOpen = statement((p: Binder<{ orgKey: number; madeBy: string; limit: number }>) =>
  build
    .selectFrom('bulk_acts')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('made_by', '=', p('madeBy'))
    .where('state', 'in', ['planned', 'running'])
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(p('limit')),
);

const updateOne = statement((p: Binder<ById & { state: BulkState; changed: number; failed: string }>) =>
  build
    .updateTable('bulk_acts')
    .set({ state: p('state'), changed: p('changed'), failed: p('failed') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const countPeople = statement((p: Binder<ById>) =>
  build
    .selectFrom('bulk_act_users')
    .select((row) => row.fn.countAll<number>().as('left'))
    .where('org_key', '=', p('orgKey'))
    .where('bulk_id', '=', p('id')),
);

/** A lease that ends further ahead than a lease can was written while the clock was wrong: it does not hold. */
const selectFree = statement((p: Binder<ById & { now: number; latest: number; limit: number }>) =>
  build
    .selectFrom('bulk_act_users')
    .select('user_id as userId')
    .where('org_key', '=', p('orgKey'))
    .where('bulk_id', '=', p('id'))
    .where((row) => row.or([row('leased_until', '<=', p('now')), row('leased_until', '>', p('latest'))]))
    .orderBy('user_id')
    .limit(p('limit')),
);

const leasePerson = statement((p: Binder<OfPerson & { until: number }>) =>
  build
    .updateTable('bulk_act_users')
    .set({ leased_until: p('until') })
    .where('org_key', '=', p('orgKey'))
    .where('bulk_id', '=', p('id'))
    .where('user_id', '=', p('userId')),
);

const deletePerson = statement((p: Binder<OfPerson>) =>
  build
    .deleteFrom('bulk_act_users')
    .where('org_key', '=', p('orgKey'))
    .where('bulk_id', '=', p('id'))
    .where('user_id', '=', p('userId')),
);

const deletePeople = statement((p: Binder<ById>) =>
  build.deleteFrom('bulk_act_users').where('org_key', '=', p('orgKey')).where('bulk_id', '=', p('id')),
);

export class SqlBulkActStore implements BulkActStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(bulk: Omit<BulkAct, 'orgKey'>, userIds: readonly UserId[]): Promise<void> {
    const { executor } = this.#scope;
    const orgKey = this.#orgKey;
    const { planned, failed, id, createdAt } = bulk;
    const value = bulk.value === null ? null : JSON.stringify(bulk.value);
    const texts = { value, planned: JSON.stringify(planned), failed: JSON.stringify(failed) };
    await executor.run(insertBulk, { ...bulk, ...texts, orgKey });
    await Promise.all(userIds.map((userId) => executor.run(insertPerson, { orgKey, id, userId, createdAt })));
  }

  async find(id: string): Promise<BulkAct | null> {
    return toBulk(await this.#scope.executor.first(selectOne, { orgKey: this.#orgKey, id }));
  }

  async lock(id: string): Promise<BulkAct | null> {
    return toBulk(await this.#scope.executor.first(lockOne, { orgKey: this.#orgKey, id }));
  }

  async listOpen(madeBy: string, limit: number): Promise<readonly BulkAct[]> {
    const rows = await this.#scope.executor.rows(selectOpen, { orgKey: this.#orgKey, madeBy, limit });
    return rows.map(toBulk).filter((bulk) => bulk !== null);
  }

  async update(id: string, changes: BulkChanges): Promise<void> {
    const present = await this.find(id);
    if (present === null) return;
    const { state, changed, failed } = { ...present, ...changes };
    const values = { orgKey: this.#orgKey, id, state, changed, failed: JSON.stringify(failed) };
    await this.#scope.executor.run(updateOne, values);
  }

  async countLeft(id: string): Promise<number> {
    return (await this.#scope.executor.first(countPeople, { orgKey: this.#orgKey, id }))?.left ?? 0;
  }

  /** The caller has locked the bulk act, so no other claim selects the same people. */
  async claim(
    id: string,
    { now, leaseMs, limit }: { readonly now: number; readonly leaseMs: number; readonly limit: number },
  ): Promise<readonly UserId[]> {
    const { executor } = this.#scope;
    const own = { orgKey: this.#orgKey, id };
    const until = now + leaseMs;
    const free = await executor.rows(selectFree, { ...own, now, latest: until, limit });
    await Promise.all(free.map(({ userId }) => executor.run(leasePerson, { ...own, userId, until })));
    return free.map(({ userId }) => userId);
  }

  async dropLeft(id: string): Promise<void> {
    await this.#scope.executor.run(deletePeople, { orgKey: this.#orgKey, id });
  }

  async settle(id: string, userId: UserId): Promise<boolean> {
    return (await this.#scope.executor.run(deletePerson, { orgKey: this.#orgKey, id, userId })) === 1;
  }
}

function toBulk(row: BulkRow | undefined): BulkAct | null {
  if (row === undefined) return null;
  const value = row.value === null ? null : JSON.parse(row.value);
  return { ...row, value, planned: JSON.parse(row.planned), failed: JSON.parse(row.failed) };
}
