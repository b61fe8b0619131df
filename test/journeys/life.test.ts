/** The life of a user, changed through one contract and read through the others. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from '../../src/core/directory/organization-lifecycle.ts';
import { dayMs, hourMs, minuteMs } from '../../src/core/time.ts';
import { type Handles, strongPassword } from '../support/contracts/door.ts';
import { openLedger } from '../support/server/ledger.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';
import { openDoors } from './doors.ts';

describe('a life across the contracts', () => {
  const roster = setUpRoster();
  const doors = setUp(() => openDoors(roster, roster.organization));

  const signIn = (email: string, password = strongPassword) =>
    roster.call('POST /general/v1/sessions', {
      headers: { 'x-app-id': doors.tenant.app.appId },
      json: { email, password },
    });
  const reset = (token: string | undefined, password = strongPassword) =>
    roster.call('POST /general/v1/users/passwords/reset', { json: { token, password } });
  const put = (user: Handles, json: unknown) =>
    roster.call(`PUT /general/v1/users/${user.number}`, { session: doors.admin.session, json });

  async function assertLife(user: Handles, life: { status: string; confirmed: boolean }): Promise<void> {
    const { status, confirmed } = life;
    const general = Object(await doors.general.show(user));
    assert.equal(Object(await doors.sonar.show(user)).status, status);
    assert.equal(Object(await doors.organization.show(user)).status, status);
    assert.deepEqual([general.active, general.confirmed], [status !== 'inactive', confirmed]);
  }

  test('a user is invited through organization, accepts through general, and works in organization', async () => {
    const ask = {
      bearer: doors.tenant.apiKeys.admin,
      json: { email: 'mia@example.com', name: 'Mia Member' },
    };
    const user = await doors.identify(
      (await roster.call('POST /organization/api/v1/users', ask)).string('id'),
    );
    await assertLife(user, { status: 'pending', confirmed: false });
    assert.equal((await signIn('mia@example.com')).status, 401);

    const { token } = await roster.lastMessage('mia@example.com');
    const validate = () => roster.call(`GET /general/v1/users/passwords/validate?token=${token}`);
    roster.clock.advance(7 * dayMs - 1);
    assert.deepEqual((await validate()).body, { valid: true });
    assert.equal((await reset(token, 'short')).status, 422);

    const ledger = await openLedger(roster);
    const accepted = await reset(token);
    assert.equal(accepted.status, 200);
    assert.equal(accepted.at('confirmed'), true);
    await ledger.expect({
      audit: [
        { action: 'invitation.accepted', door: 'general', subject_id: user.humanId },
        { action: 'session.started', door: 'general', subject_id: user.humanId },
      ],
      // The count of the wrong password by network is cleared; the slow one over all networks stays.
      rows: {
        ...{ users: '~1', password_tokens: '-1', login_failures: '-1' },
        ...{ sessions: '+1', known_networks: '+1' },
      },
    });
    await assertLife(user, { status: 'active', confirmed: true });
    assert.equal((await validate()).status, 422);
    assert.equal((await reset(token)).status, 422);

    const session = (await signIn('mia@example.com')).string('token');
    const staff = (line: string, json?: unknown) =>
      roster.call(line, { bearer: session, ...(json === undefined ? {} : { json }) });
    assert.equal((await staff('GET /organization/api/v1/users')).status, 200);
    const invited = await staff('POST /organization/api/v1/users', { email: 'max@example.com', name: 'Max' });
    assert.equal(invited.status, 201);
    assert.equal((await staff(`DELETE /organization/api/v1/users/${user.userId}`)).status, 403);
    assert.equal((await roster.call('DELETE /general/v1/sessions', { session })).status, 204);
    assert.equal((await staff('GET /organization/api/v1/users')).status, 401);
  });

  test('an invitation ends after seven days, and the user stays pending', async () => {
    const user = await doors.identify(await doors.organization.make('late'));
    const { token } = await roster.lastMessage('late@example.com');
    roster.clock.advance(7 * dayMs);
    assert.equal((await reset(token)).status, 422);
    await assertLife(user, { status: 'pending', confirmed: false });
  });

  test('an invitation, a reset link and a session are invalid once their user is deleted', async () => {
    const user = await doors.identify(await doors.organization.make('deleted'));
    const { token } = await roster.lastMessage('deleted@example.com');
    const other = await doors.identify(await doors.general.make('deleted-too'));
    const session = (await signIn('deleted-too@example.com')).string('token');
    assert.equal((await doors.sonar.remove(user)).status, 204);
    assert.equal((await doors.humanapi.remove(other)).status, 204);
    const opened = await roster.call(`GET /general/v1/users/passwords/validate?token=${token}`);
    assert.equal(opened.status, 422);
    assert.equal((await reset(token)).status, 422);
    assert.equal((await roster.call('GET /general/v1/users', { session })).status, 401);
    assert.equal((await signIn('deleted-too@example.com')).status, 401);
  });

  test('a reset does not activate a pending user', async () => {
    const user = await doors.identify(await doors.general.make('waiting'));
    const headers = { 'x-app-id': doors.tenant.app.appId };
    const asked = await roster.call('POST /general/v1/users/passwords', {
      headers,
      json: { email: 'WAITING@example.com' },
    });
    assert.deepEqual(asked.body, { sent: true });
    await roster.settle();
    const messages = await roster.outbox('waiting@example.com');
    const { token } = messages.find(({ template }) => template === 'password_reset') ?? {};
    assert.equal((await reset(token)).status, 200);
    await assertLife(user, { status: 'pending', confirmed: false });
  });

  test('a user who registers and confirms in general is active everywhere', async () => {
    const user = await doors.identify(await doors.general.make('registered'));
    await assertLife(user, { status: 'pending', confirmed: false });
    const { code } = await roster.lastMessage('registered@example.com');
    const confirmed = await roster.call('POST /general/v1/users/confirmation', {
      headers: { 'x-app-id': doors.tenant.app.appId },
      json: { user_id: user.number, confirmation_code: code },
    });
    assert.equal(confirmed.status, 200);
    await assertLife(user, { status: 'active', confirmed: true });
  });

  test('a user who is cancelled and restored has the same status as before', async () => {
    for (const [mark, status] of [
      ['never-active', 'pending'],
      ['once-active', 'active'],
    ] as const) {
      const user = await doors.identify(await doors.general.make(mark));
      if (status === 'active') {
        const { code } = await roster.lastMessage(`${mark}@example.com`);
        await roster.call('POST /general/v1/users/confirmation', {
          headers: { 'x-app-id': doors.tenant.app.appId },
          json: { user_id: user.number, confirmation_code: code },
        });
      }
      const confirmed = status === 'active';
      const { session } = doors.admin;
      await roster.call(`POST /general/v1/users/${user.number}/cancel`, { session });
      await assertLife(user, { status: 'inactive', confirmed });
      assert.equal((await signIn(`${mark}@example.com`)).status, 401);
      const bearer = doors.tenant.apiKeys.admin;
      const inactive = await roster.call('GET /organization/api/v1/users?status=inactive', { bearer });
      assert.equal(inactive.at('data.0.id'), user.userId);
      assert.equal(inactive.number('meta.total'), 1);

      await put(user, { user: { active: true } });
      await assertLife(user, { status, confirmed });
      assert.equal((await signIn(`${mark}@example.com`)).status, 201);
    }
  });

  test('a user of Connect gets an address and a phone, confirms, signs in, syncs and is erased', async () => {
    const user = await doors.identify(await doors.humanapi.make('connect-user'));
    const changed = await put(user, {
      user: { email: 'connected@example.com', first_name: 'Con', phone: '+1-555-123-4567' },
    });
    assert.equal(changed.status, 200);
    const { code } = await roster.lastMessage('+15551234567');
    const confirmed = await roster.call('POST /general/v1/users/confirmation', {
      headers: { 'x-app-id': doors.tenant.app.appId },
      json: { user_id: user.number, confirmation_code: code },
    });
    assert.equal(confirmed.status, 200);
    await assertLife(user, { status: 'active', confirmed: true });

    await roster.call('POST /general/v1/users/passwords', {
      headers: { 'x-app-id': doors.tenant.app.appId },
      json: { email: 'connected@example.com' },
    });
    const { token } = await roster.lastMessage('connected@example.com');
    assert.equal((await reset(token)).status, 200);
    const session = (await signIn('connected@example.com')).string('token');
    assert.equal((await roster.call('GET /organization/api/v1/users', { bearer: session })).status, 403);

    const before = Object(await doors.humanapi.show(user)).updatedAt;
    roster.clock.advance(minuteMs);
    const bearer = doors.tenant.apiKeys.member;
    assert.equal((await roster.call(`POST /sonar/v1/users/${user.userId}/scores`, { bearer })).status, 202);
    assert.equal(Object(await doors.sonar.show(user)).score_status, 'ready');
    assert.ok(Object(await doors.humanapi.show(user)).updatedAt > before, 'a report moves updatedAt');
    roster.clock.advance(72 * hourMs);
    assert.equal(Object(await doors.sonar.show(user)).score_status, 'stale');

    assert.equal((await doors.organization.remove(user)).status, 204);
    assert.equal((await signIn('connected@example.com')).status, 401);
    const mine = await roster.call(`GET /general/v1/users/${user.number}`, { session });
    assert.equal(mine.status, 401);
    assert.deepEqual(await roster.outbox('connected@example.com'), []);
  });

  test('a sign-in changes last_login and nothing else', async () => {
    const user = await doors.identify(await doors.general.make('login'));
    const before = {
      general: await doors.general.show(user),
      humanapi: await doors.humanapi.show(user),
      sonar: await doors.sonar.show(user),
      organization: await doors.organization.show(user),
    };
    roster.clock.advance(hourMs);
    assert.equal((await signIn('login@example.com')).status, 201);
    assert.deepEqual(await doors.general.show(user), before.general);
    assert.deepEqual(await doors.humanapi.show(user), before.humanapi);
    assert.deepEqual(await doors.sonar.show(user), before.sonar);
    const organization = Object(await doors.organization.show(user));
    assert.notEqual(organization.last_login, null);
    assert.deepEqual({ ...organization, last_login: null }, before.organization);
  });

  test('an idempotency key of sonar forgets a user that another contract deleted', async () => {
    const bearer = doors.tenant.apiKeys.admin;
    const headers = { 'idempotency-key': 'once' };
    const create = async (): Promise<string> =>
      (await roster.call('POST /sonar/v1/users', { bearer, headers, json: {} })).string('data.id');
    const first = await create();
    assert.equal(await create(), first);
    assert.equal((await doors.organization.remove(await doors.identify(first))).status, 204);
    assert.notEqual(await create(), first);
  });

  test('two apps of an organization may each have a user of the same external id', async () => {
    const { app, appKey } = await createApp(roster.core, testDoor, {
      organization: doors.tenant,
      name: 'Second',
    });
    const first = await doors.identify(await doors.humanapi.make('same-id'));
    const path = `/humanapi/v1/apps/${app.id}/users`;
    const json = { externalId: 'same-id' };
    const made = await roster.call(`POST ${path}`, { appKey, json });
    assert.equal(made.status, 201);
    const second = await doors.identify(made.string('humanId'));
    assert.notEqual(second.userId, first.userId);

    const bearer = doors.tenant.apiKeys.admin;
    const both = await roster.call('GET /sonar/v1/users?reference_id=same-id', { bearer });
    assert.deepEqual([both.at('data.0.id'), both.at('data.1.id')], [second.userId, first.userId]);
    assert.equal(both.number('meta.total'), 2);
    const taken = { reference_id: 'same-id', app_id: app.id };
    const conflict = await roster.call('POST /sonar/v1/users', { bearer, json: taken });
    assert.equal(conflict.at('details.user_id'), second.userId);

    const alone = await roster.call(`GET ${path}`, { appKey });
    assert.equal(alone.string('0.humanId'), second.humanId);
    assert.equal((await doors.organization.read(second)).status, 200);
    assert.equal((await doors.general.read(second)).status, 200);
    assert.equal((await doors.humanapi.read(second)).status, 404);
  });

  test('an upsert through humanapi finds the user of sonar with that reference', async () => {
    const bearer = doors.tenant.apiKeys.admin;
    const json = { reference_id: 'shared', timezone: 'Europe/London' };
    const made = await roster.call('POST /sonar/v1/users', { bearer, json });
    const user = await doors.identify(made.string('data.id'));
    const before = Object(await doors.general.show(user));
    roster.clock.advance(minuteMs);
    assert.equal(await doors.humanapi.make('shared'), user.humanId);
    const general = Object(await doors.general.show(user));
    assert.ok(general.updated_at > before.updated_at, 'an upsert moves updated_at');
    assert.equal(Object(await doors.sonar.show(user)).timezone, 'Europe/London');
    const conflict = await roster.call('POST /sonar/v1/users', { bearer, json });
    assert.equal(conflict.status, 409);
    assert.deepEqual(conflict.at('details'), { reference_id: 'shared', user_id: user.userId });
  });
});
