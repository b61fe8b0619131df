/** Changes that are apart from each other take their steps by turns: each still has its own outcome, and all count. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { isNotFound, refuse } from '../../../src/core/errors.ts';
import { newUserId, type UserId } from '../../../src/core/ids.ts';
import { addTenant, makePostgresStore, newUser, type PostgresOwnStore, type Tenant } from '../harness.ts';

const people = 40;

describe('changes that are apart on PostgreSQL', () => {
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

  /** Erases a user as the directory does; what became of it. */
  async function erase(id: UserId): Promise<'erased' | 'unknown'> {
    try {
      await own.store.change(
        tenant.orgKey,
        async ({ users }) => {
          const user = await users.lock({ id });
          if (user === null || (await users.erase(user, [])) === null)
            throw refuse('not_found', { noun: 'user' });
        },
        { isApart: true },
      );
      return 'erased';
    } catch (error) {
      assert.ok(isNotFound(error, 'user'), String(error));
      return 'unknown';
    }
  }

  async function assertNobodyIsLeft(): Promise<void> {
    const { total } = await own.store.read(tenant.orgKey, ({ users }) => users.page({}, 0, 1));
    assert.equal(total, 0);
    assert.equal((await own.store.checkCounts(tenant.orgKey)).faults, 0);
  }

  test('are each done, and those that refuse keep no other from it', async () => {
    const ids = await addPeople();
    const strangers = ids.map(() => newUserId());
    const asked = ids.flatMap((id, at) => [id, strangers[at] ?? id]);
    const outcomes = await Promise.all(asked.map(erase));
    assert.deepEqual(
      outcomes,
      asked.map((_, at) => (at % 2 === 0 ? 'erased' : 'unknown')),
    );
    await assertNobodyIsLeft();
  });

  test('have one winner where several are about the same user', async () => {
    const ids = await addPeople();
    const outcomes = await Promise.all([...ids, ...ids, ...ids].map(erase));
    assert.equal(outcomes.filter((outcome) => outcome === 'erased').length, people);
    await assertNobodyIsLeft();
  });

  test('come after what was asked for before them, and before what was asked for later', async () => {
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
    await assertNobodyIsLeft();
  });

  test('wait for a user that somebody else holds without having the others wait', async () => {
    const [held, ...others] = await addPeople();
    assert.ok(held !== undefined);
    const holder = new Client({ connectionString: own.database.url });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query('select id from users where id = $1 for update', [held]);
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
    await assertNobodyIsLeft();
  });
});
