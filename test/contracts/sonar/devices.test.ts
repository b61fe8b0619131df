import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseUserIdText } from '../../../src/core/ids.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { visit, visitDemo } from '../../support/server/demo-person.ts';
import type { Ask } from '../../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/sonar/v1/users';

const roster = setUpRoster();
const tenant = setUp(() => roster.organization);
const ledger = setUpLedger(roster);

const member = (): Ask => ({ bearer: tenant.apiKeys.member });
const connect = (userId: string, ask: Ask = {}) =>
  roster.call(`POST ${path}/${userId}/devices`, { ...member(), json: { provider: 'demo' }, ...ask });
const list = (userId: string) => roster.call(`GET ${path}/${userId}/devices`, member());
const disconnect = (userId: string, deviceId: string, ask: Ask = {}) =>
  roster.call(`DELETE ${path}/${userId}/devices/${deviceId}`, { ...member(), ...ask });

async function makeUser(): Promise<string> {
  const { userId } = await addPerson(roster);
  await ledger.mark();
  return userId;
}

/** A user with an active device. */
async function makeConnected(): Promise<{ userId: string; deviceId: string }> {
  const { userId } = await addPerson(roster);
  const reply = await connect(userId);
  const arrival = await visitDemo(reply.string('data.auth_url'));
  assert.equal(arrival.status, 200, arrival.text);
  await ledger.mark();
  return { userId, deviceId: reply.string('data.id') };
}

async function untilStatus(userId: string, status: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20)) {
    if ((await list(userId)).at('data.0.status') === status) return;
  }
  throw new Error(`the device never was ${status}`);
}

describe('GET /v1/users/{user_id}/devices', () => {
  test('is empty for a user who never connected a device', async () => {
    const reply = await list(await makeUser());
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.body, { data: [] });
  });

  test('shows each device, newest first, with times to the second', async () => {
    const { userId, deviceId } = await makeConnected();
    const second = await connect(userId);
    assert.deepEqual((await list(userId)).body, {
      data: [
        {
          id: second.string('data.id'),
          provider: 'demo',
          status: 'pending',
          connected_at: null,
          last_sync_at: null,
        },
        {
          id: deviceId,
          provider: 'demo',
          status: 'active',
          connected_at: '2026-03-02T12:00:00Z',
          last_sync_at: null,
        },
      ],
    });
  });
});

describe('POST /v1/users/{user_id}/devices', () => {
  test('answers with the address of the start page, and going there connects the device', async () => {
    const userId = await makeUser();
    roster.clock.advance(1);
    const reply = await connect(userId);
    assert.equal(reply.status, 200);
    assert.match(reply.string('data.id'), /^dev_[0-9a-f]{32}$/);
    assert.deepEqual(Object.keys(Object(reply.at('data'))), ['id', 'provider', 'status', 'auth_url']);
    assert.equal(reply.at('data.provider'), 'demo');
    assert.equal(reply.at('data.status'), 'pending');
    const authUrl = new URL(reply.string('data.auth_url'));
    assert.match(`${authUrl.pathname}${authUrl.search}`, /^\/connect\/start\?flow=oaf_[\w-]+$/);
    await ledger.expect({
      audit: [{ action: 'connection.started', door: 'sonar', subject_id: reply.string('data.id') }],
      rows: { connections: '+1', oauth_attempts: '+1', users: '~1' },
    });

    roster.clock.advance(1);
    const arrival = await visitDemo(authUrl.href);
    assert.equal(arrival.status, 200);
    assert.match(arrival.text, /Demo is connected/);
    assert.equal((await list(userId)).at('data.0.status'), 'active');
    await ledger.expect({
      audit: [{ action: 'connection.connected', door: 'connect', actor_kind: 'public' }],
      rows: { connections: '~1', oauth_attempts: '~1', users: '~1' },
    });
  });

  test('a pending device is started again, and both addresses are valid', async () => {
    const userId = await makeUser();
    const first = await connect(userId);
    const second = await connect(userId);
    assert.equal(second.at('data.id'), first.at('data.id'));
    assert.notEqual(second.at('data.auth_url'), first.at('data.auth_url'));
    assert.equal((await visitDemo(first.string('data.auth_url'))).status, 200);
    assert.equal((await list(userId)).at('data.0.status'), 'active');
  });

  for (const json of [
    { provider: 'fitbit' },
    { provider: 'Demo' },
    { provider: 7 },
    { provider: null },
    {},
  ]) {
    test(`the provider of ${JSON.stringify(json)} is refused with the list of active providers`, async () => {
      const userId = await makeUser();
      const reply = await connect(userId, { json });
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, {
        error: 'validation_error',
        message: 'provider must be one of demo.',
        details: { provider: ['must be one of demo'] },
      });
      await ledger.expect({});
    });
  }

  test('a missing body is reported as a missing provider', async () => {
    const userId = await makeUser();
    const reply = await roster.call(`POST ${path}/${userId}/devices`, member());
    assert.equal(reply.status, 422);
  });

  test('the same Idempotency-Key gives the same answer, with the same address', async () => {
    const userId = await makeUser();
    const keyed = { headers: { 'Idempotency-Key': 'connect-once' } };
    const first = await connect(userId, keyed);
    const again = await connect(userId, keyed);
    assert.equal(again.status, 200);
    assert.equal(again.text, first.text);
    const other = await connect(userId, { ...keyed, json: { provider: 'demo', again: true } });
    assert.equal(other.status, 422);
    // Once the person has been at the provider, there is no address any more; the device has its present
    // state.
    await visitDemo(first.string('data.auth_url'));
    const late = await connect(userId, keyed);
    assert.equal(late.at('data.id'), first.at('data.id'));
    assert.equal(late.at('data.status'), 'active');
    assert.equal(late.at('data.auth_url'), null);
    await ledger.mark();
  });

  test('a repeated request gets a new address if the first has expired', async () => {
    const userId = await makeUser();
    const keyed = { headers: { 'Idempotency-Key': 'connect-later' } };
    const first = await connect(userId, keyed);
    roster.clock.advance(11 * 60_000);
    const again = await connect(userId, keyed);
    assert.equal(again.at('data.id'), first.at('data.id'));
    assert.notEqual(again.at('data.auth_url'), first.at('data.auth_url'));
    assert.equal((await visitDemo(again.string('data.auth_url'))).status, 200);
  });
});

