/** The life of a connection with a real authorization server: started, refreshed, lost, ended. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { User } from '../../src/core/directory/user.ts';
import { type Connection, pendingLifeMs } from '../../src/core/providers/connection.ts';
import { openGrants } from '../../src/core/providers/grant.ts';
import { revocationDueMs } from '../../src/core/providers/revocation.ts';
import { disconnect, listConnections } from '../../src/core/providers/user-connections.ts';
import { createHousekeepingJob } from '../../src/jobs/housekeeping.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import { steady } from '../support/server/clock.ts';
import { type Linked, openLinked } from './linked-deployment.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let linked: Linked;
before(async () => {
  linked = await openLinked();
});
after(() => linked.close());
beforeEach(() => linked.proxy.plan(() => 'pass'));

const addUser = (): Promise<User> => linked.deployment.addUser();
const end = (user: User, { id }: Connection): Promise<Connection> =>
  disconnect(linked.core, linked.operator, { user: { id: user.id }, connectionId: id });
const statusOf = async (connection: Connection) => (await linked.connectionOf(connection))?.status;

describe('connecting', () => {
  test('a person who comes back has an active connection, and its tokens are only stored sealed', async () => {
    const from = linked.server.issued.length;
    const { connection } = await linked.connectUser();
    const after = await linked.connectionOf(connection);
    assert.equal(after?.status, 'active');
    assert.equal(after.connectedAt, linked.deployment.clock.now());
    const given = linked.server.issued.slice(from);
    assert.equal(given.length, 2);
    for (const table of linked.deployment.rows.tables()) {
      const text = JSON.stringify(linked.deployment.rows.all(table));
      for (const token of given) assert.ok(!text.includes(token), table);
    }
    assert.deepEqual(linked.revocations(), []);
  });

  test('after a refusal the connection is pending, and the person may try again with the same id', async () => {
    const user = await addUser();
    const { connection, callback } = await linked.visit(user, 'deny');
    assert.equal(await linked.comeBack(callback), 'denied');
    assert.equal(await statusOf(connection), 'pending');
    const second = await linked.visit(user);
    assert.equal(second.connection.id, connection.id);
    assert.equal(await linked.comeBack(second.callback), 'connected');
    assert.equal(await statusOf(connection), 'active');
  });

  test('a callback is valid once: of many at the same time exactly one exchanges the code, and all show its outcome', async () => {
    const { connection, callback } = await linked.visit(await addUser());
    const asked = linked.proxy.asked.length;
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => linked.comeBack(callback)));
    assert.deepEqual(outcomes, Array(5).fill('connected'));
    const before = await linked.connectionOf(connection);
    assert.equal(await linked.comeBack(callback), 'connected');
    assert.deepEqual(linked.proxy.asked.slice(asked), ['/token']);
    assert.deepEqual(await linked.connectionOf(connection), before);
    assert.equal(before?.status, 'active');
  });

  test('an expired callback is refused', async () => {
    const { connection, callback } = await linked.visit(await addUser());
    linked.deployment.clock.advance(10 * minuteMs);
    assert.equal(await linked.comeBack(callback), 'refused');
    assert.equal(await statusOf(connection), 'pending');
  });

  for (const [what, change] of [
    ['of another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['without the issuer that always says who it is', (url: URL) => url.searchParams.delete('iss')],
    ['with another state', (url: URL) => url.searchParams.set('state', `oas_1_${'a'.repeat(43)}`)],
    ['with two states', (url: URL) => url.searchParams.append('state', 'x')],
    ['without a state', (url: URL) => url.searchParams.delete('state')],
    ['without a code', (url: URL) => url.searchParams.delete('code')],
  ] as const) {
    test(`a callback ${what} is refused, and no provider is called`, async () => {
      const { connection, callback } = await linked.visit(await addUser());
      const asked = linked.proxy.asked.length;
      change(callback);
      assert.equal(await linked.comeBack(callback), 'refused');
      assert.equal(linked.proxy.asked.length, asked);
      assert.equal(await statusOf(connection), 'pending');
    });
  }

  test('a code that the server does not know gives nothing and leaves nothing to revoke', async () => {
    const { connection, callback } = await linked.visit(await addUser());
    callback.searchParams.set('code', 'made-up');
    assert.equal(await linked.comeBack(callback), 'failed');
    assert.equal(await statusOf(connection), 'pending');
    assert.deepEqual(
      linked.revocations().filter(({ connectionId }) => connectionId === connection.id),
      [],
    );
  });

  test('a code is useless without the verifier', async () => {
    const { callback } = await linked.visit(await addUser());
    const stolen = await linked.visit(await addUser());
    stolen.callback.searchParams.set('code', callback.searchParams.get('code') ?? '');
    assert.equal(await linked.comeBack(stolen.callback), 'failed');
  });

  test('a person whose connection ended before they came back is refused, and no provider is called', async () => {
    const user = await addUser();
    const { connection, callback } = await linked.visit(user);
    assert.equal((await end(user, connection)).status, 'revoked');
    assert.equal(await linked.comeBack(callback), 'refused');
  });

  test('a pending connection whose person does not come back is deleted after a day', async () => {
    const user = await addUser();
    const { connection } = await linked.visit(user);
    const { clock } = linked.deployment;
    const housekeeping = createHousekeepingJob(linked.core, createTestJournal(), steady);
    clock.advance(pendingLifeMs - 1);
    await housekeeping.run();
    assert.equal(await statusOf(connection), 'pending');
    clock.advance(1);
    await housekeeping.run();
    assert.equal(await statusOf(connection), undefined);
  });
});

describe('refreshing', () => {
  test('tokens are refreshed before they expire, and again before the next ones do', async () => {
    const { connection } = await linked.connectUser();
    const { clock } = linked.deployment;
    for (let round = 1; round <= 2; round += 1) {
      const before = await linked.connectionOf(connection);
      assert.ok(before?.refreshAt != null && before.refreshAt < clock.now() + hourMs);
      clock.advance(before.refreshAt - clock.now() - 1);
      await linked.work();
      assert.equal((await linked.connectionOf(connection))?.sealedGrants, before.sealedGrants);
      clock.advance(1);
      await linked.work();
      const after = await linked.connectionOf(connection);
      assert.notEqual(after?.sealedGrants, before.sealedGrants);
      assert.equal(after?.status, 'active');
      assert.equal(after.unanswered, 0);
    }
  });

  test('where the provider says that the grant is gone the connection needs its user, and the user has a new time of change', async () => {
    const { user, connection } = await linked.connectUser();
    const before = await linked.connectionOf(connection);
    const grants = openGrants(linked.core.secrets, before ?? connection);
    // The person revokes access at the provider.
    await fetch(`${linked.server.url}/token/revocation`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('roster-under-test:a-client-secret-under-test').toString('base64')}`,
      },
      body: new URLSearchParams({ token: grants?.[0].tokens.refreshToken ?? '' }),
    });
    linked.deployment.clock.advance(hourMs);
    await linked.work();
    assert.equal(await statusOf(connection), 'needs_user');
    const seen = await linked.core.work.read(user.orgKey, (tx) => tx.users.find({ id: user.id }));
    assert.equal(seen?.updatedAt, linked.deployment.clock.now());
    // After the person has come back, the same connection is active again.
    const again = await linked.visit(user);
    assert.equal(again.connection.id, connection.id);
    assert.equal(await linked.comeBack(again.callback), 'connected');
    assert.equal(await statusOf(connection), 'active');
  });

  test('a refresh at a provider that is down is retried after growing waits', async () => {
    const { connection } = await linked.connectUser();
    const { clock } = linked.deployment;
    linked.proxy.plan(() => 'fail');
    clock.advance(hourMs);
    const pauses: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await linked.work();
      const { refreshAt = 0, refreshOutcome, status } = (await linked.connectionOf(connection)) ?? {};
      assert.equal(refreshOutcome, 'http_500');
      assert.equal(status, 'active');
      pauses.push((refreshAt ?? 0) - clock.now());
      clock.advance((refreshAt ?? 0) - clock.now());
    }
    assert.deepEqual(pauses, [15_000, 30_000, 60_000, 120_000]);
    linked.proxy.plan(() => 'pass');
    await linked.work();
    assert.equal((await linked.connectionOf(connection))?.refreshFailures, 0);
  });
});

describe('disconnecting', () => {
  test('the grant has ended once the connection is revoked, and the row has no tokens any more', async () => {
    const from = linked.server.issued.length;
    const { user, connection } = await linked.connectUser();
    assert.equal((await linked.server.liveTokens(from)).length, 2);
    const ending = await end(user, connection);
    assert.equal(ending.status, 'revoking');
    assert.equal(ending.sealedGrants, null);
    await linked.work();
    assert.equal(await statusOf(connection), 'revoked');
    assert.deepEqual(await linked.server.liveTokens(from), []);
    const [revocation] = linked.revocations().filter(({ connectionId }) => connectionId === connection.id);
    assert.equal(revocation?.state, 'confirmed');
    assert.equal(revocation.outcome, 'inactive');
    const [row] = linked.deployment.rows.all('revocations').filter((each) => each['id'] === revocation.id);
    assert.equal(row?.['sealed_grant'], null);
  });

  test('a second time changes nothing, also after the end', async () => {
    const { user, connection } = await linked.connectUser();
    const first = await end(user, connection);
    assert.deepEqual(await end(user, connection), first);
    await linked.work();
    assert.equal((await end(user, connection)).status, 'revoked');
  });

  test('ends one connection: another one of the same user stays', async () => {
    const { user, connection } = await linked.connectUser();
    const second = await linked.visit(user);
    assert.notEqual(second.connection.id, connection.id);
    assert.equal(await linked.comeBack(second.callback), 'connected');
    await end(user, connection);
    await linked.work();
    const list = await listConnections(linked.core, linked.operator, { user: { id: user.id } });
    assert.deepEqual(
      list.map(({ id, status }) => [id, status]),
      [
        [second.connection.id, 'active'],
        [connection.id, 'revoked'],
      ],
    );
  });

  test('without an answer for 30 days it is overdue, is still retried, and ends with the first answer', async () => {
    const { user, connection } = await linked.connectUser();
    linked.proxy.plan(() => 'fail');
    await end(user, connection);
    const { clock } = linked.deployment;
    await linked.work();
    clock.advance(revocationDueMs - 1);
    await linked.work();
    assert.equal(await statusOf(connection), 'revoking');
    clock.advance(1);
    await linked.work();
    assert.equal(await statusOf(connection), 'overdue');
    const asked = linked.proxy.asked.length;
    clock.advance(hourMs);
    await linked.work();
    assert.ok(linked.proxy.asked.length > asked);
    assert.equal(await statusOf(connection), 'overdue');
    linked.proxy.plan(() => 'pass');
    clock.advance(hourMs);
    await linked.work();
    assert.equal(await statusOf(connection), 'revoked');
  });

  test('attempts have growing waits between them, up to an hour', async () => {
    const { user, connection } = await linked.connectUser();
    linked.proxy.plan(() => 'fail');
    await end(user, connection);
    const { clock, rows } = linked.deployment;
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await linked.work();
      const [row] = rows.all('revocations').filter((each) => each['connection_id'] === connection.id);
      pauses.push((Number(row?.['next_attempt_at']) - clock.now()) / 1_000);
      clock.advance(Number(row?.['next_attempt_at']) - clock.now());
    }
    assert.deepEqual(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]);
    linked.proxy.plan(() => 'pass');
    await linked.workOff();
  });
});
