import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

describe('GET /v1/apps/{appId}/users', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  /** Oldest first. */
  const ids: string[] = [];

  const list = ({ appId, appKey } = tenant.app, accept?: string) =>
    roster.call(`GET /humanapi/v1/apps/${appId}/users`, {
      appKey,
      headers: accept === undefined ? {} : { accept },
    });
  const humanIds = (text: string): string[] =>
    JSON.parse(text).map((user: { humanId: string }) => user.humanId);

  before(async () => {
    for (let count = 0; count < 7; count++) {
      // Some are created in the same instant: then the order of creation decides.
      if (count % 3 === 0) roster.clock.advance(1);
      const externalId = count === 2 ? null : `person "${count}"\n`;
      const status = count === 3 ? 'inactive' : 'active';
      ids.push(bareId((await addPerson(roster, { externalId, status })).userId));
    }
  });
  const ledger = setUpLedger(roster);

  test('all users of the app, in every state, are listed oldest first', async () => {
    const reply = await list();
    assert.equal(reply.status, 200);
    assert.equal(reply.header('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual(humanIds(reply.text), ids);
    assert.deepEqual(Object.entries(Object(reply.at('2'))), [
      ['humanId', ids[2]],
      ['externalId', null],
      ['appId', tenant.app.appId],
      ['createdAt', '2026-03-02T12:00:00.124Z'],
      ['updatedAt', '2026-03-02T12:00:00.124Z'],
    ]);
    await ledger.expect({});
  });

  test('Accept: application/x-ndjson gives the same users, one per line', async () => {
    const array = await list();
    const lines = await list(tenant.app, 'application/x-ndjson');
    assert.equal(lines.status, 200);
    assert.equal(lines.header('content-type'), 'application/x-ndjson');
    assert.equal(lines.header('vary'), 'Accept');
    assert.ok(lines.text.endsWith('}\n'));
    const users = lines.text.trimEnd().split('\n');
    assert.deepEqual(
      users.map((line) => JSON.parse(line)),
      JSON.parse(array.text),
    );
    await ledger.expect({});
  });

  test('an app without users has an empty array, or no lines', async () => {
    const { app } = await roster.addOrganization();
    assert.equal((await list(app)).text, '[]');
    const lines = await list(app, 'application/x-ndjson');
    assert.deepEqual([lines.status, lines.text], [200, '']);
  });

  test('users of another app and of another organization are not listed', async () => {
    const other = await roster.addOrganization();
    const { app, ...secrets } = await createApp(roster.core, testDoor, {
      organization: tenant,
      name: 'Second',
    });
    const inApp = await addPerson(roster, { appId: app.id });
    const elsewhere = await addPerson(roster, {}, other);
    assert.deepEqual(humanIds((await list()).text), ids);
    assert.deepEqual(humanIds((await list({ appId: app.id, ...secrets })).text), [bareId(inApp.userId)]);
    assert.deepEqual(humanIds((await list(other.app)).text), [bareId(elsewhere.userId)]);
  });

  test('a deleted user is gone from the list', async () => {
    const { app } = await roster.addOrganization();
    const call = (line: string, json?: object) =>
      roster.call(line.replace('users', `humanapi/v1/apps/${app.appId}/users`), {
        appKey: app.appKey,
        ...(json === undefined ? {} : { json }),
      });
    const gone = (await call('POST /users', { externalId: 'gone' })).string('humanId');
    const left = (await call('POST /users', { externalId: 'left' })).string('humanId');
    await call(`DELETE /users/${gone}`);
    assert.deepEqual(humanIds((await list(app)).text), [left]);
  });
});
