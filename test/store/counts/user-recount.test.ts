/** Wrong counts are found and repaired in steps, however many there are, while other units make changes. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { NewUser } from '../../../src/core/directory/user.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { effort, slowTest as test } from '../../support/effort.ts';
import { addTenant, databases, makeSqliteStore, newUser, type Tenant } from '../harness.ts';

const countShape = { rangeMax: 4, fanout: 4 };
const entryBytes = 32;
/** The offset of the three counters of an entry, and their width. */
const [counterOffset, counterBytes, counters] = [16, 4, 3];

async function fill(store: Store, tenant: Tenant, count: number, said: Partial<NewUser> = {}): Promise<void> {
  await store.change(tenant.orgKey, async (tx) => {
    for (let made = 0; made < count; made++) await tx.users.insert(newUser(tenant, said));
  });
}

/** Writes wrong numbers into the nodes: adds `delta` to each counter that `nth` picks. */
function spoil(file: string, picks: readonly { readonly nth: number; readonly delta: number }[]): void {
  const raw = new Database(file);
  const rows = raw
    .prepare<[], { rowid: number; entries: Buffer }>('select rowid, entries from user_counts')
    .all();
  const places = rows.flatMap(({ entries }, row) =>
    Array.from({ length: (entries.length / entryBytes) * counters }, (_, counter) => {
      const entry = Math.floor(counter / counters);
      return { row, offset: entry * entryBytes + counterOffset + (counter % counters) * counterBytes };
    }),
  );
  for (const { nth, delta } of picks) {
    const place = places[nth % places.length];
    const entries = rows[place?.row ?? 0]?.entries;
    assert.ok(place !== undefined && entries !== undefined);
    entries.writeUInt32LE(entries.readUInt32LE(place.offset) + delta, place.offset);
  }
  const update = raw.prepare<[Buffer, number]>('update user_counts set entries = ? where rowid = ?');
  for (const { rowid, entries } of rows) update.run(entries, rowid);
  raw.close();
}

test('any wrong numbers are found and repaired, on every level', async (t) => {
  const own = await makeSqliteStore({ countShape });
  t.after(() => own.dispose());
  const { store, dataDir } = own;
  const [tenant, neighbour] = [await addTenant(store), await addTenant(store)];
  await fill(store, tenant, 200);
  await fill(store, neighbour, 3, { status: 'pending' });
  const law = fc.asyncProperty(
    fc.array(fc.record({ nth: fc.nat(10_000), delta: fc.integer({ min: 1, max: 9 }) }), { minLength: 1 }),
    async (picks) => {
      spoil(join(dataDir, databaseFile), picks);
      const faults = async (): Promise<number[]> => [
        (await store.checkCounts(tenant.orgKey)).faults,
        (await store.checkCounts(neighbour.orgKey)).faults,
      ];
      assert.ok((await faults()).some((count) => count > 0));
      await store.repairCounts(tenant.orgKey);
      await store.repairCounts(neighbour.orgKey);
      assert.deepEqual(await faults(), [0, 0]);
      const { total } = await store.read(tenant.orgKey, (tx) => tx.users.page({}, 0, 5));
      assert.equal(total, 200);
    },
  );
  await fc.assert(law, { numRuns: 15 });
});

/** Damage of a node: its bytes are lost, cut short, garbled, or those of another node. */
const accident = fc.record({
  what: fc.constantFrom('lost', 'cut', 'empty', 'garbled', 'other', 'swapped'),
  node: fc.nat(10_000),
  other: fc.nat(10_000),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
});
type Accident = typeof accident extends fc.Arbitrary<infer Value> ? Value : never;

function happen(file: string, accidents: readonly Accident[]): void {
  const raw = new Database(file);
  const remove = raw.prepare<[number]>('delete from user_counts where rowid = ?');
  const update = raw.prepare<[Uint8Array, number]>('update user_counts set entries = ? where rowid = ?');
  for (const { what, node, other, bytes } of accidents) {
    const rows = raw
      .prepare<[], { rowid: number; entries: Buffer }>('select rowid, entries from user_counts')
      .all();
    const one = rows[node % rows.length];
    const two = rows[other % rows.length];
    if (one === undefined || two === undefined) continue;
    const { rowid, entries } = one;
    if (what === 'lost') remove.run(rowid);
    if (what === 'cut') update.run(entries.subarray(0, (bytes[0] ?? 0) % entries.length), rowid);
    if (what === 'empty') update.run(new Uint8Array(), rowid);
    if (what === 'garbled') {
      const at = other % entries.length;
      const garbled = Buffer.from(entries);
      garbled.set(bytes.subarray(0, entries.length - at), at);
      update.run(garbled, rowid);
    }
    if (what === 'other' || what === 'swapped') update.run(two.entries, rowid);
    if (what === 'swapped') update.run(entries, two.rowid);
  }
  raw.close();
}

test('after any damage of the nodes themselves, the whole tree is rebuilt and right', async (t) => {
  const own = await makeSqliteStore({ countShape });
  t.after(() => own.dispose());
  const { store, dataDir } = own;
  const tenant = await addTenant(store);
  await fill(store, tenant, 150);
  const law = fc.asyncProperty(fc.array(accident, { minLength: 1, maxLength: 3 }), async (accidents) => {
    happen(join(dataDir, databaseFile), accidents);
    await store.repairCounts(tenant.orgKey);
    const { faults, counted, kept } = await store.checkCounts(tenant.orgKey);
    assert.deepEqual([faults, kept], [0, counted]);
    const { total, items } = await store.read(tenant.orgKey, (tx) => tx.users.page({}, 145, 10));
    assert.deepEqual([total, items.length], [150, 5]);
  });
  await fc.assert(law, { numRuns: effort({ short: 25, long: 60 }) });
});

for (const { name, make } of databases) {
  test(`changes of users during a repair of many counts are not lost on ${name}`, async (t) => {
    const own = await make({ countShape });
    t.after(() => own.dispose());
    const { store } = own;
    const other = own.openAgain();
    t.after(() => other.close());
    const tenant = await addTenant(store);
    await fill(store, tenant, 1_500);
    await own.execute(`update users set status = 'inactive'`);

    let isRepairing = true;
    const repairing = store.repairCounts(tenant.orgKey).finally(() => {
      isRepairing = false;
    });
    let made = 0;
    while (isRepairing) {
      // Old and new ones, so that ranges are cut that are mended already, and others that are not.
      await Promise.all([500, 5_000].map((createdAt) => fill(other, tenant, 3, { createdAt })));
      made += 6;
    }
    await repairing;
    assert.ok(made > 9, `only ${made} users were made during the repair`);
    const { faults, counted, kept } = await store.checkCounts(tenant.orgKey);
    assert.deepEqual([faults, counted], [0, kept]);
    assert.deepEqual(counted, { pending: 0, active: made, inactive: 1_500 });
  });
}
