import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { hourMs } from '../../../src/core/time.ts';
import { addPerson, bareId, unknownUserId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

const path = '/sonar/v1/users';

describe('PATCH /v1/users/{user_id}', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const update = (id: string, json: unknown, bearer = tenant.apiKeys.member) =>
    roster.call(`PATCH ${path}/${id}`, { bearer, json });
  const read = (id: string) => roster.call(`GET ${path}/${id}`, { bearer: tenant.apiKeys.reader });

  async function make(externalId: string | null = null): Promise<string> {
    const { userId } = await addPerson(roster, { externalId });
    await ledger.mark();
    return userId;
  }

  test('time zone and reference_id change, alone or together', async () => {
    const id = await make('before');
    const reply = await update(id, { timezone: 'Europe/London' });
    assert.equal(reply.status, 200);
    assert.equal(
      reply.text,
      `{"data":{"id":"${id}","reference_id":"before","timezone":"Europe/London","status":"active",` +
        '"score_status":"calibrating","last_sync_at":null,"last_score_at":null,"created_at":"2026-03-02T12:00:00Z"}}',
    );
    const event = {
      action: 'user.updated',
      door: 'sonar',
      actor_kind: 'api_key',
      subject_id: bareId(id),
    };
    await ledger.expect({ audit: [event], rows: { users: '~1' } });
    const both = await update(id, { timezone: 'Asia/Tokyo', reference_id: ' after ' });
    assert.deepEqual([both.at('data.timezone'), both.at('data.reference_id')], ['Asia/Tokyo', 'after']);
    await ledger.expect({ audit: [event], rows: { users: '~1' } });
    assert.equal((await read(id)).text, both.text);
  });

  test('null clears the reference_id, which is then free', async () => {
    const id = await make('cleared');
    const reply = await update(id, { reference_id: null });
    assert.equal(reply.status, 200);
    assert.equal(reply.at('data.reference_id'), null);
    await ledger.expect({ audit: [{ action: 'user.updated' }], rows: { users: '~1' } });
    const other = await make();
    assert.equal((await update(other, { reference_id: 'cleared' })).status, 200);
    await ledger.mark();
  });

  test('a body that changes nothing is 200 and writes nothing', async () => {
    const id = await make('same');
    const before = (await read(id)).text;
    for (const json of [undefined, {}, { nickname: 1 }, { timezone: 'UTC', reference_id: 'same' }]) {
      const reply = await update(id, json);
      assert.equal(reply.status, 200);
      assert.equal(reply.text, before);
    }
    const headers = { 'content-type': 'application/json' };
    const empty = await roster.call(`PATCH ${path}/${id}`, { bearer: tenant.apiKeys.admin, headers });
    assert.equal(empty.text, before);
    await ledger.expect({});
  });

  test('a whole user can be sent back', async () => {
    const id = await make('whole');
    const bearer = tenant.apiKeys.member;
    await roster.call(`POST ${path}/${id}/scores`, { bearer });
    roster.clock.advance(72 * hourMs);
    const user = Object(Object((await read(id)).body).data);
    assert.equal(user.score_status, 'stale');
    await ledger.mark();
    const same = await update(id, user);
    assert.equal(same.status, 200);
    assert.deepEqual(same.at('data'), user);
    await ledger.expect({});
    const changed = await update(id, { ...user, timezone: 'Europe/Paris' });
    assert.deepEqual(changed.at('data'), { ...user, timezone: 'Europe/Paris' });
    await ledger.mark();
  });

  const faults: readonly (readonly [title: string, json: object, fields: readonly string[]])[] = [
    ['a null time zone', { timezone: null }, ['timezone']],
    ['an unknown time zone', { timezone: 'UTC+1' }, ['timezone']],
    ['an empty reference_id', { reference_id: '' }, ['reference_id']],
    ['too long a reference_id', { reference_id: 'é'.repeat(256) }, ['reference_id']],
    ['an object as reference_id', { reference_id: {} }, ['reference_id']],
    ['another id', { id: unknownUserId }, ['id']],
    ['another status', { status: 'inactive' }, ['status']],
    ['another score state', { score_status: 'ready' }, ['score_status']],
    [
      'other times',
      { last_sync_at: '2025-01-20T08:30:00Z', created_at: null },
      ['last_sync_at', 'created_at'],
    ],
    ['another app', { app_id: 'f'.repeat(40) }, ['app_id']],
    ['two faults', { timezone: 7, last_score_at: 7 }, ['timezone', 'last_score_at']],
  ];
  for (const [title, json, fields] of faults) {
    test(`${title} is an invalid field, and nothing is changed`, async () => {
      const id = await make();
      const reply = await update(id, { timezone: 'Europe/London', ...json });
      assert.equal(reply.status, 422);
      assert.equal(reply.string('error'), 'validation_error');
      assert.deepEqual(Object.keys(Object(reply.at('details'))), fields);
      await ledger.expect({});
    });
  }

  test('the app of the user may be repeated, but not changed', async () => {
    const id = await make();
    const second = await createApp(roster.core, testDoor, { organization: tenant, name: 'Second' });
    await ledger.mark();
    assert.equal((await update(id, { app_id: tenant.app.appId })).status, 200);
    const reply = await update(id, { app_id: second.app.id });
    assert.equal(reply.status, 422);
    assert.deepEqual(reply.at('details'), { app_id: ['cannot be set'] });
    await ledger.expect({});
  });

  test("a taken reference_id is a conflict that names its holder; another app's is free", async () => {
    const holder = await make('held');
    const id = await make('mine');
    const reply = await update(id, { reference_id: 'held', timezone: 'Europe/London' });
    assert.equal(reply.status, 409);
    assert.deepEqual(reply.body, {
      error: 'conflict',
      message: 'Another user has this reference_id.',
      details: { reference_id: 'held', user_id: holder },
    });
    assert.equal((await read(id)).at('data.timezone'), 'UTC');
    await ledger.expect({});
    const { app } = await createApp(roster.core, testDoor, { organization: tenant, name: 'Third' });
    const { userId } = await addPerson(roster, { appId: app.id });
    assert.equal((await update(userId, { reference_id: 'held' })).status, 200);
  });

  test('an unknown id and an id of another account get the same 404', async () => {
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    await ledger.mark();
    for (const id of [foreign.userId, unknownUserId, 'usr_invalid', bareId(foreign.userId)]) {
      const reply = await update(id, { timezone: 'Europe/London' });
      assert.equal(reply.status, 404);
      assert.deepEqual(reply.body, { error: 'not_found', message: `User '${id}' not found.`, details: {} });
    }
    assert.equal((await update('usr_invalid', { timezone: 'x' })).status, 422);
    await ledger.expect({});
  });

  test('a deleted user cannot be changed', async () => {
    const id = await make();
    await roster.call(`DELETE ${path}/${id}`, { bearer: tenant.apiKeys.admin });
    await ledger.mark();
    assert.equal((await update(id, { timezone: 'Europe/London' })).status, 404);
    await ledger.expect({});
  });

  test('a reader may not change, and does not learn whether the user exists', async () => {
    const id = await make();
    for (const target of [id, 'usr_invalid']) {
      const reply = await update(target, { timezone: 'Europe/London' }, tenant.apiKeys.reader);
      assert.equal(reply.status, 403);
      assert.equal(reply.string('error'), 'forbidden');
    }
    await ledger.expect({});
  });
});
