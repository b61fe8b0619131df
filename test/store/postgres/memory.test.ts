/** What a long list leaves in memory. Only collections of young objects run in this test, as during a real list. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { addTenant, makePostgresStore, newUser, type PostgresOwnStore, type Tenant } from '../harness.ts';

const people = 200;
const readings = 400;
/** All rows that are read together would be twenty times as much. */
const leftMax = 4 * 1024 * 1024;

describe('a long list on PostgreSQL', () => {
  let own: PostgresOwnStore;
  let tenant: Tenant;

  before(async () => {
    own = await makePostgresStore();
    tenant = await addTenant(own.store);
    await own.store.change(tenant.orgKey, ({ users }) =>
      users.insertAll(Array.from({ length: people }, () => newUser(tenant))),
    );
  });
  after(() => own.dispose());

  async function read(times: number): Promise<void> {
    for (let at = 0; at < times; at++) {
      const { items } = await own.store.read(tenant.orgKey, ({ users }) =>
        users.listOldestFirst(tenant.appId, null, people),
      );
      assert.equal(items.length, people);
    }
  }

  test('leaves no memory of a batch when the next one is read', async () => {
    setFlagsFromString('--expose-gc');
    const collect: (options: { type: 'major' | 'minor' }) => void = runInNewContext('gc');
    await read(readings / 10);
    collect({ type: 'major' });
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < readings; at += 10) {
      await read(10);
      collect({ type: 'minor' });
      // Twice, because an object that survives both moves to the old generation, which only a full collection cleans.
      collect({ type: 'minor' });
    }
    const left = process.memoryUsage().heapUsed - before;
    assert.ok(left < leftMax, `${left} bytes`);
  });
});
