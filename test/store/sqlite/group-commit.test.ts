import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusal } from '../../../src/core/errors.ts';
import { newUserId } from '../../../src/core/ids.ts';
import type { Topic } from '../../../src/core/topic.ts';
import type { Tx } from '../../../src/core/unit-of-work.ts';
import { addTenant, makeSqliteStore, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const somewhere = { network: 'network', group: 'unknown' } as const;

suiteOnEveryDatabase('units of work', (own) => {
  let tenant: Tenant;

  beforeEach(async () => {
    tenant = await addTenant(own());
  });

  const add = (id = newUserId(), email: string | null = null) =>
    own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant, { id, email })));
  const total = async () => (await own().read(tenant.orgKey, (tx) => tx.users.page({}, 0, 1))).total;

  test('two hundred changes at the same time are all committed', async () => {
    const users = await Promise.all(Array.from({ length: 200 }, () => add()));
    assert.equal(await total(), 200);
    assert.equal(new Set(users.map(({ id }) => id)).size, 200);
    assert.equal((await own().checkCounts(tenant.orgKey)).faults, 0);
  });

  test('more changes than fit one commit are all committed, in the order of the calls', async () => {
    const order: number[] = [];
    const changes = Array.from({ length: 700 }, (_, at) =>
      own().change(tenant.orgKey, async (tx) => {
        await tx.throttles.addFailure('subject', somewhere, at, 1);
        order.push(at);
      }),
    );
    await Promise.all(changes);
    assert.deepEqual(
      order,
      Array.from({ length: 700 }, (_, at) => at),
    );
    const { unknown: failures } = await own().read(tenant.orgKey, (tx) =>
      tx.throttles.findFailures('subject', somewhere.network),
    );
    assert.deepEqual([failures.count, failures.lastAt], [700, 699]);
  });

  test('a unit that throws loses all of its own changes and none of its neighbours', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 90 }, (_, at) =>
        own().change(tenant.orgKey, async (tx) => {
          await tx.users.insert(newUser(tenant));
          await tx.throttles.addFailure('subject', somewhere, at, 1);
          if (at % 3 === 0) throw new Error(`unit ${at}`);
          return at;
        }),
      ),
    );
    for (const [at, outcome] of outcomes.entries()) {
      if (at % 3 === 0) assert.equal(outcome.status === 'rejected' && outcome.reason.message, `unit ${at}`);
      else assert.equal(outcome.status === 'fulfilled' && outcome.value, at);
    }
    assert.equal(await total(), 60);
    const { unknown: failures } = await own().read(tenant.orgKey, (tx) =>
      tx.throttles.findFailures('subject', somewhere.network),
    );
    assert.equal(failures.count, 60);
  });

  test('of units that want the same email at the same time one gets it', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => add(newUserId(), 'ada@example.org')),
    );
    const refused = outcomes.filter(
      (outcome) => outcome.status === 'rejected' && isRefusal(outcome.reason, 'email_taken'),
    );
    assert.equal(refused.length, 49);
    assert.equal(await total(), 1);
  });

  test('an acknowledged change is visible to a read immediately', async () => {
    for (let round = 0; round < 50; round++) {
      const { id } = await add();
      const user = await own().read(tenant.orgKey, (tx) => tx.users.find({ id }));
      assert.equal(user?.id, id);
      assert.equal(await total(), round + 1);
    }
  });

  test('a refusal is returned only when the rows that it rests on are committed', async () => {
    const { email } = { email: 'ada@example.org' };
    const [, refusal] = await Promise.allSettled([
      add(newUserId(), email),
      add(newUserId(), email).catch(async (error) => {
        const holder = await own().read(tenant.orgKey, (tx) => tx.users.findByEmail(email));
        assert.notEqual(holder, null);
        throw error;
      }),
    ]);
    assert.ok(refusal.status === 'rejected' && isRefusal(refusal.reason, 'email_taken'));
  });

  test('units that await something else still run one after the other', async () => {
    let inside = 0;
    await Promise.all(
      Array.from({ length: 5 }, () =>
        own().change(tenant.orgKey, async (tx) => {
          assert.equal(++inside, 1);
          await tx.users.insert(newUser(tenant));
          await sleep(2);
          await tx.throttles.addFailure('subject', somewhere, 1, 1);
          inside--;
        }),
      ),
    );
    assert.equal(await total(), 5);
  });

  test('reads run while a unit is open, and see none of its changes', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const change = own().change(tenant.orgKey, async (tx) => {
      await tx.users.insert(newUser(tenant));
      open();
      await released;
    });
    await opened;
    assert.equal(await total(), 0);
    release();
    await change;
    assert.equal(await total(), 1);
  });

  test('a store that is used after the end of its unit is a fault', async () => {
    let leaked: Tx | undefined;
    await own().change(tenant.orgKey, async (tx) => {
      leaked = tx;
    });
    assert.ok(leaked);
    await assert.rejects(leaked.users.insert(newUser(tenant)), /has ended/);
    assert.equal(await total(), 0);
  });

  test('a read cannot change anything', async () => {
    const attempt = own().read(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
    await assert.rejects(attempt, /changes nothing/);
    assert.equal(await total(), 0);
  });
});

