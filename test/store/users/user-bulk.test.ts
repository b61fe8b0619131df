import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { NewUser } from '../../../src/core/directory/user.ts';
import type { InsertOutcome, UserBatch, UserCursor } from '../../../src/core/directory/user-store.ts';
import { addTenant, newApp, newDigests, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('users in bulk', (own) => {
  let tenant: Tenant;

  beforeEach(async () => {
    tenant = await addTenant(own());
  });

  const addAll = (said: readonly Partial<NewUser>[]): Promise<readonly InsertOutcome[]> =>
    own().change(tenant.orgKey, (tx) => tx.users.insertAll(said.map((each) => newUser(tenant, each))));
  const page = () => own().read(tenant.orgKey, (tx) => tx.users.page({}, 0, 100));

  test('are added in their order, with the same result as one after the other, and counted', async () => {
    const said = Array.from({ length: 30 }, (_, at) =>
      newUser(tenant, { externalId: `x-${at}`, createdAt: at % 3 === 0 ? 500 : 1_000 }),
    );
    const outcomes = await own().change(tenant.orgKey, (tx) => tx.users.insertAll(said));
    assert.deepEqual(
      outcomes,
      said.map(({ id }) => ({ id })),
    );
    const { items, total } = await page();
    assert.equal(total, 30);
    const expected = said.toSorted((left, right) => left.createdAt - right.createdAt).reverse();
    assert.deepEqual(
      items.map(({ id }) => id),
      expected.map(({ id }) => id),
    );
    const [first] = said;
    assert.ok(first);
    assert.partialDeepStrictEqual(
      items.find(({ id }) => id === first.id),
      { ...first, wasActive: true, updatedAt: first.createdAt, lastLoginAt: null },
    );
  });

  test('whose email or external id is taken are left out, and the others are added', async () => {
    await addAll([{ email: 'held@example.com', externalId: 'held' }]);
    const outcomes = await addAll([
      { email: 'a@example.com', externalId: 'a' },
      { email: 'HELD@example.com' },
      { externalId: 'held' },
      { email: 'A@example.com' },
      { externalId: 'a', email: 'b@example.com' },
      { email: 'b@example.com' },
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => ('id' in outcome ? 'added' : outcome.taken)),
      ['added', 'email', 'externalId', 'email', 'externalId', 'added'],
    );
    assert.equal((await page()).total, 3);
  });

  test('whose random id or number is taken get another', async () => {
    const there = newUser(tenant);
    await own().change(tenant.orgKey, (tx) => tx.users.insert(there));
    const [byId, byNumber] = await addAll([{ id: there.id }, { number: there.number }]);
    assert.ok(byId && 'id' in byId && byId.id !== there.id);
    assert.ok(byNumber && 'id' in byNumber);
    assert.equal(new Set((await page()).items.map(({ number }) => number)).size, 3);
  });

  test('are all rolled back with their transaction', async () => {
    const failing = own().change(tenant.orgKey, async (tx) => {
      await tx.users.insertAll([newUser(tenant), newUser(tenant)]);
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual(await page(), { items: [], total: 0 });
  });

  test('that are inactive count as having been active only where they are confirmed', async () => {
    await addAll([
      { status: 'inactive', externalId: 'a' },
      { status: 'inactive', externalId: 'b', confirmedAt: 5 },
      { status: 'pending', externalId: 'c', confirmedAt: 5 },
    ]);
    const { items } = await page();
    assert.deepEqual(Object.fromEntries(items.map((user) => [user.externalId, user.wasActive])), {
      a: false,
      b: true,
      c: false,
    });
  });

  test('of an organization or of one app are read for an export oldest first, each once', async () => {
    const other = await own().change(tenant.orgKey, (tx) => tx.apps.insert(newApp(), newDigests()));
    await addAll(
      Array.from({ length: 7 }, (_, at) => ({ externalId: `x-${at}`, createdAt: 1_000 - (at % 2) })),
    );
    await addAll([{ externalId: 'y', appId: other.id, createdAt: 1 }]);
    await own().change((await addTenant(own())).orgKey, async () => {});
    const read = async (appId: string | null): Promise<(string | null)[]> => {
      const seen: (string | null)[] = [];
      for (let after: UserCursor | null = null; ; ) {
        const last: UserCursor | null = after;
        const batch: UserBatch = await own().read(tenant.orgKey, (tx) =>
          tx.users.listOldestFirst(appId, last, 3),
        );
        seen.push(...batch.items.map(({ externalId }) => externalId));
        after = batch.next;
        if (after === null) return seen;
      }
    };
    const own7 = ['x-1', 'x-3', 'x-5', 'x-0', 'x-2', 'x-4', 'x-6'];
    assert.deepEqual(await read(null), ['y', ...own7]);
    assert.deepEqual(await read(tenant.appId), own7);
    assert.deepEqual(await read(other.id), ['y']);
  });
});
