import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { toUserIdText } from '../../../src/core/ids.ts';
import { addPerson } from '../../support/contracts/people.ts';
import type { Ask, Reply } from '../../support/server/http.ts';
import { callAtOnce } from '../../support/server/parallel.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

describe('POST /v1/apps/{appId}/users', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const send = (ask: Ask, { appId, appKey } = tenant.app) =>
    roster.call(`POST /humanapi/v1/apps/${appId}/users`, { appKey, ...ask });
  const create = (json: unknown, app = tenant.app) => send({ json }, app);

  function assertBadRequest(reply: Reply, message: string): void {
    assert.equal(reply.status, 400, reply.text);
    assert.deepEqual(reply.body, {
      code: 400,
      error: 'Bad Request',
      message,
      'x-humanapi-request-id': reply.header('x-request-id'),
    });
  }

  test('a new user is active immediately and shown with the five fields', async () => {
    const reply = await create({ externalId: ' john@example.com ' });
    assert.equal(reply.status, 201);
    const id = reply.string('humanId');
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.equal(
      reply.text,
      `{"humanId":"${id}","externalId":"john@example.com","appId":"${tenant.app.appId}",` +
        '"createdAt":"2026-03-02T12:00:00.123Z","updatedAt":"2026-03-02T12:00:00.123Z"}',
    );
    await ledger.expect({
      audit: [
        {
          action: 'user.created',
          door: 'humanapi',
          actor_kind: 'app',
          actor_id: tenant.app.appId,
          subject_kind: 'user',
          subject_id: id,
        },
      ],
      rows: { users: '+1' },
    });
    const seen = await roster.call(`GET /sonar/v1/users/${toUserIdText(id)}`, {
      bearer: tenant.apiKeys.reader,
    });
    assert.equal(seen.at('data.status'), 'active');
  });

  test('a form is accepted like JSON', async () => {
    const reply = await send({ form: { externalId: 'form & form+é' } });
    assert.equal(reply.status, 201);
    assert.equal(reply.at('externalId'), 'form & form+é');
    const again = await create({ externalId: 'form & form+é' });
    assert.equal(again.at('humanId'), reply.at('humanId'));
    await ledger.mark();
  });

  test('the same externalId gives the same humanId again and moves updatedAt', async () => {
    const first = await create({ externalId: 'again' });
    await ledger.mark();
    roster.clock.advance(1);
    const second = await create({ externalId: '  again' });
    assert.equal(second.status, 201);
    assert.deepEqual(second.body, { ...Object(first.body), updatedAt: '2026-03-02T12:00:00.124Z' });
    await ledger.expect({
      audit: [{ action: 'user.updated', door: 'humanapi', subject_id: first.string('humanId') }],
      rows: { users: '~1' },
    });
  });

  test('a user of another contract is found too', async () => {
    const { userId } = await addPerson(roster, { externalId: 'of sonar', timezone: 'Asia/Tokyo' });
    const reply = await create({ externalId: 'of sonar' });
    assert.equal(toUserIdText(reply.string('humanId')), userId);
    const seen = await roster.call(`GET /sonar/v1/users/${userId}`, { bearer: tenant.apiKeys.reader });
    assert.equal(seen.at('data.timezone'), 'Asia/Tokyo');
    await ledger.mark();
  });

  test('after a deletion the same externalId gets a new humanId', async () => {
    const first = (await create({ externalId: 'deleted' })).string('humanId');
    const { appId, appKey } = tenant.app;
    await roster.call(`DELETE /humanapi/v1/apps/${appId}/users/${first}`, { appKey });
    const second = await create({ externalId: 'deleted' });
    assert.equal(second.status, 201);
    assert.notEqual(second.string('humanId'), first);
    await ledger.mark();
  });

  test('each app has its own externalIds', async () => {
    const first = await create({ externalId: 'shared' });
    const { app, ...secrets } = await createApp(roster.core, testDoor, {
      organization: tenant,
      name: 'Second',
    });
    const second = await create({ externalId: 'shared' }, { appId: app.id, ...secrets });
    const other = await roster.addOrganization();
    const third = await create({ externalId: 'shared' }, other.app);
    assert.deepEqual([second.status, third.status], [201, 201]);
    assert.equal(new Set([first, second, third].map((reply) => reply.string('humanId'))).size, 3);
    await ledger.mark();
  });

  test('a whole user can be sent back, and other values of read-only fields are refused', async () => {
    const user = Object((await create({ externalId: 'whole' })).body);
    roster.clock.advance(1);
    assert.equal((await create(user)).at('humanId'), user.humanId);
    await ledger.mark();
    assertBadRequest(await create(user), 'updatedAt cannot be set.');
    assertBadRequest(
      await create({ ...user, humanId: '0'.repeat(32), appId: 'x', createdAt: 1 }),
      'humanId cannot be set; createdAt cannot be set; updatedAt cannot be set; appId cannot be set.',
    );
    await ledger.expect({});
  });

  test('a new user has no read-only field except the app of the path', async () => {
    assertBadRequest(await create({ externalId: 'new', humanId: '0'.repeat(32) }), 'humanId cannot be set.');
    assertBadRequest(await create({ externalId: 'new', appId: 'f'.repeat(40) }), 'appId cannot be set.');
    await ledger.expect({});
    assert.equal((await create({ externalId: 'new', appId: tenant.app.appId })).status, 201);
    await ledger.mark();
  });

  const faults: readonly (readonly [title: string, json: object, message: string])[] = [
    ['nothing', {}, 'externalId is required.'],
    ['null', { externalId: null }, 'externalId is required.'],
    ['an empty text', { externalId: '' }, 'externalId is required.'],
    ['blanks', { externalId: ' \t\n' }, 'externalId is required.'],
    ['a number', { externalId: 7 }, 'externalId is invalid.'],
    ['a list', { externalId: ['a'] }, 'externalId is invalid.'],
    ['NUL', { externalId: 'a\0' }, 'externalId is invalid.'],
    ['half a character', { externalId: '\udc00' }, 'externalId is invalid.'],
    ['256 characters', { externalId: 'x'.repeat(256) }, 'externalId must have at most 255 characters.'],
  ];
  for (const [title, json, message] of faults) {
    test(`${title} as externalId is refused`, async () => {
      assertBadRequest(await create(json), message);
      await ledger.expect({});
    });
  }

  test('a form with an empty externalId, or with two, is refused', async () => {
    const form = (body: string) =>
      send({ body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    assertBadRequest(await form('externalId='), 'externalId is required.');
    assertBadRequest(await form('other=1'), 'externalId is required.');
    assertBadRequest(await form('externalId=a&externalId=b'), 'externalId is invalid.');
    assertBadRequest(await form('externalId=%ff'), 'The body must be one JSON object or one form.');
    await ledger.expect({});
  });

  test('a missing body is reported as a missing externalId, for every content type', async () => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
      assertBadRequest(await send({ headers: { 'content-type': type } }), 'externalId is required.');
    }
    assertBadRequest(await send({}), 'externalId is required.');
    await ledger.expect({});
  });

  test('a malformed body, another content type and a large body have different answers', async () => {
    for (const body of ['{', '[]', 'null', '"a"']) {
      const reply = await send({ body, headers: { 'content-type': 'application/json' } });
      assertBadRequest(reply, 'The body must be one JSON object or one form.');
    }
    const text = await send({ body: 'externalId=a', headers: { 'content-type': 'text/plain' } });
    assert.deepEqual([text.status, text.at('error')], [415, 'Unsupported Media Type']);
    const none = await send({ body: '{"externalId":"a"}' });
    assert.equal(none.status, 415);
    const large = await create({ externalId: 'x'.repeat(300_000) });
    assert.deepEqual([large.status, large.at('code')], [413, 413]);
    await ledger.expect({});
  });

  test('an unknown field is ignored', async () => {
    const json = JSON.parse('{"externalId":"ignored","__proto__":{"humanId":"x"},"timezone":"x"}');
    assert.equal((await create(json)).status, 201);
    await ledger.mark();
  });

  test('50 requests at the same time with one externalId give one humanId', async () => {
    const { appId, appKey } = tenant.app;
    const replies = await callAtOnce(roster.client, 50, () => [
      `POST /humanapi/v1/apps/${appId}/users`,
      { appKey, json: { externalId: 'at once' } },
    ]);
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [201]);
    assert.equal(new Set(replies.map((reply) => reply.string('humanId'))).size, 1);
    await ledger.expect({
      audit: [{ action: 'user.created' }, ...Array.from({ length: 49 }, () => ({ action: 'user.updated' }))],
      rows: { users: '+1' },
    });
  });
});
