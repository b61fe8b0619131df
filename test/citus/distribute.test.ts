/**
 * Roster on a Citus cluster. `ROSTER_TEST_CITUS` names the coordinator, with a database that no test uses:
 * `postgres://user@host:port/database`. It needs two workers. Without it these tests are skipped.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSearchText } from '../../src/core/search/search-query.ts';
import type { Tx } from '../../src/core/unit-of-work.ts';
import { migrate } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations/all-migrations.ts';
import { openStore } from '../../src/store/open-store.ts';
import { withMigrationTarget } from '../../src/store/postgres/migration.ts';
import { distributeDatabase } from '../../src/store/postgres/sharding/distribute-database.ts';
import { placements } from '../../src/store/schema/placement.ts';
import { addTenant, newUser } from '../store/harness.ts';
import { citus, citusMachines, createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import { Load } from './load.ts';

const skip = citus === undefined && 'ROSTER_TEST_CITUS names no coordinator of a Citus cluster';
const plain = { isDryRun: false };

const limits = { matchesMax: 20, examinedMax: 1_000 };

describe('on a Citus cluster', { skip }, () => {
  let database: OwnDatabase;
  before(async () => {
    database = await createDatabase();
  });
  after(() => database?.drop());

  const kinds = async (): Promise<Map<string, string>> => {
    const rows = await database.query(
      `select logicalrelid::text as name,
        case partmethod when 'n' then 'reference' else column_to_column_name(logicalrelid, partkey) end as kind
        from pg_dist_partition`,
    );
    return new Map(rows.map(({ name, kind }) => [String(name), String(kind)]));
  };
  const migrateTo = (version: number): Promise<number> =>
    withMigrationTarget({ url: database.url, connectMs: 5_000 }, (target) =>
      migrate(target, 1, migrations.slice(0, version)),
    );

  test('a dry run changes nothing, a run distributes every table, and another one finds nothing to do', async () => {
    await migrateTo(33);
    const planned = await distributeDatabase(database.url, { ...plain, isDryRun: true });
    assert.equal((await kinds()).size, 0);
    const ran = await distributeDatabase(database.url, plain);
    assert.deepEqual(planned, ran.slice(0, planned.length));
    const found = await kinds();
    for (const [table, kind] of found) assert.equal(kind, placements.get(table), table);
    assert.deepEqual(await distributeDatabase(database.url, plain), []);
  });

  test('later migrations distribute their tables themselves', async () => {
    await migrateTo(migrations.length);
    assert.deepEqual(new Map([...(await kinds())].sort()), new Map([...placements].sort()));
    assert.deepEqual(await distributeDatabase(database.url, plain), []);
  });

  test('processes on the coordinator and on two workers see the changes of each other', async () => {
    const machines = await citusMachines(String(citus));
    assert.ok(machines.length >= 3, 'the cluster needs two workers');
    const { pathname } = new URL(database.url);
    const stores = machines.map((machine) => {
      return openStore({ databaseUrl: machine.replace(/\/\w+$/, pathname) });
    });
    const [first] = stores;
    assert.ok(first !== undefined);
    const tenant = await addTenant(first);
    // Each machine numbers users from a place of its own, and more than a search block of them.
    const externalIds: string[] = [];
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        stores.map((store) => {
          const added = Array.from({ length: 500 }, () =>
            newUser(tenant, { externalId: crypto.randomUUID() }),
          );
          externalIds.push(...added.slice(-2).map(({ externalId }) => String(externalId)));
          return store.change(tenant.orgKey, (tx) => tx.users.insertAll(added));
        }),
      );
      // A block is built whenever one of the machines has enough users for it.
      while ((await first.change(tenant.orgKey, (tx) => tx.userSearch.seal())) === 0);
    }
    const expected = stores.length * 2_500;
    for (const store of stores) {
      for (const externalId of externalIds) {
        const { query } = readSearchText(externalId, 'text');
        const { ids } = await store.read(tenant.orgKey, (tx) => tx.userSearch.find(query, {}, [], limits));
        assert.equal(ids.length, 1, externalId);
      }
      const { counted, kept, faults } = await store.checkCounts(tenant.orgKey);
      assert.deepEqual([kept, faults], [counted, 0]);
      assert.equal(counted.active + counted.pending + counted.inactive, expected);
      const { blocks, wrong } = await store.checkSearch(tenant.orgKey, { repairs: false });
      assert.deepEqual([blocks, wrong], [stores.length, 0]);
    }
    await Promise.all(stores.map((store) => store.close()));
  });

  test('a try over one worker waits for one over another worker that is counted before it', async () => {
    const machines = (await citusMachines(String(citus))).slice(1);
    const { pathname } = new URL(database.url);
    const [one, other] = machines.map((machine) => {
      return openStore({ databaseUrl: machine.replace(/\/\w+$/, pathname) });
    });
    assert.ok(one !== undefined && other !== undefined);
    const hit = (tx: Tx) => tx.throttles.hit('test', 'one', [{ limit: 1, windowMs: 60_000 }], 1_000);
    let later: Promise<number | null> = Promise.resolve(null);
    const first = await one.change(0, async (tx) => {
      const wait = await hit(tx);
      later = other.change(0, hit);
      // Without a common lock the other one would be let through meanwhile.
      await Promise.race([later, sleep(500)]);
      return wait;
    });
    assert.equal(first, null);
    assert.notEqual(await later, null);
    await Promise.all([one.close(), other.close()]);
  });

  test('a shard that is moved to another machine under load loses no acknowledged change', async () => {
    const store = openStore({ databaseUrl: database.url });
    const tenant = await addTenant(store);
    const load = new Load(store, tenant);
    await load.acknowledge(10);
    const [shard] = await database.query(
      `select s.shardid as id, n.nodename as name, n.nodeport as port,
          o.nodename as to_name, o.nodeport as to_port
        from pg_dist_shard s join pg_dist_placement p using (shardid) join pg_dist_node n using (groupid)
          join pg_dist_node o on o.groupid <> n.groupid and o.shouldhaveshards
        where s.shardid = get_shard_id_for_distribution_column('users', $1::bigint) limit 1`,
      [tenant.orgKey],
    );
    await database.query(`select citus_move_shard_placement($1, $2, $3, $4, $5, 'block_writes')`, [
      ...[shard?.['id'], shard?.['name'], shard?.['port'], shard?.['to_name'], shard?.['to_port']],
    ]);
    await load.acknowledge(20);
    await load.end();
    await store.close();
  });
});
