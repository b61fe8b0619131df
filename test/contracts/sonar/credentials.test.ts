import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { newPrefixedId } from '../../../src/core/ids.ts';
import {
  createApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
} from '../../../src/core/keys/api-key-lifecycle.ts';
import { digestOf } from '../../../src/core/secret.ts';
import { dayMs, hourMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

const path = '/sonar/v1/users';
const operations = [
  `GET ${path}`,
  `POST ${path}`,
  `GET ${path}/usr_invalid`,
  `PATCH ${path}/usr_invalid`,
  `DELETE ${path}/usr_invalid`,
  `POST ${path}/usr_invalid/syncs`,
  `POST ${path}/usr_invalid/scores`,
] as const;

describe('the credential of sonar', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);

  async function assertRefused(headers: Record<string, string>): Promise<void> {
    for (const operation of operations) {
      const reply = await roster.call(operation, { headers });
      assert.equal(reply.status, 401, operation);
      assert.equal(reply.header('www-authenticate'), 'Bearer');
      assert.deepEqual(reply.body, {
        error: 'unauthorized',
        message: 'A valid API key is required: "Authorization: Bearer roster_...".',
        details: {},
      });
    }
  }

  test('is checked by every operation before anything else', async () => {
    await assertRefused({});
    await assertRefused({ 'content-type': 'text/plain', 'idempotency-key': '' });
    await ledger.expect({});
  });

  test('every invalid one gets the same answer', async () => {
    const { apiKeys, app } = roster.organization;
    const { session } = await addPerson(roster, { role: 'admin' });
    await ledger.mark();
    const refused = [
      'Bearer',
      'Bearer ',
      `Bearer ${apiKeys.admin}x`,
      `Bearer ${apiKeys.admin.toUpperCase()}`,
      `Bearer ${apiKeys.admin} ${apiKeys.admin}`,
      `Bearer sk_live_${'A'.repeat(43)}`,
      `Bearer ${app.appKey}`,
      `Bearer ${session}`,
      `Basic ${Buffer.from(`${apiKeys.admin}:`).toString('base64')}`,
      apiKeys.admin,
    ];
    for (const authorization of refused) await assertRefused({ authorization });
    await assertRefused({ 'x-user-token': session });
    await ledger.expect({});
  });

  test('a key of an earlier version, which began with sk_live_, stays valid', async () => {
    const { core, clock, organization } = roster;
    const earlier = `sk_live_${randomBytes(32).toString('base64url')}`;
    const times = { createdAt: clock.now(), expiresAt: null, revokedAt: null };
    const key = { ...times, id: newPrefixedId('key'), role: 'reader' } as const;
    await core.work.change(organization.key, (tx) => tx.apiKeys.insert(key, digestOf(earlier)));
    const headers = { authorization: `Bearer ${earlier}` };
    assert.equal((await roster.call(`GET ${path}`, { headers })).status, 200);
    assert.equal((await roster.call('GET /organization/api/v1/users', { headers })).status, 200);
  });

  test('the scheme is case-insensitive', async () => {
    const headers = { authorization: `bEARER  ${roster.organization.apiKeys.reader}` };
    assert.equal((await roster.call(`GET ${path}`, { headers })).status, 200);
  });

  test('an expired, a revoked and a rotated key are refused immediately', async () => {
    const { core, clock, organization } = roster;
    const issue = (expiresAt: number | null = null) =>
      createApiKey(core, testDoor, { organization, role: 'admin', expiresAt });
    const expiring = await issue(clock.now() + dayMs);
    const revoked = await issue();
    const rotated = await issue();
    const status = async (bearer: string) => (await roster.call(`GET ${path}`, { bearer })).status;
    const statuses = () => Promise.all([expiring, revoked, rotated].map(({ apiKey }) => status(apiKey)));
    assert.deepEqual(await statuses(), [200, 200, 200]);
    await revokeApiKey(core, testDoor, revoked.key.id);
    const fresh = await rotateApiKey(core, testDoor, rotated.key.id);
    assert.deepEqual(await statuses(), [200, 401, 401]);
    assert.equal(await status(fresh.apiKey), 200);
    clock.advance(dayMs);
    assert.deepEqual(await statuses(), [401, 401, 401]);
  });

  test('a replaced key works until its end where the rotation gives it one, and is then refused', async () => {
    const { core, clock, organization } = roster;
    const { key, apiKey } = await createApiKey(core, testDoor, {
      organization,
      role: 'reader',
      expiresAt: null,
    });
    const status = async (bearer: string) => (await roster.call(`GET ${path}`, { bearer })).status;
    const fresh = await rotateApiKey(core, testDoor, key.id, 24);
    assert.deepEqual([await status(apiKey), await status(fresh.apiKey)], [200, 200]);
    clock.advance(dayMs - 1);
    assert.deepEqual([await status(apiKey), await status(fresh.apiKey)], [200, 200]);
    clock.advance(1);
    assert.deepEqual([await status(apiKey), await status(fresh.apiKey)], [401, 200]);
    for (const hours of [-1, 0.5, 169, Number.NaN]) {
      await assert.rejects(rotateApiKey(core, testDoor, key.id, hours), { code: 'invalid_fields' });
    }
    const newest = await rotateApiKey(core, testDoor, key.id, 168);
    await revokeApiKey(core, testDoor, key.id);
    for (const each of [fresh, newest]) assert.equal(await status(each.apiKey), 401);
  });

  test('the hour and the wider network of the last use are noted, some time after the answer', async () => {
    const { core, clock, organization } = roster;
    const { key, apiKey } = await createApiKey(core, testDoor, {
      organization,
      role: 'reader',
      expiresAt: null,
    });
    const seen = async () => (await listApiKeys(core, null)).find(({ id }) => id === key.id);
    const hour = () => clock.now() - (clock.now() % hourMs);
    for (let use = 0; use < 5; use++) await roster.call(`GET ${path}`, { bearer: apiKey });
    await core.keyUses.write(core.work, clock.now());
    const first = hour();
    assert.deepEqual([(await seen())?.usedAt, (await seen())?.network], [first, '127.0.0.0/24']);
    clock.advance(hourMs);
    await roster.call(`GET ${path}`, { bearer: apiKey });
    await core.keyUses.write(core.work, clock.now());
    assert.equal((await seen())?.usedAt, first + hourMs);
    // A key that is refused is not used.
    await revokeApiKey(core, testDoor, key.id);
    clock.advance(hourMs);
    assert.equal((await roster.call(`GET ${path}`, { bearer: apiKey })).status, 401);
    await core.keyUses.write(core.work, clock.now());
    assert.equal((await seen())?.usedAt, first + hourMs);
  });
});
