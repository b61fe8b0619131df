/**
 * The law of pages, as a property: all pages together are the set of users, in order, without gap or repeat, and totals
 * equal a recount. Ranges and nodes are tiny here, so that a few dozen users split, join and empty them on several
 * levels.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type User, type UserStatus, userStatuses } from '../../../src/core/directory/user.ts';
import type { Store } from '../../../src/store/store.ts';
import { effort, slowTest as test } from '../../support/effort.ts';
import { addTenant, databases, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const countShape = { rangeMax: 4, fanout: 4 };

type Step =
  | { readonly kind: 'add'; readonly createdAt: number; readonly status: UserStatus; readonly count: number }
  | { readonly kind: 'erase'; readonly nth: number; readonly count: number }
  | { readonly kind: 'move'; readonly nth: number; readonly status: UserStatus }
  | { readonly kind: 'fail'; readonly createdAt: number; readonly nth: number };

const status = fc.constantFrom(...userStatuses);
const nth = fc.nat(1_000);
// Few different times, so that many are equal; some before 1970, as in imports.
const createdAt = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1e12, max: 1e12 + 40 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('add'),
      createdAt,
      status,
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('erase'), nth, count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move'), nth, status }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail'), createdAt, nth }) },
);

suiteOnEveryDatabase(
  'pages of users',
  (own) => {
    test('all pages together are the set in order, and totals equal a recount, after any changes', async () => {
      const law = fc.asyncProperty(
        fc.array(step, { maxLength: 80, size: 'max' }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (steps, size, atOnce) => {
          const tenant = await addTenant(own());
          const model = new Model(own(), tenant);
          const running = [];
          for (const each of steps) {
            const done = model.take(each);
            running.push(done);
            if (!atOnce) await done;
          }
          await Promise.all(running);
          await assertPages(own(), tenant, model.users(), size);
        },
      );
      await fc.assert(law, { numRuns: effort({ short: 30, long: 80 }) });
    });

    test('the counts shrink to nothing and grow again', async () => {
      const tenant = await addTenant(own());
      const model = new Model(own(), tenant);
      for (let round = 0; round < 2; round++) {
        await model.take({ kind: 'add', createdAt: 0, status: 'active', count: 150 });
        await assertPages(own(), tenant, model.users(), 20);
        while (model.users().length > 0) await model.take({ kind: 'erase', nth: 7 * round, count: 20 });
        await assertPages(own(), tenant, [], 20);
      }
    });

    test('a page past the end is empty, with the right total', async () => {
      const tenant = await addTenant(own());
      const model = new Model(own(), tenant);
      await model.take({ kind: 'add', createdAt: 0, status: 'active', count: 11 });
      for (const offset of [11, 12, 1e6, Number.MAX_SAFE_INTEGER * 100]) {
        const page = await own().read(tenant.orgKey, (tx) => tx.users.page({}, offset, 5));
        assert.deepEqual(page, { items: [], total: 11 });
      }
      const none = await own().read(tenant.orgKey, (tx) => tx.users.page({ status: 'pending' }, 0, 5));
      assert.deepEqual(none, { items: [], total: 0 });
    });

    test('a page that is read while users are added and removed shows one moment', async () => {
      const tenant = await addTenant(own());
      const model = new Model(own(), tenant);
      await model.take({ kind: 'add', createdAt: 0, status: 'active', count: 60 });
      let isWriting = true;
      const writing = (async () => {
        for (let round = 0; round < 40; round++) {
          await model.take({ kind: 'add', createdAt: 5, status: 'active', count: 3 });
          await model.take({ kind: 'erase', nth: round, count: 3 });
        }
        isWriting = false;
      })();
      while (isWriting) {
        // 63 while the three are there, 60 before and after; no other total was ever true.
        const { items, total } = await own().read(tenant.orgKey, (tx) => tx.users.page({}, 0, 100));
        assert.ok(total === 60 || total === 63, `total ${total}`);
        assert.equal(items.length, total);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writing;
    });
  },
  { countShape },
);

for (const { name, make } of databases) {
  test(`wrong counts are found, and repaired on request or by the next change of their range, on ${name}`, async (t) => {
    const own = await make({ countShape });
    t.after(() => own.dispose());
    const { store } = own;
    const tenant = await addTenant(store);
    const model = new Model(store, tenant);
    await model.take({ kind: 'add', createdAt: 0, status: 'active', count: 80 });
    assert.equal((await store.checkCounts(tenant.orgKey)).faults, 0);

    await own.execute(`update users set status = 'inactive'`);
    const report = await store.checkCounts(tenant.orgKey);
    assert.ok(report.faults > 0);
    assert.deepEqual(report.counted, { pending: 0, active: 0, inactive: 80 });
    assert.deepEqual(report.kept, { pending: 0, active: 80, inactive: 0 });
    await store.repairCounts(tenant.orgKey);
    model.replace(model.users().map((user) => ({ ...user, status: 'inactive' })));
    await assertPages(store, tenant, model.users(), 20);

    await own.execute(`update users set status = 'pending'`);
    model.replace(model.users().map((user) => ({ ...user, status: 'pending' })));
    await model.take({ kind: 'erase', nth: 3, count: 1 });
    await assertPages(store, tenant, model.users(), 20);

    for (const damage of ['delete from user_counts where node > 0', 'delete from user_counts']) {
      await own.execute(damage);
      assert.ok((await store.checkCounts(tenant.orgKey)).faults > 0, damage);
      await store.repairCounts(tenant.orgKey);
      await assertPages(store, tenant, model.users(), 20);
    }
  });
}

/**
 * The expected content of the store. Units of work change it, one after the other. A unit that is retried starts from
 * the same content as the first time, like in the store.
 */
