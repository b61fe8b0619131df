/** Several processes on one PostgreSQL database: each sees the commits of all, and what must happen once happens once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { initialise } from '../../src/core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../src/core/errors.ts';
import { newPrefixedId } from '../../src/core/ids.ts';
import { revokeApiKey } from '../../src/core/keys/api-key-lifecycle.ts';
import { messageLeaseMs } from '../../src/core/messaging/message.ts';
import { schemaVersion } from '../../src/store/migrations/all-migrations.ts';
import { addTenant, claimDueMessages, makePostgresStore, newUser, openLocation } from '../store/harness.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import { adminPassword, type Roster, startRoster, testDoor } from '../support/server/start.ts';

describe('processes on one PostgreSQL database', () => {
  let database: OwnDatabase;
  let here: Roster;
  let there: Roster;
  let bearer: string;

  before(async () => {
    database = await createDatabase();
    const env = { DATABASE_URL: database.url };
    here = await startRoster({ env });
    // The same secret and the same time, as all processes of a deployment have them.
    there = await startRoster({ env, folder: here.folder, clock: here.clock });
    bearer = here.organization.apiKeys.admin;
  });
  after(async () => {
    await there.close();
    await here.close();
    await database.drop();
  });

  test('a user created through one is found, listed and deleted through the other immediately', async () => {
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      const before = (await other.call('GET /sonar/v1/users', { bearer })).number('meta.total');
      const id = (await one.call('POST /sonar/v1/users', { bearer })).string('data.id');
      assert.equal((await other.call(`GET /sonar/v1/users/${id}`, { bearer })).status, 200);
      const list = await other.call('GET /sonar/v1/users', { bearer });
      assert.equal(list.number('meta.total'), before + 1);
      assert.equal(list.string('data.0.id'), id);
      assert.equal((await other.call(`DELETE /sonar/v1/users/${id}`, { bearer })).status, 204);
      assert.equal((await one.call(`GET /sonar/v1/users/${id}`, { bearer })).status, 404);
    }
  });

  test('a revoked key and an ended session are refused everywhere immediately', async () => {
    const { apiKeys } = await here.addOrganization();
    const list = () => there.call('GET /sonar/v1/users', { bearer: apiKeys.reader });
    assert.equal((await list()).status, 200);
    const keys = await here.core.work.readSystem('operator', (tx) => tx.apiKeys.list());
    const newest = keys.at(-1);
    assert.ok(newest?.role === 'reader');
    await revokeApiKey(here.core, testDoor, newest.id);
    assert.equal((await list()).status, 401);

    const admin = await here.addAdmin();
    const path = `/general/v1/users/${admin.number}`;
    const look = () => there.call(`GET ${path}`, { session: admin.session });
    assert.equal((await look()).status, 200);
    assert.equal((await here.call('DELETE /general/v1/sessions', { session: admin.session })).status, 204);
    assert.equal((await look()).status, 401);
  });

  test('one Idempotency-Key creates one user, through any process', async () => {
    const json = { reference_id: 'once', timezone: 'Europe/Berlin' };
    const before = await here.rows.count('users');
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? here : there).call('POST /sonar/v1/users', {
          bearer,
          json,
          headers: { 'Idempotency-Key': 'the-only-one' },
        }),
      ),
    );
    assert.equal(await here.rows.count('users'), before + 1);
    const made = replies.filter(({ status }) => status === 201).map((reply) => reply.string('data.id'));
    assert.equal(new Set(made).size, 1);
    // Requests that arrived while the first was running were asked to retry.
    const others = replies.filter(({ status }) => status !== 201);
    for (const reply of others) assert.match(reply.string('message'), /still running/);
  });

  test('of the last two admins, who delete each other through different processes, one stays', async () => {
    for (let round = 0; round < 5; round++) {
      const tenant = await here.addOrganization();
      const [ann, bob] = [await here.addAdmin(tenant), await here.addAdmin(tenant)];
      const replies = await Promise.all([
        here.call(`DELETE /general/v1/users/${bob.number}`, { session: ann.session }),
        there.call(`DELETE /general/v1/users/${ann.number}`, { session: bob.session }),
      ]);
      const gone = replies.filter(({ status }) => status === 204).length;
      assert.equal(gone, 1, replies.map(({ status }) => status).join());
    }
  });

  test('limits count the calls to all processes together', async () => {
    const env = { DATABASE_URL: database.url, ROSTER_LIMIT_EMAIL_CHECK: '7' };
    const one = await startRoster({ env, folder: here.folder, clock: here.clock });
    const other = await startRoster({ env, folder: here.folder, clock: here.clock });
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? one : other).call('POST /general/v1/users/email_has_account', {
          json: { email: 'jane@example.com' },
        }),
      ),
    );
    await one.close();
    await other.close();
    assert.equal(replies.filter(({ status }) => status === 200).length, 7);
    assert.equal(replies.filter(({ status }) => status === 429).length, 23);
  });

  test('of several claims at the same time each message goes to one, and is due again after its lease', async () => {
    const own = await makePostgresStore();
    const stores = [own.store, own.openAgain(), own.openAgain()];
    const tenant = await addTenant(own.store);
    await own.store.change(tenant.orgKey, async ({ users, messages }) => {
      const { id: userId } = await users.insert(newUser(tenant));
      for (let at = 0; at < 60; at++) {
        await messages.insert({
          ...{ id: newPrefixedId('msg'), userId, channel: 'sms', template: 'confirmation' },
          ...{ isOutboxOnly: false, destination: 'of phone', sealedContent: 'sealed', createdAt: at },
        });
      }
    });
    const claimAll = async (now: number) => {
      const claims = stores.flatMap((store) =>
        Array.from({ length: 5 }, () =>
          store.changeSystem('job', (tx) => claimDueMessages(tx, { now, leaseMs: messageLeaseMs, limit: 7 })),
        ),
      );
      return (await Promise.all(claims)).flat().map(({ id }) => id);
    };
    const claimed = await claimAll(1_000);
    assert.equal(new Set(claimed).size, claimed.length);
    const rest = await claimAll(1_000);
    assert.equal(new Set([...claimed, ...rest]).size, 60);
    assert.equal(claimed.length + rest.length, 60);
    assert.deepEqual(await claimAll(999 + messageLeaseMs), []);
    assert.ok((await claimAll(1_000 + messageLeaseMs)).length > 0);
    for (const store of stores.slice(1)) await store.close();
    await own.dispose();
  });

  test('of several processes that start on an empty database one migrates and one makes the first organization', async () => {
    const empty = await createDatabase();
    const stores = Array.from({ length: 4 }, () => openLocation(empty.url));
    const applied = await Promise.all(stores.map((store) => store.migrate()));
    assert.equal(
      applied.reduce((sum, each) => sum + each, 0),
      schemaVersion,
    );
    const outcomes = await Promise.allSettled(
      stores.map((work) => initialise({ ...here.core, work }, testDoor, 'First')),
    );
    const made = outcomes.filter(({ status }) => status === 'fulfilled');
    assert.equal(made.length, 1);
    for (const outcome of outcomes) {
      assert.ok(outcome.status === 'fulfilled' || isRefusal(outcome.reason, 'wrong_state'));
    }
    for (const store of stores) await store.close();
    await empty.drop();
  });

  test('all processes count wrong passwords together', async () => {
    const admin = await here.addAdmin();
    const signIn = (roster: Roster, password: string) =>
      roster.call('POST /general/v1/sessions', { json: { email: admin.email, password } });
    for (let attempt = 0; attempt < 5; attempt++) {
      assert.equal((await signIn(attempt % 2 === 0 ? here : there, 'wrong-password-1')).status, 401);
    }
    assert.equal((await signIn(here, adminPassword)).status, 429);
    assert.equal((await signIn(there, adminPassword)).status, 429);
  });
});