describe('DELETE /v1/users/{user_id}/devices/{device_id}', () => {
  test('ends access at the provider: the device is revoking, and revoked once the provider confirms', async () => {
    const { userId, deviceId } = await makeConnected();
    roster.clock.advance(1);
    const reply = await disconnect(userId, deviceId);
    assert.equal(reply.status, 204);
    assert.equal(reply.text, '');
    await untilStatus(userId, 'revoked');
    await ledger.expect({
      audit: [
        { action: 'connection.disconnected', door: 'sonar', subject_id: deviceId },
        { action: 'connection.revoked', door: 'job', actor_kind: 'operator', subject_id: deviceId },
      ],
      rows: { connections: '~1', revocations: '+1', users: '~1' },
    });
  });

  test('a second time is 204 too and changes nothing', async () => {
    const { userId, deviceId } = await makeConnected();
    assert.equal((await disconnect(userId, deviceId)).status, 204);
    await untilStatus(userId, 'revoked');
    await ledger.mark();
    assert.equal((await disconnect(userId, deviceId)).status, 204);
    await ledger.expect({});
  });

  test('a device that was never connected is removed immediately, and its address is invalid', async () => {
    const userId = await makeUser();
    const started = await connect(userId);
    assert.equal((await disconnect(userId, started.string('data.id'))).status, 204);
    assert.equal((await list(userId)).at('data.0.status'), 'revoked');
    const arrival = await visit(started.string('data.auth_url'), new Map());
    assert.equal(arrival.status, 404);
    assert.match(arrival.text, /does not work any more/);
  });

  test('an unknown device and a device of another user are not found', async () => {
    const userId = await makeUser();
    const { deviceId } = await makeConnected();
    for (const id of ['dev_unknown', deviceId, `dev_${'0'.repeat(32)}`]) {
      const reply = await disconnect(userId, id);
      assert.equal(reply.status, 404);
      assert.deepEqual(reply.body, {
        error: 'not_found',
        message: `Device '${id}' not found.`,
        details: {},
      });
    }
    await ledger.expect({});
  });
});