class Model {
  readonly #store: Store;
  readonly #tenant: Tenant;
  #users: User[] = [];
  /** Before each of the steps. */
  readonly #states: (readonly User[])[] = [];
  #taken = 0;

  constructor(store: Store, tenant: Tenant) {
    this.#store = store;
    this.#tenant = tenant;
  }

  /** Newest first; of equal times, the user that was created later comes first. */
  users(): readonly User[] {
    return this.#users.toReversed().sort((left, right) => right.createdAt - left.createdAt);
  }

  /** In the order of their creation. */
  replace(users: readonly User[]): void {
    this.#users = users.toReversed().sort((left, right) => left.createdAt - right.createdAt);
  }

  async take(step: Step): Promise<void> {
    const place = this.#taken++;
    const work = this.#store.change(this.#tenant.orgKey, async ({ users }) => {
      this.#users = [...(this.#states[place] ?? this.#users)];
      this.#states.splice(place, Number.POSITIVE_INFINITY, [...this.#users]);
      const add = async (said: Pick<User, 'createdAt' | 'status'>) =>
        users.insert(newUser(this.#tenant, said));
      switch (step.kind) {
        case 'add':
          for (let at = 0; at < step.count; at++)
            this.#users.push(await add({ createdAt: step.createdAt, status: step.status }));
          return;
        case 'erase':
          for (let at = 0; at < step.count; at++) {
            const [user]: User[] = this.#users.splice(step.nth % Math.max(1, this.#users.length), 1);
            if (user !== undefined) assert.notEqual(await users.erase(user, []), null);
          }
          return;
        case 'move': {
          const at = step.nth % Math.max(1, this.#users.length);
          const user: User | undefined = this.#users[at];
          if (user !== undefined) this.#users[at] = await users.update(user, { status: step.status });
          return;
        }
        case 'fail': {
          const user = this.#users[step.nth % Math.max(1, this.#users.length)];
          if (user !== undefined) await users.erase(user, []);
          await add({ createdAt: step.createdAt, status: 'pending' });
          if (step.nth % 2 === 0) await users.page({}, 0, 1);
          throw new RolledBack();
        }
      }
    });
    await work.catch((error) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  }
}

/** Short, so that a failure can be read. */
function nameOf({ id, status, createdAt }: User): string {
  return `${id} ${status} ${createdAt}`;
}

class RolledBack extends Error {}

async function assertPages(
  store: Store,
  tenant: Tenant,
  expected: readonly User[],
  size: number,
): Promise<void> {
  for (const filter of [undefined, ...userStatuses]) {
    const matching = expected.filter((user) => filter === undefined || user.status === filter);
    const found: User[] = [];
    for (let offset = 0; offset <= matching.length; offset += size) {
      const page = await store.read(tenant.orgKey, (tx) =>
        tx.users.page(filter === undefined ? {} : { status: filter }, offset, size),
      );
      assert.equal(page.total, matching.length);
      found.push(...page.items);
    }
    assert.deepEqual(found.map(nameOf), matching.map(nameOf));
  }
  const report = await store.checkCounts(tenant.orgKey);
  assert.equal(report.faults, 0);
  assert.deepEqual(report.kept, report.counted);
}
