/**
 * The law of pages while several processes change one organization: every page shows one moment, and when the processes
 * have ended, all pages together are the users, and totals equal a recount.
 */

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import fc from 'fast-check';
import { type UserStatus, userStatuses } from '../../../src/core/directory/user.ts';
import { isNotFound } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/store/store.ts';
import { effort, slowTest as test } from '../../support/effort.ts';
import { addTenant, databases, newUser, type OwnStore, type Tenant } from '../harness.ts';

type Step =
  | { readonly kind: 'add'; readonly createdAt: number; readonly status: UserStatus }
  | { readonly kind: 'erase' | 'recount'; readonly nth: number }
  | { readonly kind: 'move'; readonly nth: number; readonly status: UserStatus };

const status = fc.constantFrom(...userStatuses);
const nth = fc.nat(1_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('add'), createdAt: fc.integer({ min: 0, max: 9 }), status }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('erase'), nth }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move'), nth, status }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recount'), nth }) },
);

const stores = 3;
const pageSize = 100;

for (const { name, make } of databases) {
  describe(`the counts of several processes on ${name}`, () => {
    let own: OwnStore;
    let all: readonly Store[];

    before(async () => {
      own = await make({ countShape: { rangeMax: 4, fanout: 4 } });
      all = [own.store, ...Array.from({ length: stores - 1 }, () => own.openAgain())];
    });
    after(async () => {
      for (const store of all.slice(1)) await store.close();
      await own.dispose();
    });

    test('are right while all of them make changes', async () => {
      const scripts = fc.array(fc.array(step, { maxLength: 25, size: 'max' }), {
        minLength: stores,
        maxLength: stores,
      });
      const law = fc.asyncProperty(scripts, async (steps) => {
        const tenant = await addTenant(own.store);
        let isRunning = true;
        const reading = readPages(tenant, () => isRunning);
        await Promise.all(
          all.flatMap((store, at) => (steps[at] ?? []).map((each) => take(store, tenant, each))),
        );
        isRunning = false;
        await reading;
        await assertAtRest(tenant);
      });
      await fc.assert(law, { numRuns: effort({ short: 10, long: 25 }) });
    });

    /** Does one step; its user may be gone since, or have another state. */
    async function take(store: Store, tenant: Tenant, { kind, ...said }: Step): Promise<void> {
      const { orgKey } = tenant;
      if (kind === 'recount') return store.repairCounts(orgKey);
      const { items } = await store.read(orgKey, (tx) => tx.users.page({}, 0, pageSize));
      const user = items[('nth' in said ? said.nth : 0) % Math.max(1, items.length)];
      const change = store.change(orgKey, async ({ users }) => {
        if ('createdAt' in said) await users.insert(newUser(tenant, said));
        else if (user === undefined) return;
        else if (kind === 'erase') await users.erase(user, []);
        else if ('status' in said) await users.update(user, { status: said.status });
      });
      await change.catch((error) => {
        if (!isNotFound(error, 'user')) throw error;
      });
    }

    async function readPages({ orgKey }: Tenant, isRunning: () => boolean): Promise<void> {
      for (let turn = 0; isRunning(); turn++) {
        const store = all[turn % stores] ?? own.store;
        const { items, total } = await store.read(orgKey, (tx) => tx.users.page({}, 0, pageSize));
        assert.equal(items.length, Math.min(total, pageSize));
        assert.equal(new Set(items.map(({ id }) => id)).size, items.length);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    async function assertAtRest({ orgKey }: Tenant): Promise<void> {
      for (const store of all) {
        const { faults, kept, counted } = await store.checkCounts(orgKey);
        assert.equal(faults, 0);
        assert.deepEqual(kept, counted);
        for (const [filter, expected] of Object.entries(counted)) {
          const page = await store.read(orgKey, (tx) =>
            tx.users.page({ status: filter as UserStatus }, 0, pageSize),
          );
          assert.deepEqual([page.total, page.items.length], [expected, expected]);
        }
      }
    }
  });
}
