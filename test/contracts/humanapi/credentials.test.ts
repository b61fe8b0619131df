import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp, rotateAppKey } from '../../../src/core/directory/organization-lifecycle.ts';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

const operationsAt = (appId: string, id = '0'.repeat(32)): readonly string[] =>
  ['GET ', 'POST ', `GET /${id}`, `DELETE /${id}`].map((each) => {
    const [method, rest] = each.split(' ');
    return `${method} /humanapi/v1/apps/${appId}/users${rest}`;
  });

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('the credential of humanapi', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  async function assertRefused(headers: Record<string, string>, appId = tenant.app.appId): Promise<void> {
    for (const operation of operationsAt(appId)) {
      const reply = await roster.call(operation, { headers });
      assert.equal(reply.status, 401, operation);
      assert.match(reply.header('www-authenticate'), /^Basic realm="/);
      assert.deepEqual(reply.body, {
        code: 401,
        error: 'Unauthorized',
        message:
          'A valid App Key is required: as the user name of Basic authentication, with a blank password.',
        'x-humanapi-request-id': reply.header('x-request-id'),
      });
    }
  }

  test('is checked by every operation before anything else', async () => {
    await assertRefused({});
    await assertRefused({ 'content-type': 'text/plain' }, 'no-app');
    await ledger.expect({});
  });

  test('a script in a browser gets a challenge that opens no dialog', async () => {
    for (const [mode, scheme] of [
      ['cors', /^AppKey realm="/],
      ['same-origin', /^AppKey realm="/],
      ['navigate', /^Basic realm="/],
    ] as const) {
      // The test client checks for the documented challenge, which every other client gets.
      const path = `/humanapi/v1/apps/${tenant.app.appId}/users`;
      const { get } = await import('node:http');
      const challenge = await new Promise((resolve, reject) => {
        const headers = { authorization: basic('wrong:'), 'sec-fetch-mode': mode };
        get(`${roster.baseUrl}${path}`, { headers }, (answer) => {
          answer.resume();
          resolve(answer.headers['www-authenticate']);
        }).on('error', reject);
      });
      assert.match(String(challenge), scheme);
    }
  });

  test('every invalid one gets the same answer', async () => {
    const { apiKeys, app } = tenant;
    const { session } = await addPerson(roster, { role: 'admin' });
    await ledger.mark();
    const refused = [
      'Basic',
      'Basic !',
      basic(''),
      basic(app.appKey),
      basic(`:${app.appKey}`),
      basic(`${app.appKey.toUpperCase()}:`),
      basic(`${app.appKey} :`),
      basic(`${app.appKey}0:`),
      basic(`${'0'.repeat(40)}:`),
      basic(`${app.appId}:`),
      basic(`${apiKeys.admin}:`),
      `${basic(`${app.appKey}:`)}=`,
      `Bearer ${app.appKey}`,
      `Bearer ${apiKeys.admin}`,
      `Bearer ${session}`,
      app.appKey,
    ];
    for (const authorization of refused) await assertRefused({ authorization });
    await ledger.expect({});
  });

  test('the password is ignored, and the scheme is case-insensitive', async () => {
    const { appId, appKey } = tenant.app;
    for (const authorization of [
      basic(`${appKey}:`),
      basic(`${appKey}:any:thing`),
      basic(`${appKey}:`).replace('Basic', 'bASIC '),
    ]) {
      const reply = await roster.call(`GET /humanapi/v1/apps/${appId}/users`, { headers: { authorization } });
      assert.equal(reply.status, 200);
    }
  });

  test("a valid key gets not found on another app's path, whether or not that app exists", async () => {
    const { appKey, appId } = tenant.app;
    const second = await createApp(roster.core, testDoor, { organization: tenant, name: 'Second' });
    const other = await roster.addOrganization();
    const inSecond = await addPerson(roster, { appId: second.app.id });
    await ledger.mark();
    const paths = [second.app.id, other.app.appId, 'f'.repeat(40), appId.toUpperCase(), appId.slice(1), 'x'];
    for (const path of paths) {
      for (const operation of operationsAt(path, bareId(inSecond.userId))) {
        const reply = await roster.call(operation, { appKey });
        assert.equal(reply.status, 404, operation);
        assert.deepEqual(reply.body, {
          code: 404,
          error: 'Not Found',
          message: 'App not found.',
          'x-humanapi-request-id': reply.header('x-request-id'),
        });
      }
    }
    await ledger.expect({});
  });

  test('a rotated key is invalid', async () => {
    const { app, appKey } = await createApp(roster.core, testDoor, { organization: tenant, name: 'Third' });
    const status = async (key: string) =>
      (await roster.call(`GET /humanapi/v1/apps/${app.id}/users`, { appKey: key })).status;
    assert.equal(await status(appKey), 200);
    const rotated = await rotateAppKey(roster.core, testDoor, app.id);
    assert.deepEqual([await status(appKey), await status(rotated.appKey)], [401, 200]);
  });
});
