/** Rows that another transaction has locked, and transactions that conflict with each other. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isRefusal } from '../../src/core/errors.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import {
  addTenant,
  makePostgresStore,
  newUser,
  openLocation,
  type PostgresOwnStore,
  type Tenant,
} from '../store/harness.ts';

const lockWaitMs = 400;
/** Longer than a busy machine delays an answer. */
const patientMs = 2_000;
/** The wait, and the delay of a busy machine. */
const answerMaxMs = lockWaitMs + 1_500;

describe('a change on PostgreSQL', () => {
  let own: PostgresOwnStore;
  let stranger: Client;
  let tenant: Tenant;

  before(async () => {
    own = await makePostgresStore({ lockWaitMs });
    stranger = new Client({ connectionString: own.database.url });
    await stranger.connect();
  });
  after(async () => {
    await stranger.end();
    await own.dispose();
  });
  beforeEach(async () => {
    tenant = await addTenant(own.store);
    await add();
  });

  const add = (store = own.store) => store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  const total = async () => (await own.store.read(tenant.orgKey, (tx) => tx.users.page({}, 0, 1))).total;

  test('that needs a locked row is refused in time, with any number of waiting changes, and reads continue', async () => {
    await stranger.query('begin');
    await stranger.query('select from user_counts where org_key = $1 for update', [tenant.orgKey]);
    const started = performance.now();
    const refusals = Array.from({ length: 40 }, () =>
      assert.rejects(add(), (error) => isRefusal(error, 'unavailable')),
    );
    assert.equal(await total(), 1);
    await Promise.all(refusals);
    assert.ok(performance.now() - started < answerMaxMs, `${performance.now() - started} ms`);
    await stranger.query('rollback');
    await add();
    assert.equal(await total(), 2);
  });

  test('is refused after one limit, of which its turn is a part', async () => {
    const patient = openStore({ databaseUrl: own.location, lockWaitMs: patientMs });
    await stranger.query('begin');
    await stranger.query('select from user_counts where org_key = $1 for update', [tenant.orgKey]);
    const refusedAfter = async (): Promise<number> => {
      const startedAt = performance.now();
      await assert.rejects(add(patient), (error) => isRefusal(error, 'unavailable'));
      return performance.now() - startedAt;
    };
    // The second one and its neighbours come while the first waits for the row, and share the next transaction.
    const first = refusedAfter();
    await sleep(patientMs / 10);
    const others = [refusedAfter(), refusedAfter()];
    await sleep(patientMs / 2);
    others.push(refusedAfter());
    const alone = Math.max(patientMs, await first);
    for (const ms of await Promise.all(others)) assert.ok(ms < alone * 1.6, `${ms} ms beside ${alone} ms`);
    await stranger.query('rollback');
    await patient.close();
  });

  test('of another organization does not wait for it', async () => {
    const neighbour = await addTenant(own.store);
    await stranger.query('begin');
    await stranger.query('select from user_counts where org_key = $1 for update', [tenant.orgKey]);
    const refused = assert.rejects(add(), (error) => isRefusal(error, 'unavailable'));
    const started = performance.now();
    await own.store.change(neighbour.orgKey, (tx) => tx.users.insert(newUser(neighbour)));
    assert.ok(performance.now() - started < lockWaitMs);
    await refused;
    await stranger.query('rollback');
  });

  test('that waits for a row does not make the others in its transaction wait as long', async () => {
    const held = await add();
    await stranger.query('begin');
    await stranger.query('select from users where org_key = $1 and id = $2 for update', [
      tenant.orgKey,
      held.id,
    ]);
    const blocked = assert.rejects(
      own.store.change(tenant.orgKey, (tx) => tx.users.update(held, { timezone: 'Europe/Berlin' })),
      (error) => isRefusal(error, 'unavailable'),
    );
    const others = Array.from({ length: 5 }, () => add());
    const outcomes = await Promise.allSettled(others);
    await blocked;
    await stranger.query('rollback');
    const made = outcomes.filter(({ status }) => status === 'fulfilled').length;
    assert.equal(made, others.length);
    assert.equal(await total(), 2 + made);
  });

  test('that deadlocks with another succeeds, and so does the other', async () => {
    // The limits leave the server time to detect the deadlock.
    const [one, another] = [openLocation(own.location), openLocation(own.location)];
    const [ann, bob] = [await add(), await add()];
    for (let round = 0; round < 3; round++) {
      const inOrder = (store: Store, ids: readonly string[]) =>
        store.change(tenant.orgKey, async (tx) => {
          for (const id of ids) {
            const user = await tx.users.lock({ id });
            if (user !== null) await tx.users.update(user, { updatedAt: user.updatedAt + 1 });
          }
        });
      await Promise.all([inOrder(one, [ann.id, bob.id]), inOrder(another, [bob.id, ann.id])]);
    }
    for (const { id, updatedAt } of [ann, bob]) {
      const user = await own.store.read(tenant.orgKey, (tx) => tx.users.find({ id }));
      assert.equal(user?.updatedAt, updatedAt + 6);
    }
    await one.close();
    await another.close();
  });

  test('whose statement failed cannot be committed, even if the unit of work continues', async () => {
    const taken = await own.store.change(tenant.orgKey, (tx) =>
      tx.users.insert(newUser(tenant, { email: 'ann@example.com' })),
    );
    const before = await total();
    const session = { id: 'ses_1', userId: taken.id, startedAt: 1, lastUsedAt: 1 };
    await own.store.change(tenant.orgKey, (tx) => tx.sessions.insert(session, 'digest'));
    const swallowing = own.store.change(tenant.orgKey, async (tx) => {
      await tx.users.insert(newUser(tenant));
      await tx.sessions.insert(session, 'digest').catch(() => {});
    });
    await assert.rejects(swallowing);
    assert.equal(await total(), before);
  });
});
