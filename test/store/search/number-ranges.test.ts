/**
 * Users are found whatever the order of their numbers: on PostgreSQL a lower number may be committed later, and on a Citus cluster
 * each machine has a range of its own. The sequence is set by hand, as these would.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readSearchText } from '../../../src/core/search/search-query.ts';
import { SqlUserSearchStore } from '../../../src/store/search/user-search-store.ts';
import { citus } from '../../support/postgres/postgres.ts';
import { addTenant, makePostgresStore, newUser, type PostgresOwnStore, type Tenant } from '../harness.ts';

const skip = citus !== undefined && 'each machine of a Citus cluster has a sequence of its own';
/** Users in a block, and where the ranges of two machines begin. */
const blockUsers = 100;
const limits = { matchesMax: 20, examinedMax: 20 };
const ranges = [0, 2 ** 48, 2 ** 49];

describe('users whose numbers are not in order', { skip }, () => {
  let own: PostgresOwnStore;
  before(async () => {
    own = await makePostgresStore();
  });
  after(() => own.dispose());

  /** Adds users with these external ids, from a number on. */
  async function add(tenant: Tenant, first: number, externalIds: readonly string[]): Promise<void> {
    await own.execute(`alter sequence users_seq_seq restart with ${first}`);
    await own.store.change(tenant.orgKey, (tx) =>
      tx.users.insertAll(externalIds.map((externalId) => newUser(tenant, { externalId }))),
    );
  }

  async function sealAll(tenant: Tenant): Promise<number> {
    for (let blocks = 0; ; blocks += 1) {
      const missing = await own.store.change(tenant.orgKey, (tx) => {
        assert.ok(tx.userSearch instanceof SqlUserSearchStore);
        return tx.userSearch.seal(blockUsers);
      });
      if (missing > 0) return blocks;
    }
  }

  async function assertFound(tenant: Tenant, externalIds: readonly string[]): Promise<void> {
    for (const externalId of externalIds) {
      const { query } = readSearchText(externalId, 'text');
      const { ids, isExact } = await own.store.read(tenant.orgKey, (tx) =>
        tx.userSearch.find(query, {}, [], limits),
      );
      assert.deepEqual([externalId, ids.length, isExact], [externalId, 1, true]);
    }
    assert.equal((await own.store.checkSearch(tenant.orgKey, { repairs: false })).wrong, 0);
  }

  const named = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, at) => `${name}-${crypto.randomUUID()}-${at}`);

  test('users of several ranges are found, in blocks and outside of them', async () => {
    const tenant = await addTenant(own.store);
    const all: string[] = [];
    const next = ranges.map((start) => start + 1);
    // The ranges grow in turns, by parts that are no whole blocks.
    for (const [round, count] of [60, 130, 170, 90].entries()) {
      for (const [at, first] of next.entries()) {
        const ids = named(`round-${round}-${at}`, count);
        await add(tenant, first, ids);
        next[at] = first + count;
        all.push(...ids);
      }
      await sealAll(tenant);
    }
    const sample = all.filter((_, at) => at % 37 === 0 || at > all.length - 5);
    await assertFound(tenant, sample);
    // Each range has 450 users: four blocks, and 50 users outside of them.
    const report = await own.store.checkSearch(tenant.orgKey, { repairs: false });
    assert.deepEqual([report.blocks, report.wrong], [12, 0]);

    const merged = await own.store.read(tenant.orgKey, (tx) => {
      assert.ok(tx.userSearch instanceof SqlUserSearchStore);
      return tx.userSearch.planMerge(4);
    });
    assert.ok(merged !== null);
    assert.equal(await own.store.change(tenant.orgKey, (tx) => tx.userSearch.merge(merged)), true);
    await assertFound(tenant, sample);
  });

  test('a user with a number between two blocks, or before the first, who is committed later is found', async () => {
    const tenant = await addTenant(own.store);
    const start = 3 * 2 ** 48;
    const late = named('late', 4);
    await add(tenant, start + 10, named('first', blockUsers));
    await add(tenant, start + 10 + blockUsers + 5, named('second', blockUsers));
    assert.equal(await sealAll(tenant), 2);
    await add(tenant, start + 4, late.slice(0, 1));
    await add(tenant, start + 10 + blockUsers, late.slice(1));
    await assertFound(tenant, late);
    const settled = await own.store.change(tenant.orgKey, (tx) => tx.userSearch.settle(100));
    assert.equal(settled, late.length);
    await assertFound(tenant, late);
  });
});