describe('the rights on devices', () => {
  test('a reader may only list; a member may connect and disconnect', async () => {
    const { userId, deviceId } = await makeConnected();
    const reader = { bearer: tenant.apiKeys.reader };
    assert.equal((await roster.call(`GET ${path}/${userId}/devices`, reader)).status, 200);
    assert.equal((await connect(userId, reader)).status, 403);
    assert.equal((await disconnect(userId, deviceId, reader)).status, 403);
    assert.equal((await disconnect(userId, deviceId)).status, 204);
  });

  test('a request without a key is 401', async () => {
    const { userId, deviceId } = await makeConnected();
    for (const line of [`GET ${path}/${userId}/devices`, `POST ${path}/${userId}/devices`]) {
      assert.equal((await roster.call(line)).status, 401);
    }
    assert.equal((await roster.call(`DELETE ${path}/${userId}/devices/${deviceId}`)).status, 401);
  });

  test('another organization sees neither the user nor the device', async () => {
    const { userId, deviceId } = await makeConnected();
    const other = await roster.addOrganization('Elsewhere');
    const bearer = other.apiKeys.admin;
    assert.equal((await roster.call(`GET ${path}/${userId}/devices`, { bearer })).status, 404);
    assert.equal((await connect(userId, { bearer })).status, 404);
    assert.equal((await disconnect(userId, deviceId, { bearer })).status, 404);
    assert.equal((await list(userId)).at('data.0.status'), 'active');
  });

  test('faulty fields are reported before an unknown user', async () => {
    assert.equal((await connect('usr_unknown', { json: { provider: 'x' } })).status, 422);
    const reply = await connect('usr_unknown');
    assert.equal(reply.status, 404);
    assert.equal(reply.at('message'), "User 'usr_unknown' not found.");
  });
});

describe('POST /v1/users/{user_id}/syncs with device_id', () => {
  const sync = (userId: string, json: unknown) =>
    roster.call(`POST ${path}/${userId}/syncs`, { ...member(), json });

  test('moves the times of the device and the user, only forward', async () => {
    const { userId, deviceId } = await makeConnected();
    await sync(userId, { at: '2026-03-02T11:00:00Z' });
    const reply = await sync(userId, { at: '2026-03-02T10:00:00Z', device_id: deviceId });
    assert.equal(reply.status, 202);
    assert.equal(reply.at('data.last_sync_at'), '2026-03-02T11:00:00Z');
    assert.equal((await list(userId)).at('data.0.last_sync_at'), '2026-03-02T10:00:00Z');
    await sync(userId, { at: '2026-03-02T09:00:00Z', device_id: deviceId });
    assert.equal((await list(userId)).at('data.0.last_sync_at'), '2026-03-02T10:00:00Z');
    const newest = await sync(userId, { at: '2026-03-02T12:00:00Z', device_id: deviceId });
    assert.equal(newest.at('data.last_sync_at'), '2026-03-02T12:00:00Z');
    assert.equal((await list(userId)).at('data.0.last_sync_at'), '2026-03-02T12:00:00Z');
  });

  test('an unknown device is an invalid field, and no time moves', async () => {
    const { userId } = await makeConnected();
    const others = await makeConnected();
    for (const device_id of ['dev_unknown', others.deviceId, 7, '', {}]) {
      const reply = await sync(userId, { device_id });
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.at('details'), { device_id: ["must be one of the user's devices"] });
    }
    await ledger.expect({});
  });
});

test('deleting a user ends the grant, and the erasure is complete when the provider has confirmed', async () => {
  const { userId, deviceId } = await makeConnected();
  const reply = await roster.call(`DELETE ${path}/${userId}`, { bearer: tenant.apiKeys.admin });
  assert.equal(reply.status, 204);
  const erasureId = reply.header('x-erasure-id');
  await roster.settle();
  for (const deadline = Date.now() + 10_000; ; await sleep(20)) {
    const erasure = await roster.core.work.readSystem('operator', (tx) => tx.erasures.find(erasureId));
    if (erasure?.state === 'complete') break;
    assert.ok(Date.now() < deadline, 'the erasure is not complete');
  }
  const revocations = (await roster.rows.all('revocations')).filter(
    (row) => row['connection_id'] === deviceId,
  );
  assert.deepEqual(
    revocations.map((row) => [row['state'], row['sealed_grant'], row['erasure_id']]),
    [['confirmed', null, erasureId]],
  );
});

test('a change of a device moves updated_at of its user', async () => {
  const { userId, deviceId } = await makeConnected();
  const id = parseUserIdText(userId) ?? '';
  const updatedAt = async () =>
    (await roster.core.work.read(tenant.key, (tx) => tx.users.find({ id })))?.updatedAt;
  const before = await updatedAt();
  roster.clock.advance(1_000);
  await disconnect(userId, deviceId);
  assert.equal(await updatedAt(), (before ?? 0) + 1_000);
});
