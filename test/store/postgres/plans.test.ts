/**
 * PostgreSQL finds rows by the intended index, for one caller and for many at the same time: in an empty table, and in an
 * organization that has nearly all users, nearly all of one status and one app. There, statistics would lead a planner
 * to scan the table.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newAppId } from '../../../src/core/ids.ts';
import { planning } from '../../../src/store/postgres/session-settings.ts';
import { namedForMany } from '../../../src/store/postgres/statements.ts';
import * as search from '../../../src/store/search/search-queries.ts';
import { postgresDialect } from '../../../src/store/sql/dialect.ts';
import {
  allStatements,
  compileStatement,
  type Statement,
  type Values,
} from '../../../src/store/sql/statement.ts';
import { queriesOf } from '../../../src/store/users/user-page-queries.ts';
import * as whole from '../../../src/store/users/user-queries.ts';
import { citus } from '../../support/postgres/postgres.ts';
import { addTenant, makePostgresStore, newUser, type PostgresOwnStore, type Tenant } from '../harness.ts';

const queries = queriesOf();
const users = 6_000;
const place = { limit: 20, beforeCreatedAt: 1e15, beforeSeq: 0, skip: 3, afterCreatedAt: 0, afterSeq: 0 };

const skip = citus !== undefined && 'a Citus cluster shows the plan of another machine as text';

describe('on PostgreSQL', { skip }, () => {
  let own: PostgresOwnStore;
  let tenant: Tenant;
  let appKey: number;
  let whileEmpty: Awaited<ReturnType<typeof follow>>;

  before(async () => {
    own = await makePostgresStore();
    tenant = await addTenant(own.store);
    whileEmpty = await follow(queries.page, { ...place, orgKey: tenant.orgKey });
    await own.store.change(tenant.orgKey, async (tx) => {
      const list = Array.from({ length: users }, (_, createdAt) => newUser(tenant, { createdAt }));
      await tx.users.insertAll(list);
    });
    await own.database.query('analyze');
    const [app] = await own.database.query('select app_key from apps');
    appKey = Number(app?.['app_key']);
  });
  after(() => own.dispose());

  /** The index that a statement follows, with a plan for any values, and how many rows it reads. */
  async function follow<P extends Values>(statement: Statement<P, unknown>, values: P) {
    const { sql, bind } = compileStatement(statement, postgresDialect.compiler);
    return explain(sql, bind(values).map(literalOf));
  }

  /** The same for the form with many sets of values. */
  async function followMany<P extends Values>(statement: Statement<P, unknown>, sets: readonly P[]) {
    const { named, columns } = namedForMany(statement, sets);
    return explain(
      named.sql,
      columns.map((values) => `array[${values.map(literalOf)}]`),
    );
  }

  async function explain(sql: string, literals: readonly string[]) {
    const [explained] = await own.database.query(
      `${planning}; prepare x as ${sql}; explain (analyze, format json) execute x (${literals.join()})`,
    );
    const steps = [...stepsOf(explained)];
    return {
      indexes: steps.map((step) => step['Index Name']).filter((name) => name !== undefined),
      isSorted: steps.some((step) => step['Node Type'] === 'Sort'),
      rows: Math.max(...steps.filter((step) => 'Index Name' in step).map((step) => rowsOf(step))),
    };
  }

  test('a list of all users follows their order', async () => {
    const { indexes, isSorted, rows } = await follow(queries.page, { ...place, orgKey: tenant.orgKey });
    assert.deepEqual([indexes, isSorted], [['users_order'], false]);
    assert.ok(rows <= place.limit + place.skip);
  });

  test('a list that was planned while the table was empty follows it too', () => {
    assert.deepEqual([whileEmpty.indexes, whileEmpty.isSorted], [['users_order'], false]);
  });

  test('lists of many callers in one statement follow it each', async () => {
    const { orgKey } = tenant;
    const sets = Array.from({ length: 8 }, (_, at) => ({
      ...place,
      orgKey,
      beforeCreatedAt: 500 * (at + 1),
    }));
    const { indexes, isSorted, rows } = await followMany(queries.page, sets);
    assert.deepEqual([indexes, isSorted], [['users_order'], false]);
    assert.ok(rows <= place.limit + place.skip);
  });

  test('users of many callers in one statement are found by one key each', async () => {
    const { orgKey } = tenant;
    const sets = Array.from({ length: 8 }, () => ({ orgKey, id: newAppId() }));
    const { indexes } = await followMany(queries.one.byId, sets);
    assert.deepEqual(indexes, ['users_pkey']);
  });

  for (const status of ['active', 'pending'] as const) {
    test(`a list of ${status} users follows the order of their status, for any number of users`, async () => {
      const values = { ...place, orgKey: tenant.orgKey, status };
      const { indexes, isSorted, rows } = await follow(queries.statusPage, values);
      assert.deepEqual([indexes, isSorted], [['users_status_order'], false]);
      assert.ok(rows <= place.limit + place.skip);
    });
  }

  for (const distance of [0, 1_000]) {
    test(`a list of an app with ${distance === 0 ? 'all' : 'no'} users follows the order of the app`, async () => {
      const values = { ...place, orgKey: tenant.orgKey, appKey: appKey + distance };
      const { indexes, isSorted, rows } = await follow(queries.ofAppAfter, values);
      assert.deepEqual([indexes, isSorted], [['users_app_order'], false]);
      assert.ok(rows <= place.limit);
    });
  }

  test('one user is found by one key', async () => {
    const { orgKey } = tenant;
    const byId = await follow(queries.one.byId, { orgKey, id: newAppId() });
    const byEmail = await follow(whole.selectByEmail, { orgKey, email: 'jane@example.com' });
    const byExternalId = await follow(queries.allByExternalId, { orgKey, externalId: 'a' });
    assert.deepEqual(byId.indexes, ['users_pkey']);
    assert.deepEqual(byEmail.indexes, ['users_email_canonical']);
    assert.deepEqual(byExternalId.indexes, ['users_external_id']);
  });

  test('a search reads few users, along one index each', async () => {
    const { orgKey } = tenant;
    const filter = { orgKey, ...search.filterValues({}, -1) };
    const list = {
      ...filter,
      limit: 20,
      beforeCreatedAt: 1e15,
      beforeSeq: 0,
      endCreatedAt: 5_900,
      endSeq: 0,
    };
    const bySeqs = { ...filter, ...search.lookUpValues([3, 5_000]) };
    const plans = {
      tail: await follow(search.selectTail, { ...filter, after: users - 40, before: 2 ** 48 }),
      tailStart: await follow(search.selectTailStart, { orgKey, after: 0, before: 2 ** 48, skip: 30 }),
      bySeqs: await follow(search.selectBySeqs, bySeqs),
      admins: await follow(search.selectAdmins, list),
      all: await follow(search.selectInOrder.all, list),
      status: await follow(search.selectInOrder.status, { ...list, status: 'active' }),
      app: await follow(search.selectInOrder.app, { ...list, appKey }),
      range: await follow(search.selectNextUsers, { orgKey, after: 0, before: 2 ** 48, limit: 40 }),
    };
    assert.deepEqual(
      Object.fromEntries(Object.entries(plans).map(([name, { indexes }]) => [name, indexes[0]])),
      {
        tail: 'users_position',
        tailStart: 'users_position',
        bySeqs: 'users_position',
        admins: 'users_admins',
        all: 'users_order',
        status: 'users_status_order',
        app: 'users_app_order',
        range: 'users_position',
      },
    );
    for (const [name, { rows }] of Object.entries(plans)) assert.ok(rows <= 100, `${name} reads ${rows}`);
  });

  test('a claim of due rows follows the index of the open rows and sorts nothing', async () => {
    const followed: (readonly [string | undefined, boolean])[] = [];
    for (const statement of allStatements()) {
      const { sql, bind } = compileStatement(statement, postgresDialect.compiler);
      if (!sql.startsWith('with "due"')) continue;
      const values = bind({ now: 1, leasedUntil: 2, limit: 3, by: 'provider', claimedBy: 4 });
      const { indexes, isSorted } = await explain(sql, values.map(literalOf));
      followed.push([String(indexes[0]), isSorted]);
    }
    assert.deepEqual(new Map(followed), claims);
    assert.equal(followed.length, claims.size);
  });
});

/** The index that each claim follows, and whether it sorts. Messages are claimed in turns, by statements of their own. */
const claims = new Map([
  ['connections_refresh', false],
  ['erasures_due', false],
  ['revocations_due', false],
]);

function literalOf(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

type Step = Readonly<Record<string, unknown>>;

function* stepsOf(value: unknown): Generator<Step> {
  if (typeof value === 'string' && value.startsWith('[')) yield* stepsOf(JSON.parse(value));
  if (typeof value !== 'object' || value === null) return;
  if ('Node Type' in value) yield { ...value };
  for (const part of Object.values(value)) yield* stepsOf(part);
}

function rowsOf(step: Step): number {
  return Number(step['Actual Rows'] ?? 0) + Number(step['Rows Removed by Filter'] ?? 0);
}
