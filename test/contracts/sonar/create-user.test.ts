import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { bareId, unknownUserId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

const path = '/sonar/v1/users';
const timezoneText = 'must be a name of the IANA time zone database, such as Europe/London';
const textText = 'must be one text without NUL or broken characters';
const appText = "must be one of the account's apps";

describe('POST /v1/users', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const create = (json: unknown, bearer = tenant.apiKeys.member) =>
    roster.call(`POST ${path}`, { bearer, json });

  test('a new user is active immediately, with the fields of the body', async () => {
    const reply = await create({ reference_id: ' your-internal-id ', timezone: 'america/new_york' });
    assert.equal(reply.status, 201);
    const id = reply.string('data.id');
    assert.match(id, /^usr_[0-9a-f]{32}$/);
    assert.equal(
      reply.text,
      `{"data":{"id":"${id}","reference_id":"your-internal-id","timezone":"America/New_York","status":"active",` +
        '"score_status":"calibrating","last_sync_at":null,"last_score_at":null,"created_at":"2026-03-02T12:00:00Z"}}',
    );
    await ledger.expect({
      audit: [
        {
          action: 'user.created',
          door: 'sonar',
          actor_kind: 'api_key',
          subject_kind: 'user',
          subject_id: bareId(id),
        },
      ],
      rows: { users: '+1' },
    });
    const read = await roster.call(`GET ${path}/${id}`, { bearer: tenant.apiKeys.reader });
    assert.equal(read.text, reply.text);
  });

  test('without a body all fields have their defaults', async () => {
    for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-type': 'text/plain' }]) {
      const reply = await roster.call(`POST ${path}`, { bearer: tenant.apiKeys.admin, headers });
      assert.equal(reply.status, 201);
      assert.equal(reply.at('data.reference_id'), null);
      assert.equal(reply.at('data.timezone'), 'UTC');
    }
    for (const json of [{}, { reference_id: null, timezone: null, app_id: null }]) {
      const reply = await create(json);
      assert.equal(reply.status, 201);
      assert.equal(reply.at('data.reference_id'), null);
      assert.equal(reply.at('data.timezone'), 'UTC');
    }
    await ledger.mark();
  });

  const faults: readonly (readonly [title: string, json: object, details: Record<string, string>])[] = [
    ['an empty reference_id', { reference_id: '' }, { reference_id: 'must not be empty' }],
    ['a blank reference_id', { reference_id: ' \n' }, { reference_id: 'must not be empty' }],
    [
      'too long a reference_id',
      { reference_id: 'x'.repeat(256) },
      { reference_id: 'must have at most 255 characters' },
    ],
    ['a number as reference_id', { reference_id: 7 }, { reference_id: textText }],
    ['a reference_id with NUL', { reference_id: 'a\0b' }, { reference_id: textText }],
    ['a reference_id with half a character', { reference_id: '\ud83d' }, { reference_id: textText }],
    ['an unknown time zone', { timezone: 'Mars/Olympus' }, { timezone: timezoneText }],
    ['an offset as time zone', { timezone: '+01:00' }, { timezone: timezoneText }],
    ['a list as time zone', { timezone: ['UTC'] }, { timezone: timezoneText }],
    ['an empty time zone', { timezone: '' }, { timezone: 'must not be empty' }],
    ['an app that is none', { app_id: 'first' }, { app_id: appText }],
    ['an unknown app', { app_id: 'f'.repeat(40) }, { app_id: appText }],
    ['a number as app', { app_id: 1 }, { app_id: appText }],
    ['an id', { id: unknownUserId }, { id: 'cannot be set' }],
    ['a status', { status: 'active' }, { status: 'cannot be set' }],
    [
      'times and states',
      { created_at: '2025-01-15T10:00:00Z', last_sync_at: 1, last_score_at: 'x', score_status: 'ready' },
      {
        score_status: 'cannot be set',
        last_sync_at: 'cannot be set',
        last_score_at: 'cannot be set',
        created_at: 'cannot be set',
      },
    ],
    [
      'several faults',
      { reference_id: '', timezone: 'x', app_id: 'x', id: 1 },
      { reference_id: 'must not be empty', timezone: timezoneText, id: 'cannot be set', app_id: appText },
    ],
  ];
  for (const [title, json, expected] of faults) {
    test(`${title} is an invalid field`, async () => {
      const reply = await create(json);
      assert.equal(reply.status, 422);
      assert.equal(reply.string('error'), 'validation_error');
      const details = Object.entries(expected).map(([field, text]) => [field, [text]]);
      assert.deepEqual(reply.at('details'), Object.fromEntries(details));
      await ledger.expect({});
    });
  }

  test('an unknown field is ignored', async () => {
    const json = JSON.parse('{"__proto__":{"timezone":"x"},"constructor":1,"email":"x","externalId":7}');
    const reply = await create(json);
    assert.equal(reply.status, 201);
    assert.equal(reply.at('data.timezone'), 'UTC');
    await ledger.mark();
  });

  test('a reference_id of 255 characters in any script is stored unchanged', async () => {
    for (const reference_id of ['x'.repeat(255), '👩🏽‍⚕️'.repeat(50), 'a b"c\\d', "'; drop table users; --"]) {
      assert.equal((await create({ reference_id })).at('data.reference_id'), reference_id);
    }
    await ledger.mark();
  });

  test('a taken reference_id is a conflict that names its holder', async () => {
    const first = await create({ reference_id: 'taken' });
    await ledger.mark();
    const reply = await create({ reference_id: 'taken', timezone: 'Europe/London' });
    assert.equal(reply.status, 409);
    assert.deepEqual(reply.body, {
      error: 'conflict',
      message: 'Another user has this reference_id.',
      details: { reference_id: 'taken', user_id: first.string('data.id') },
    });
    await ledger.expect({});
  });

  test('a reference_id is free in another app and in another account, and again after a deletion', async () => {
    const json = { reference_id: 'shared' };
    const first = (await create(json)).string('data.id');
    const { app } = await createApp(roster.core, testDoor, { organization: tenant, name: 'Second' });
    const inApp = await create({ ...json, app_id: app.id });
    assert.equal(inApp.status, 201);
    const other = await roster.addOrganization();
    const elsewhere = await create(json, other.apiKeys.admin);
    assert.equal(elsewhere.status, 201);
    assert.equal((await create({ ...json, app_id: app.id })).at('details.user_id'), inApp.string('data.id'));

    await roster.call(`DELETE ${path}/${first}`, { bearer: tenant.apiKeys.admin });
    const again = await create(json);
    assert.equal(again.status, 201);
    assert.notEqual(again.string('data.id'), first);
    await ledger.mark();
  });

  test('an app of another account gets the same answer as an unknown app', async () => {
    const other = await roster.addOrganization();
    await ledger.mark();
    const foreign = await create({ app_id: other.app.appId });
    const unknown = await create({ app_id: '0'.repeat(40) });
    assert.equal(foreign.status, 422);
    assert.equal(foreign.text, unknown.text);
    await ledger.expect({});
  });

  test('a user goes to the first app unless another is named', async () => {
    const { app, appKey } = await createApp(roster.core, testDoor, { organization: tenant, name: 'Third' });
    const named = await create({ app_id: app.id });
    const unnamed = await create({});
    const seen = async (appId: string, key: string): Promise<string> =>
      (await roster.call(`GET /humanapi/v1/apps/${appId}/users`, { appKey: key })).text;
    const inNamed = await seen(app.id, appKey);
    const inFirst = await seen(tenant.app.appId, tenant.app.appKey);
    assert.ok(inNamed.includes(bareId(named.string('data.id'))));
    assert.ok(!inNamed.includes(bareId(unnamed.string('data.id'))));
    assert.ok(inFirst.includes(bareId(unnamed.string('data.id'))));
    await ledger.mark();
  });

  test('a reader may not create, with any body', async () => {
    for (const json of [{}, { timezone: 'x' }]) {
      const reply = await create(json, tenant.apiKeys.reader);
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.body, {
        error: 'forbidden',
        message: 'The role of this API key does not allow this.',
        details: {},
      });
    }
    await ledger.expect({});
  });

  test('a malformed body, another content type and a large body have different answers', async () => {
    const send = (body: string, headers: Record<string, string>) =>
      roster.call(`POST ${path}`, { bearer: tenant.apiKeys.admin, body, headers });
    const type = { 'content-type': 'application/json; charset=utf-8' };
    for (const body of ['{"timezone":', '[]', 'null', '"UTC"', '7', ' ', '\ufeff{}x']) {
      const reply = await send(body, type);
      assert.equal(reply.status, 400, body);
      assert.deepEqual(reply.body, {
        error: 'bad_request',
        message: 'The body must be one JSON object.',
        details: {},
      });
    }
    for (const headers of [
      {},
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
    ]) {
      const reply = await send('{}', headers);
      assert.equal(reply.status, 415);
      assert.deepEqual(reply.body, {
        error: 'unsupported_media_type',
        message: 'The body must be sent as application/json.',
        details: {},
      });
    }
    const large = await send(JSON.stringify({ reference_id: 'x'.repeat(300_000) }), type);
    assert.equal(large.status, 413);
    assert.deepEqual(large.body, {
      error: 'payload_too_large',
      message: 'The body must have at most 262144 bytes.',
      details: {},
    });
    await ledger.expect({});
  });
});