test('topics are reported after the commit, and only for committed rows', async (t) => {
  const told: ReadonlySet<Topic>[] = [];
  const own = await makeSqliteStore({ onCommitted: (topics) => told.push(topics) });
  t.after(() => own.dispose());
  const { store } = own;
  const tenant = await addTenant(store);
  const request = { emailDigest: 'digest', sealedEmail: 'sealed', door: 'general', createdAt: 1 };
  const ask = (id: string, isSure: boolean) =>
    store.change(tenant.orgKey, async (tx) => {
      await tx.passwordRequests.insert({ ...request, id });
      if (!isSure) throw new Error('changed its mind');
    });
  await store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  await assert.rejects(ask('one', false), /changed its mind/);
  assert.deepEqual(told, []);
  await ask('two', true);
  assert.deepEqual(told, [new Set(['password_requests'])]);
});

test('units run once, and once more if a neighbour throws after a change', async (t) => {
  const own = await makeSqliteStore();
  t.after(() => own.dispose());
  const { store } = own;
  const tenant = await addTenant(store);
  const runs = new Map<string, number>();
  const unit = (name: string, end: 'well' | 'early' | 'late') =>
    store.change(tenant.orgKey, async (tx) => {
      runs.set(name, (runs.get(name) ?? 0) + 1);
      await tx.users.find({ id: newUserId() });
      if (end === 'early') throw new Error(name);
      await tx.users.insert(newUser(tenant, { externalId: name }));
      if (end === 'late') throw new Error(name);
    });
  const outcomesOf = async (units: Promise<void>[]) =>
    (await Promise.allSettled(units)).map((each) =>
      each.status === 'rejected' ? each.reason.message : 'well',
    );
  assert.deepEqual(await outcomesOf([unit('a', 'well'), unit('b', 'early'), unit('c', 'well')]), [
    'well',
    'b',
    'well',
  ]);
  assert.deepEqual([...runs.values()], [1, 1, 1]);
  runs.clear();
  assert.deepEqual(
    await outcomesOf([unit('d', 'well'), unit('e', 'early'), unit('f', 'late'), unit('g', 'well')]),
    ['well', 'e', 'f', 'well'],
  );
  assert.deepEqual(Object.fromEntries(runs), { d: 2, e: 2, f: 2, g: 1 });
  const { items, total } = await store.read(tenant.orgKey, (tx) => tx.users.page({}, 0, 10));
  assert.equal(total, 4);
  assert.deepEqual(items.map(({ externalId }) => externalId).sort(), ['a', 'c', 'd', 'g']);
  assert.equal((await store.checkCounts(tenant.orgKey)).faults, 0);
});

test('a closed store finishes the changes that it has taken, and takes no more', async (t) => {
  const own = await makeSqliteStore();
  t.after(() => own.dispose());
  const tenant = await addTenant(own.store);
  const change = () => own.store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  const taken = [change(), change()];
  const closing = own.store.close();
  await assert.rejects(change(), (error) => isRefusal(error, 'unavailable'));
  await closing;
  assert.equal((await Promise.all(taken)).length, 2);
});
