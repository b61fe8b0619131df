/** An organization gets a shard of its own on a Citus cluster, and the shard moves, while all organizations of it are used. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { OrgKey } from '../../src/core/ids.ts';
import { openStore } from '../../src/store/open-store.ts';
import {
  distributeDatabase,
  isolateOrganization,
} from '../../src/store/postgres/sharding/distribute-database.ts';
import type { IsolateOptions } from '../../src/store/postgres/sharding/isolate.ts';
import type { Store } from '../../src/store/store.ts';
import { addTenant, newUser, type Tenant } from '../store/harness.ts';
import { slowTest as test } from '../support/effort.ts';
import { citus, citusMachines, createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import { createMigratedDatabase } from '../support/server/prepared.ts';
import { Load } from './load.ts';

const skip = citus === undefined && 'ROSTER_TEST_CITUS names no coordinator of a Citus cluster';

interface Shard {
  readonly id: number;
  readonly hashes: number;
  readonly machine: string;
}

async function findShard(database: OwnDatabase, orgKey: OrgKey): Promise<Shard> {
  const [row] = await database.query(
    `select shardid::integer as id, shardmaxvalue::bigint - shardminvalue::bigint + 1 as hashes, nodename || ':' || nodeport as machine
      from pg_dist_shard join pg_dist_placement using (shardid) join pg_dist_node using (groupid)
      where shardid = get_shard_id_for_distribution_column('users', $1::bigint)`,
    [orgKey],
  );
  return { id: Number(row?.['id']), hashes: Number(row?.['hashes']), machine: String(row?.['machine']) };
}

async function otherMachine({ machine }: Shard): Promise<string> {
  const [, ...workers] = await citusMachines(String(citus));
  const other = workers.map((url) => new URL(url).host).find((host) => host !== machine);
  assert.ok(other !== undefined, 'the cluster needs two workers');
  return other;
}

async function isolate(
  database: OwnDatabase,
  tenant: Tenant,
  options: Partial<IsolateOptions> & { readonly isDryRun?: boolean },
) {
  const [row] = await database.query('select id from organizations where org_key = $1', [tenant.orgKey]);
  const organization = String(row?.['id']);
  return isolateOrganization(database.url, {
    organization,
    to: null,
    blocksWrites: false,
    isDryRun: false,
    ...options,
  });
}

/** Two organizations on one shard. */
async function addNeighbours(database: OwnDatabase, store: Store): Promise<readonly [Tenant, Tenant]> {
  const byShard = new Map<number, Tenant>();
  for (;;) {
    const tenant = await addTenant(store);
    const { id, hashes } = await findShard(database, tenant.orgKey);
    const neighbour = byShard.get(id);
    if (neighbour !== undefined && hashes > 1) return [neighbour, tenant];
    byShard.set(id, tenant);
  }
}

describe('isolation on a Citus cluster', { skip }, () => {
  let database: OwnDatabase;
  let store: Store;
  before(async () => {
    database = await createMigratedDatabase();
    store = openStore({ databaseUrl: database.url });
  });
  after(async () => {
    await store?.close();
    await database?.drop();
  });

  test('without blocking, an organization gets its own shard on another machine, and moves back', async () => {
    const [tenant, neighbour] = await addNeighbours(database, store);
    const before = await findShard(database, tenant.orgKey);
    const to = await otherMachine(before);
    const loads = [tenant, neighbour].map((each) => new Load(store, each));
    await Promise.all(loads.map((load) => load.acknowledge(10)));

    const planned = await isolate(database, tenant, { to, isDryRun: true });
    assert.deepEqual(await findShard(database, tenant.orgKey), before);
    assert.deepEqual(await isolate(database, tenant, { to }), planned);
    const own = await findShard(database, tenant.orgKey);
    assert.deepEqual([own.hashes, own.machine], [1, to]);
    assert.equal((await findShard(database, neighbour.orgKey)).machine, before.machine);
    assert.deepEqual(await isolate(database, tenant, { to }), []);

    await Promise.all(loads.map((load) => load.acknowledge(10)));
    assert.equal((await isolate(database, tenant, { to: before.machine })).length, 1);
    assert.equal((await findShard(database, tenant.orgKey)).machine, before.machine);
    await Promise.all(loads.map((load) => load.acknowledge(10)));
    for (const load of loads) await load.end();
  });

  test('with changes blocked, an organization gets its own shard on its machine', async () => {
    const [tenant, neighbour] = await addNeighbours(database, store);
    const before = await findShard(database, tenant.orgKey);
    const loads = [tenant, neighbour].map((each) => new Load(store, each));
    await Promise.all(loads.map((load) => load.acknowledge(10)));
    await isolate(database, tenant, { blocksWrites: true });
    const own = await findShard(database, tenant.orgKey);
    assert.deepEqual([own.hashes, own.machine], [1, before.machine]);
    await Promise.all(loads.map((load) => load.acknowledge(10)));
    for (const load of loads) await load.end();
  });

  test('what cannot be done is refused, and changes nothing', async () => {
    const tenant = await addTenant(store);
    const before = await findShard(database, tenant.orgKey);
    const refusal = (options: Partial<IsolateOptions>) => isolate(database, tenant, options);
    await assert.rejects(refusal({ organization: 'org_0' }), /no organization/);
    await assert.rejects(refusal({}), /name another machine/);
    await assert.rejects(refusal({ to: before.machine }), /name another machine/);
    await assert.rejects(
      refusal({ to: 'elsewhere.example.com:5432', blocksWrites: true }),
      /name another machine/,
    );
    assert.deepEqual(await findShard(database, tenant.orgKey), before);
  });

  test('a shard on the coordinator is not split', async () => {
    const tenant = await addTenant(store);
    const { id, machine } = await findShard(database, tenant.orgKey);
    const ends = [machine, new URL(String(citus)).host].map((name) => name.split(':'));
    const [, coordinator = []] = ends;
    const takeShards = `select citus_set_node_property($1, $2, 'shouldhaveshards', true)`;
    await database.query(takeShards, coordinator);
    await database.query(`select citus_move_shard_placement($1, $2, $3, $4, $5, 'block_writes')`, [
      id,
      ...ends.flat(),
    ]);
    await assert.rejects(isolate(database, tenant, { blocksWrites: true }), /off the coordinator/);
  });
});

test('a shard with a generated column before the organization is split only after that column has moved', {
  skip,
}, async () => {
  const database = await createDatabase();
  const store = openStore({ databaseUrl: database.url });
  await store.migrate();
  const planned = await distributeDatabase(database.url, { isDryRun: true });
  await assert.rejects(
    isolateOrganization(database.url, {
      organization: 'org_0',
      to: null,
      blocksWrites: true,
      isDryRun: true,
    }),
    /not distributed/,
  );
  // As a cluster that was distributed before Roster knew of the order of columns.
  const placing = planned.filter((sql) => sql.startsWith('select create_'));
  await database.query(`set citus.enable_local_reference_table_foreign_keys = off; ${placing.join('; ')}`);
  const tenant = await addTenant(store);
  const user = await store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  const split = () => isolate(database, tenant, { blocksWrites: true });
  await assert.rejects(split(), /Citus would split users/);
  await distributeDatabase(database.url, { isDryRun: false });
  await split();
  assert.equal((await findShard(database, tenant.orgKey)).hashes, 1);
  const found = await store.read(tenant.orgKey, (tx) => tx.users.find({ id: user.id }));
  assert.equal(found?.number, user.number);
  await store.close();
  await database.drop();
});
