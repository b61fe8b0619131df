/**
 * A unit does not wait for the outcome of changes that it does not need, and the commit is sent behind them. Still nothing
 * of a unit is committed if one of its changes fails, and a unit beside it in the transaction is none the worse.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { newPrefixedId, type UserId } from '../../../src/core/ids.ts';
import type { Tx } from '../../../src/core/unit-of-work.ts';
import { addTenant, makePostgresStore, newUser, type PostgresOwnStore, type Tenant } from '../harness.ts';

describe('changes on PostgreSQL whose outcome is not awaited', () => {
  let own: PostgresOwnStore;
  let tenant: Tenant;
  let userId: UserId;

  before(async () => {
    own = await makePostgresStore();
    tenant = await addTenant(own.store);
  });
  beforeEach(async () => {
    const user = newUser(tenant);
    userId = user.id;
    await own.store.change(tenant.orgKey, ({ users }) => users.insertAll([user]));
    await own.store.change(tenant.orgKey, (tx) => startSession(tx, `${userId} taken`));
  });
  after(() => own.dispose());

  /** No two sessions have one digest. */
  const startSession = ({ sessions }: Tx, digest: string): Promise<void> =>
    sessions.insert({ id: newPrefixedId('ses'), userId, startedAt: 1, lastUsedAt: 1 }, digest);
  const noteNetwork = ({ networks }: Tx, usedAt: number): Promise<void> =>
    networks.note(userId, { network: 'n', site: 's' }, usedAt);
  const change = (work: (tx: Tx) => Promise<void>) =>
    own.store.change(tenant.orgKey, work).then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
  const find = () =>
    own.store.read(tenant.orgKey, async ({ networks, sessions, users }) => ({
      uses: await networks.listUses(userId, 0),
      sessions: (await sessions.listOf(userId)).length,
      lastLoginAt: (await users.find({ id: userId }))?.lastLoginAt,
    }));
  const uniqueViolation = '23505';

  test('are committed where the unit waits for nothing', async () => {
    assert.equal(await change((tx) => noteNetwork(tx, 7)), 'done');
    assert.deepEqual(await find(), { uses: [7], sessions: 1, lastLoginAt: null });
  });

  test('are executed in the order of the calls, also those that are made before the transaction has begun', async () => {
    const order = async (tx: Tx): Promise<void> => {
      await noteNetwork(tx, 1);
      const [uses] = await Promise.all([tx.networks.listUses(userId, 0), noteNetwork(tx, 2)]);
      await noteNetwork(tx, (uses[0] ?? 0) + 10);
    };
    assert.equal(await change(order), 'done');
    assert.deepEqual((await find()).uses, [11]);
  });

  for (const last of ['fails', 'is followed by others'] as const) {
    test(`one that ${last} leaves nothing of its unit`, async () => {
      const outcome = await change(async (tx) => {
        await tx.users.lock({ id: userId });
        await noteNetwork(tx, 5);
        await startSession(tx, `${userId} taken`);
        if (last === 'is followed by others') await noteNetwork(tx, 6);
      });
      assert.equal(outcome, uniqueViolation);
      assert.deepEqual(await find(), { uses: [], sessions: 1, lastLoginAt: null });
    });
  }

  test('of many units in one transaction, those that fail are refused and the others are committed', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        change(async (tx) => {
          const user = await tx.users.lock({ id: userId });
          assert.ok(user);
          await startSession(tx, `${userId} ${at % 3 === 0 ? 'taken' : at}`);
          await tx.users.noteLogin(user, at);
        }),
      ),
    );
    assert.deepEqual(
      outcomes,
      outcomes.map((_, at) => (at % 3 === 0 ? uniqueViolation : 'done')),
    );
    assert.deepEqual(await find(), { uses: [], sessions: 9, lastLoginAt: 11 });
  });
});
