/** Changes that are confined to one user each are interleaved. Each still has its own outcome, and the counts are right. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { isNotFound, isRefusal, refuse } from '../../../src/core/errors.ts';
import { newUserId, type UserId } from '../../../src/core/ids.ts';
import { addTenant, makePostgresStore, newUser, type PostgresOwnStore, type Tenant } from '../harness.ts';

const people = 40;

describe('confined changes on PostgreSQL', () => {
  let own: PostgresOwnStore;
  let tenant: Tenant;

  before(async () => {
    own = await makePostgresStore({ countShape: { rangeMax: 4, fanout: 4 } });
    tenant = await addTenant(own.store);
  });
  after(() => own.dispose());

  async function addPeople(): Promise<UserId[]> {
    const list = Array.from({ length: people }, () => newUser(tenant));
    await own.store.change(tenant.orgKey, ({ users }) => users.insertAll(list));
    return list.map(({ id }) => id);
  }

  /** Erases a user as the directory does. */
  async function erase(id: UserId): Promise<'erased' | 'unknown'> {
    try {
      await own.store.change(
        tenant.orgKey,
        async ({ users }) => {
          const user = await users.lock({ id });
          if (user === null || (await users.erase(user, [])) === null)
            throw refuse('not_found', { noun: 'user' });
        },
        { isConfined: true },
      );
      return 'erased';
    } catch (error) {
      assert.ok(isNotFound(error, 'user'), String(error));
      return 'unknown';
    }
  }

  async function assertEmpty(): Promise<void> {
    const { total } = await own.store.read(tenant.orgKey, ({ users }) => users.page({}, 0, 1));
    assert.equal(total, 0);
    assert.equal((await own.store.checkCounts(tenant.orgKey)).faults, 0);
  }

  test('each have their own outcome, also where some of them refuse', async () => {
    const ids = await addPeople();
    const unknown = ids.map(() => newUserId());
    const asked = ids.flatMap((id, at) => [id, unknown[at] ?? id]);
    const outcomes = await Promise.all(asked.map(erase));
    assert.deepEqual(
      outcomes,
      asked.map((_, at) => (at % 2 === 0 ? 'erased' : 'unknown')),
    );
    await assertEmpty();
  });

  test('have one winner where several erase the same user', async () => {
    const ids = await addPeople();
    const outcomes = await Promise.all([...ids, ...ids, ...ids].map(erase));
    assert.equal(outcomes.filter((outcome) => outcome === 'erased').length, people);
    await assertEmpty();
  });

  test('run after the changes that were requested before them, and before those that were requested later', async () => {
    const ids = await addPeople();
    const seen = await Promise.all(
      ids.map(async (id) => {
        const isThere = () =>
          own.store.change(tenant.orgKey, async ({ users }) => (await users.lock({ id })) !== null);
        const [before, , later] = await Promise.all([isThere(), erase(id), isThere()]);
        return [before, later];
      }),
    );
    assert.deepEqual(
      seen,
      ids.map(() => [true, false]),
    );
    await assertEmpty();
  });

  test('run in order where they lock what they share: of many admins who are erased at the same time one stays', async () => {
    const admins = Array.from({ length: people }, () => newUser(tenant, { role: 'admin' }));
    const [colleague, ...others] = await addPeople();
    assert.ok(colleague !== undefined);
    await own.store.change(tenant.orgKey, ({ users }) => users.insertAll(admins));
    const eraseAdmin = ({ id }: { readonly id: UserId }) =>
      own.store.change(
        tenant.orgKey,
        async ({ users }) => {
          const user = await users.lock({ id });
          if (user === null) throw refuse('not_found', { noun: 'user' });
          if ((await users.lockActiveAdmins()) <= 1) throw refuse('last_admin', {});
          await users.erase(user, []);
        },
        { isConfined: true },
      );
    const erased = await Promise.allSettled([...admins.map(eraseAdmin), ...others.map(erase)]);
    const refused = erased.filter((outcome) => outcome.status === 'rejected');
    assert.deepEqual(
      refused.map(({ reason }) => isRefusal(reason, 'last_admin')),
      [true],
    );
    const left = await own.store.change(tenant.orgKey, ({ users }) => users.lockActiveAdmins());
    assert.equal(left, 1);
    const { total } = await own.store.read(tenant.orgKey, ({ users }) => users.page({}, 0, 1));
    assert.equal(total, 2);
    await Promise.all([colleague, ...admins.map(({ id }) => id)].map(erase));
    await assertEmpty();
  });

  test('run in order where they need a savepoint: a refused address rolls back no other change', async () => {
    const [first, ...others] = await addPeople();
    assert.ok(first !== undefined);
    const give = (id: UserId, email: string) =>
      own.store.change(
        tenant.orgKey,
        async ({ users }) => {
          const user = await users.lock({ id });
          if (user === null) throw refuse('not_found', { noun: 'user' });
          await users.update(user, { email, updatedAt: user.updatedAt });
        },
        { isConfined: true },
      );
    const given = await Promise.allSettled([
      give(first, 'a@b.example'),
      ...others.map((id) => give(id, 'a@b.example')),
    ]);
    assert.equal(given.filter(({ status }) => status === 'fulfilled').length, 1);
    const mixed = await Promise.allSettled(
      others.map((id, at) => (at % 2 === 0 ? erase(id) : give(id, 'a@b.example'))),
    );
    assert.equal(mixed.filter(({ status }) => status === 'rejected').length, Math.floor(others.length / 2));
    await Promise.all([first, ...others].map(erase));
    await assertEmpty();
  });

  test('wait for a user that another transaction has locked, and the others do not wait', async () => {
    const [held, ...others] = await addPeople();
    assert.ok(held !== undefined);
    const holder = new Client({ connectionString: own.database.url });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query('select id from users where org_key = $1 and id = $2 for update', [
        tenant.orgKey,
        held,
      ]);
      let isDone = false;
      const waiting = erase(held).then((outcome) => {
        isDone = true;
        return outcome;
      });
      for (const outcome of await Promise.all(others.map(erase))) assert.equal(outcome, 'erased');
      assert.equal(isDone, false);
      await holder.query('commit');
      assert.equal(await waiting, 'erased');
    } finally {
      await holder.end();
    }
    await assertEmpty();
  });
});
