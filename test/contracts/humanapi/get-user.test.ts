import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

describe('GET /v1/apps/{appId}/users/{humanId}', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const read = (id: string) => {
    const { appId, appKey } = tenant.app;
    return roster.call(`GET /humanapi/v1/apps/${appId}/users/${id}`, { appKey });
  };

  test('a user is shown without an envelope, with null for unknown fields', async () => {
    const { userId } = await addPerson(roster, { role: 'admin', email: 'a@example.com' });
    await ledger.mark();
    const id = bareId(userId);
    const reply = await read(id);
    assert.equal(reply.status, 200);
    assert.equal(
      reply.text,
      `{"humanId":"${id}","externalId":null,"appId":"${tenant.app.appId}",` +
        '"createdAt":"2026-03-02T12:00:00.123Z","updatedAt":"2026-03-02T12:00:00.123Z"}',
    );
    await ledger.expect({});
  });

  test('updatedAt changes with every change and every report', async () => {
    const { userId } = await addPerson(roster);
    const id = bareId(userId);
    const bearer = tenant.apiKeys.admin;
    const changes = [
      () => roster.call(`PATCH /sonar/v1/users/${userId}`, { bearer, json: { timezone: 'Asia/Tokyo' } }),
      () => roster.call(`POST /sonar/v1/users/${userId}/syncs`, { bearer }),
      () => roster.call(`POST /sonar/v1/users/${userId}/scores`, { bearer }),
    ];
    for (const change of changes) {
      const before = (await read(id)).string('updatedAt');
      roster.clock.advance(1_000);
      await change();
      const after = (await read(id)).string('updatedAt');
      assert.equal(Date.parse(after) - Date.parse(before), 1_000);
    }
    await ledger.mark();
  });

  test('an unknown id, an id of another app or organization, and a malformed id get the same 404', async () => {
    const { app } = await createApp(roster.core, testDoor, { organization: tenant, name: 'Second' });
    const inApp = await addPerson(roster, { appId: app.id });
    const elsewhere = await addPerson(roster, {}, await roster.addOrganization());
    const { userId, number } = await addPerson(roster);
    await ledger.mark();
    const spellings = [
      bareId(inApp.userId),
      bareId(elsewhere.userId),
      '0'.repeat(32),
      userId,
      bareId(userId).toUpperCase().replace(/^\d+$/, 'A'),
      `${bareId(userId)}0`,
      userId.slice(5),
      String(number),
      '%00',
    ];
    for (const id of spellings) {
      const reply = await read(id);
      assert.equal(reply.status, 404, id);
      assert.deepEqual(reply.body, {
        code: 404,
        error: 'Not Found',
        message: 'User not found.',
        'x-humanapi-request-id': reply.header('x-request-id'),
      });
    }
    await ledger.expect({});
  });
});
