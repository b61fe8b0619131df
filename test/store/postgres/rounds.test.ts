/** Reads that share rounds and snapshots: each caller gets its own answer, and no answer is older than its request. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { User } from '../../../src/core/directory/user.ts';
import { newUserId } from '../../../src/core/ids.ts';
import { addTenant, makePostgresStore, newUser, type PostgresOwnStore, type Tenant } from '../harness.ts';

type Ask =
  | { readonly by: 'id' | 'email' | 'externalId'; readonly nth: number }
  | { readonly by: 'page'; readonly nth: number; readonly status: 'active' | 'pending' | undefined };

const people = 60;
const nth = fc.nat(people + 20);
const ask: fc.Arbitrary<Ask> = fc.oneof(
  fc.record({ by: fc.constantFrom('id', 'email', 'externalId'), nth }),
  fc.record({ by: fc.constant('page'), nth, status: fc.constantFrom('active', 'pending', undefined) }),
);

describe('reads on PostgreSQL', () => {
  let own: PostgresOwnStore;
  let tenants: readonly Tenant[];
  const ids: string[] = [];

  before(async () => {
    own = await makePostgresStore({ countShape: { rangeMax: 4, fanout: 4 } });
    tenants = [await addTenant(own.store), await addTenant(own.store)];
    for (const [at, tenant] of tenants.entries()) {
      await own.store.change(tenant.orgKey, async ({ users }) => {
        for (let made = 0; made < people; made++) {
          const said = {
            email: `${made}@${at}.example.com`,
            externalId: made % 3 === 0 ? null : `it's "${made}"`,
          };
          const status = made % 4 === 0 ? 'pending' : 'active';
          ids.push((await users.insert(newUser(tenant, { ...said, status, createdAt: made >> 2 }))).id);
        }
      });
    }
  });
  after(() => own.dispose());

  function tenantAt(at: number): Tenant {
    const tenant = tenants[at % tenants.length];
    assert.ok(tenant !== undefined);
    return tenant;
  }

  function take(at: number, one: Ask): Promise<readonly (User | null)[]> {
    const tenant = tenantAt(at);
    return own.store.read(tenant.orgKey, async ({ users }) => {
      switch (one.by) {
        case 'id':
          return [await users.find({ id: ids[one.nth] ?? newUserId() })];
        case 'email':
          return [await users.findByEmail(`${one.nth}@${at % tenants.length}.example.com`)];
        case 'externalId':
          return users.listByExternalId(`it's "${one.nth}"`);
        case 'page': {
          const filter = one.status === undefined ? {} : { status: one.status };
          return (await users.page(filter, one.nth, 7)).items;
        }
      }
    });
  }

  test('of many callers at the same time are answered as if each had been sent alone', async () => {
    const law = fc.asyncProperty(
      fc.array(ask, { minLength: 1, maxLength: 60, size: 'max' }),
      async (asks) => {
        const together = await Promise.all(asks.map((one, at) => take(at, one)));
        for (const [at, one] of asks.entries()) assert.deepEqual(together[at], await take(at, one));
      },
    );
    await fc.assert(law, { numRuns: 25 });
  });

  test('that the server refuses fail alone', async () => {
    const asks = Array.from({ length: 12 }, (_, nth): Ask => ({ by: 'email', nth }));
    const outcomes = await Promise.allSettled([
      own.store.read(tenantAt(0).orgKey, ({ users }) => users.findByEmail('no text has a \0 in it')),
      ...asks.map((one, at) => take(at, one)),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', ...asks.map(() => 'fulfilled')],
    );
  });

  test('see everything that was acknowledged before they were sent, with any number of other reads', async () => {
    const tenant = tenantAt(0);
    const reading = { isOn: true };
    const others = Array.from({ length: 30 }, async (_, at) => {
      while (reading.isOn) await take(at, { by: at % 2 === 0 ? 'id' : 'page', nth: at, status: undefined });
    });
    for (let round = 0; round < 60; round++) {
      const user = newUser(tenant);
      await own.store.change(tenant.orgKey, ({ users }) => users.insert(user));
      const [found, page] = await Promise.all([
        own.store.read(tenant.orgKey, (tx) => tx.users.find({ id: user.id })),
        own.store.read(tenant.orgKey, (tx) => tx.users.page({}, 0, 1)),
      ]);
      assert.equal(found?.id, user.id);
      assert.equal(page.items[0]?.id, user.id);
      assert.equal(page.total, people + round + 1);
    }
    reading.isOn = false;
    await Promise.all(others);
  });
});
