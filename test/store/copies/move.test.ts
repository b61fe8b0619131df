import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OrgKey } from '../../../src/core/ids.ts';
import { MoveError, moveToPostgres } from '../../../src/store/copies/move.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { startOldServer } from '../../support/postgres/old-server.ts';
import { createDatabase, type OwnDatabase } from '../../support/postgres/postgres.ts';
import { addTenant, type FileStore, makeSqliteStore, newUser, type Tenant } from '../harness.ts';

const people = 2_500;

describe('a move from the file to PostgreSQL', () => {
  let own: FileStore;
  let tenant: Tenant;
  const databases: OwnDatabase[] = [];

  before(async () => {
    own = await makeSqliteStore();
    tenant = await addTenant(own.store);
    await addPeople(own.store, tenant, people);
  });
  after(async () => {
    await own.dispose();
    for (const database of databases) await database.drop();
  });

  async function emptyDatabase(): Promise<OwnDatabase> {
    const database = await createDatabase();
    databases.push(database);
    return database;
  }

  async function withTarget(database: OwnDatabase, work: (store: Store) => Promise<void>): Promise<void> {
    const store = openStore({ databaseUrl: database.url });
    try {
      await work(store);
    } finally {
      await store.close();
    }
  }

  test('copies all rows in their order, with correct counts', async () => {
    const database = await emptyDatabase();
    const moved = await moveToPostgres({ dataDir: own.dataDir, databaseUrl: database.url });
    assert.equal(moved.find(({ table }) => table === 'users')?.rows, people);
    await withTarget(database, async (store) => {
      assert.equal(await store.migrate(), 0);
      await store.ping();
      for (const offset of [0, 1_200, people - 20]) {
        assert.deepEqual(
          await pageOf(store, tenant.orgKey, offset),
          await pageOf(own.store, tenant.orgKey, offset),
        );
      }
      assert.deepEqual((await store.checkCounts(tenant.orgKey)).faults, 0);
      // New rows get numbers above those of the copied rows.
      await addPeople(store, tenant, 1);
      const { items, total } = await pageOf(store, tenant.orgKey, 0);
      assert.equal(total, people + 1);
      assert.equal(items.length, 20);
    });
  });

  test('resumes at its position after an interruption, and no server starts before it is complete', async () => {
    const database = await emptyDatabase();
    let advances = 0;
    const interrupted = moveToPostgres({
      dataDir: own.dataDir,
      databaseUrl: database.url,
      onAdvance: (rows) => {
        advances++;
        if (rows > 1_500) throw new Error('interrupted');
      },
    });
    await assert.rejects(interrupted, /interrupted/);
    await withTarget(database, async (store) => {
      await assert.rejects(store.migrate(), { name: 'NewerSchemaError', message: /is being moved/ });
      await assert.rejects(store.ping());
    });
    let again = 0;
    await moveToPostgres({
      dataDir: own.dataDir,
      databaseUrl: database.url,
      onAdvance: () => {
        again++;
      },
    });
    assert.ok(again > 0 && advances > 0);
    await withTarget(database, async (store) => {
      assert.deepEqual(await pageOf(store, tenant.orgKey, 0), await pageOf(own.store, tenant.orgKey, 0));
    });
  });

  test('starts again after an interruption if the file has changed since', async () => {
    const database = await emptyDatabase();
    const interrupted = moveToPostgres({
      dataDir: own.dataDir,
      databaseUrl: database.url,
      onAdvance: (rows) => {
        if (rows > 1_500) throw new Error('interrupted');
      },
    });
    await assert.rejects(interrupted, /interrupted/);
    const { items } = await pageOf(own.store, tenant.orgKey, people - 20);
    const oldest = items.at(-1);
    assert.ok(oldest);
    await own.store.change(tenant.orgKey, async (tx) => {
      await tx.users.update(oldest, { firstName: 'Changed', updatedAt: oldest.updatedAt + 1 });
    });
    await moveToPostgres({ dataDir: own.dataDir, databaseUrl: database.url });
    await withTarget(database, async (store) => {
      const user = await store.read(tenant.orgKey, (tx) => tx.users.find({ id: oldest.id }));
      assert.equal(user?.firstName, 'Changed');
    });
  });

  test('refuses a database with another directory, and does not change it', async () => {
    const database = await emptyDatabase();
    await withTarget(database, async (store) => {
      await store.migrate();
      await addTenant(store);
    });
    await assert.rejects(moveToPostgres({ dataDir: own.dataDir, databaseUrl: database.url }), MoveError);
    const [row] = await database.query('select count(*) as organizations from organizations');
    assert.equal(Number(row?.['organizations']), 1);
  });

  test('refuses a server older than PostgreSQL 16 in one line', async () => {
    const server = await startOldServer(150_013);
    await assert.rejects(moveToPostgres({ dataDir: own.dataDir, databaseUrl: server.url }), {
      message: 'the server is PostgreSQL 15, and Roster needs 16 or newer',
    });
    server.close();
  });

  test('prevents changes of the file while it runs', async () => {
    const database = await emptyDatabase();
    let refusals = 0;
    const other = openStore({ dataDir: own.dataDir, lockWaitMs: 50 });
    const attempts: Promise<void>[] = [];
    await moveToPostgres({
      dataDir: own.dataDir,
      databaseUrl: database.url,
      onAdvance: () => {
        attempts.push(
          addPeople(other, tenant, 1).catch(() => {
            refusals++;
          }),
        );
      },
    });
    await Promise.all(attempts);
    await other.close();
    assert.ok(refusals > 0);
  });
});

async function addPeople(store: Store, tenant: Tenant, count: number): Promise<void> {
  await store.change(tenant.orgKey, async (tx) => {
    for (let made = 0; made < count; made++) await tx.users.insert(newUser(tenant));
  });
}

function pageOf(store: Store, orgKey: OrgKey, offset: number) {
  return store.read(orgKey, (tx) => tx.users.page({}, offset, 20));
}
