import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApiKey, revokeApiKey } from '../../../src/core/keys/api-key-lifecycle.ts';
import { dayMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

const path = '/organization/api/v1/users';
const operations = [
  `GET ${path}`,
  `POST ${path}`,
  `GET ${path}/usr_invalid`,
  `DELETE ${path}/usr_invalid`,
] as const;

describe('the credential of organization', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);

  async function assertRefused(headers: Record<string, string>): Promise<void> {
    for (const operation of operations) {
      const reply = await roster.call(operation, { headers });
      assert.equal(reply.status, 401, operation);
      assert.equal(reply.header('www-authenticate'), 'Bearer');
      assert.deepEqual(reply.body, {
        error: 'unauthorized',
        message: 'A valid bearer token is required',
      });
    }
  }

  test('is checked by every operation before anything else', async () => {
    await assertRefused({});
    await assertRefused({ 'content-type': 'text/plain' });
    await ledger.expect({});
  });

  test('every invalid one gets the same answer', async () => {
    const { apiKeys, app } = roster.organization;
    const { session } = await addPerson(roster, { role: 'admin' });
    await ledger.mark();
    const basic = Buffer.from(`${app.appKey}:`).toString('base64');
    const refused = [
      'Bearer',
      'Bearer ',
      `Bearer ${apiKeys.admin}x`,
      `Bearer ${apiKeys.admin} ${apiKeys.admin}`,
      `Bearer ${app.appKey}`,
      `Bearer sk_live_${'A'.repeat(43)}`,
      `Bearer st_1_${'A'.repeat(43)}`,
      `Bearer ${session.replace('st_', 'pr_')}`,
      `Basic ${basic}`,
      `Token ${apiKeys.admin}`,
      apiKeys.admin,
    ];
    for (const authorization of refused) await assertRefused({ authorization });
    await assertRefused({ 'x-user-token': session });
    await ledger.expect({});
  });

  test('the scheme is case-insensitive', async () => {
    const headers = { authorization: `bEARER  ${roster.organization.apiKeys.reader}` };
    assert.equal((await roster.call(`GET ${path}`, { headers })).status, 200);
  });

  test('an expired and a revoked key are refused', async () => {
    const organization = roster.organization;
    const expiring = await createApiKey(roster.core, testDoor, {
      organization,
      role: 'admin',
      expiresAt: roster.clock.now() + dayMs,
    });
    const revoked = await createApiKey(roster.core, testDoor, {
      organization,
      role: 'admin',
      expiresAt: null,
    });
    const status = async (bearer: string) => (await roster.call(`GET ${path}`, { bearer })).status;
    assert.deepEqual([await status(expiring.apiKey), await status(revoked.apiKey)], [200, 200]);
    await revokeApiKey(roster.core, testDoor, revoked.key.id);
    roster.clock.advance(dayMs);
    assert.deepEqual([await status(expiring.apiKey), await status(revoked.apiKey)], [401, 401]);
  });

  test('a session of a cancelled user is invalid', async () => {
    const { session } = await addPerson(roster, { role: 'admin', status: 'inactive' });
    assert.equal((await roster.call(`GET ${path}`, { bearer: session })).status, 401);
  });
});
