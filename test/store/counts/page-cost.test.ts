/**
 * The cost of a page, in nodes and rows that are read, not in time: it is the same at every depth and for every list,
 * and for a small organization it does not depend on the others. Ten thousand small ones are beside a large one.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type UserStatus, userStatuses } from '../../../src/core/directory/user.ts';
import { defaultCountShape } from '../../../src/store/counts/count-change.ts';
import { firstKey, packNode } from '../../../src/store/counts/count-node.ts';
import { findPosition } from '../../../src/store/counts/user-counts.ts';
import { PostgresPool } from '../../../src/store/postgres/pool.ts';
import { PostgresReadExecutor } from '../../../src/store/postgres/reads/read-executor.ts';
import type { Executor } from '../../../src/store/sql/executor.ts';
import { SqliteConnection } from '../../../src/store/sqlite/connection.ts';
import { ReadExecutor } from '../../../src/store/sqlite/executor.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import { slowTestMs } from '../../support/effort.ts';
import {
  addTenant,
  type FileStore,
  makePostgresStore,
  makeSqliteStore,
  newUser,
  type OwnStore,
  type PostgresOwnStore,
  type Tenant,
} from '../harness.ts';

const many = 10_000;
const usersInSmall = 2;
const usersInLarge = 30_000;
const pageSize = 20;
/** A range has at least half of 64 users, and a node up to 120 ranges or nodes. */
const levelsMax = 3;

interface Measured {
  readonly own: OwnStore;
  readonly view: Executor;
  close(): Promise<void>;
}

/** Rows of `many` numbers from 1, in SQL of both databases. */
const series = `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${many})`;

async function fill(own: OwnStore): Promise<readonly [Tenant, Tenant]> {
  const [large, small] = [await addTenant(own.store), await addTenant(own.store)];
  for (let made = 0; made < usersInLarge; made += 6_000) {
    const users = Array.from({ length: 6_000 }, (_, at) =>
      newUser(large, { createdAt: made + at, status: userStatuses[at % 3] ?? 'active' }),
    );
    await own.store.change(large.orgKey, (tx) => tx.users.insertAll(users));
  }
  // The others are before and after the small one, in the order of keys and in every index.
  const counts = { pending: 0, active: usersInSmall, inactive: 0 };
  const node = Buffer.from(packNode([{ from: firstKey, counts, child: 0 }])).toString('hex');
  const bytes = own.location.startsWith('postgres:') ? `'\\x${node}'` : `x'${node}'`;
  const isSmall = `n.i + 1 <> ${small.orgKey}`;
  await own.execute(`
    insert into organizations (org_key, id, name, created_at)
      ${series} select i + 1, 'org_' || i, 'Practice', 1 from n where ${isSmall} and i + 1 <> ${large.orgKey};
    insert into apps (org_key, id, name, key_digest, is_signup_open, created_at)
      ${series} select i + 1, 'app_' || i, 'App', 'digest_' || i, 1, 1 from n
      where ${isSmall} and i + 1 <> ${large.orgKey};
    insert into users (org_key, id, number, app_key, language, timezone, role, status, was_active, is_clinical,
        is_clinical_approved, is_template, is_native_signup, created_at, updated_at)
      select org_key, k.id || org_key, k.number, app_key, 'en', 'Etc/UTC', 'parent', 'active', 1, 0, 0, 0, 0, 1, 1
      from apps, (select 'a' as id, 1 as number union all select 'b', 2) k
      where org_key <> ${large.orgKey} and org_key <> ${small.orgKey};
    insert into user_counts (org_key, node, entries)
      select org_key, 0, ${bytes} from organizations where org_key not in (${large.orgKey}, ${small.orgKey});
  `);
  await own.store.change(small.orgKey, async (tx) => {
    for (let made = 0; made < usersInSmall; made++) await tx.users.insert(newUser(small));
  });
  return [large, small];
}

async function onSqlite(): Promise<Measured> {
  const own: FileStore = await makeSqliteStore();
  const size = { isReadOnly: true, cacheKib: 1_024, mmapBytes: 0 };
  const connection = new SqliteConnection(join(own.dataDir, databaseFile), size);
  return {
    own,
    view: new ReadExecutor({ reader: connection, bulkReader: connection, refusalOf: (error) => error }),
    async close() {
      connection.close();
      await own.dispose();
    },
  };
}

async function onPostgres(): Promise<Measured> {
  const own: PostgresOwnStore = await makePostgresStore();
  const timeouts = { connectMs: 5_000, statementMs: 10_000, lockMs: 5_000 };
  const pool = new PostgresPool({ url: own.database.url, size: 4, timeouts });
  return {
    own,
    view: new PostgresReadExecutor(pool),
    async close() {
      await pool.close();
      await own.dispose();
    },
  };
}

for (const [name, open] of [
  ['SQLite', onSqlite],
  ['PostgreSQL', onPostgres],
] as const) {
  describe(`a page of an organization beside ${many} others on ${name}`, () => {
    let measured: Measured;
    let large: Tenant;
    let small: Tenant;

    before(
      async () => {
        measured = await open();
        [large, small] = await fill(measured.own);
      },
      { timeout: slowTestMs },
    );
    after(() => measured.close());

    /** How many nodes are read to find a page, and how many users are skipped. */
    async function costOf({ orgKey }: Tenant, offset: number, status?: UserStatus) {
      let nodes = 0;
      const counting: Executor = Object.create(measured.view, {
        first: {
          value: (...asked: Parameters<Executor['first']>) => {
            nodes++;
            return measured.view.first(...asked);
          },
        },
      });
      const { total, position } = await findPosition(counting, orgKey, offset, status);
      return { total, nodes, skip: position?.skip ?? 0 };
    }

    test('is found with as few steps at any depth, for all users and for each status', async () => {
      for (const status of [undefined, ...userStatuses]) {
        const { total } = await costOf(large, 0, status);
        assert.equal(total, status === undefined ? usersInLarge : usersInLarge / 3);
        for (let offset = 0; offset < total; offset += Math.floor(total / 40)) {
          const { nodes, skip } = await costOf(large, offset, status);
          assert.ok(nodes <= levelsMax, `${nodes} nodes at ${offset}`);
          assert.ok(skip < defaultCountShape.rangeMax, `${skip} users are skipped at ${offset}`);
        }
        const last = await costOf(large, total - pageSize, status);
        assert.ok(last.nodes <= levelsMax && last.skip < defaultCountShape.rangeMax);
      }
    });

    test('of a small organization costs one step, and has its own total', async () => {
      const found = await costOf(small, 0);
      assert.deepEqual(found, { total: usersInSmall, nodes: 1, skip: 0 });
      const { items, total } = await measured.own.store.read(small.orgKey, (tx) =>
        tx.users.page({}, 0, pageSize),
      );
      assert.deepEqual([items.length, total], [usersInSmall, usersInSmall]);
    });

    test('has only users of its organization, for each of them', async () => {
      for (const orgKey of [5, 777, many]) {
        const { items, total } = await measured.own.store.read(orgKey, (tx) =>
          tx.users.page({}, 0, pageSize),
        );
        assert.deepEqual([items.length, total], [usersInSmall, usersInSmall]);
        assert.equal((await measured.own.store.checkCounts(orgKey)).faults, 0);
      }
    });
  });
}
