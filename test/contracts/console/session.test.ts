/** The session of the console: who is signed in, and its end by time and by wish. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { routes } from '../../../src/contracts/console/routes.ts';
import { pollable } from '../../../src/contracts/console/staff-caller.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { type SignedInStaff, staffAsk } from '../../support/server/staff.ts';

const roster = setUpRoster();
const owner = setUp(() => roster.organization.staff('owner'));
const ledger = setUpLedger(roster);
const base = '/console/api/v1';
const path = `${base}/session`;
const minuteMs = 60_000;

describe('GET /session', () => {
  test('says who is signed in, where, and for how long', async () => {
    const reply = await roster.call(`GET ${path}`, {
      headers: { ...owner.ask.headers, 'accept-language': 'es-MX, en;q=0.5' },
    });
    assert.equal(reply.status, 200);
    const now = roster.clock.now();
    const { id, name } = roster.organization;
    assert.deepEqual(reply.body, {
      staff: { id: owner.staffId, email: owner.email, name: 'The owner', role: 'owner' },
      organization: { id, name },
      expiresAt: new Date(now + 30 * minuteMs).toISOString(),
      freshUntil: new Date(now + 5 * minuteMs).toISOString(),
      isDevelopment: true,
      locale: 'es',
    });
    await ledger.expect({});
  });

  test('a second factor is fresh for five minutes', async () => {
    const own = await roster.organization.staff('support');
    roster.clock.advance(5 * minuteMs);
    const reply = await roster.call(`GET ${path}`, own.ask);
    assert.equal(reply.at('freshUntil'), null);
  });

  test('no other credential opens it', async () => {
    const { apiKeys, app } = roster.organization;
    const admin = await roster.addAdmin();
    const asks = [
      {},
      { bearer: apiKeys.admin },
      { bearer: owner.token },
      { appKey: app.appKey },
      { session: admin.session },
      staffAsk(admin.session),
      staffAsk(''),
      staffAsk(`${owner.token}x`),
      // A cookie that only a deployment with https gives.
      { headers: { cookie: `__Host-roster-console=${owner.token}` } },
    ];
    for (const ask of asks) {
      const reply = await roster.call(`GET ${path}`, ask);
      assert.deepEqual([reply.status, reply.at('error.code')], [401, 'unauthorized']);
    }
  });
});

describe('a session of the console', () => {
  test('ends 30 minutes after the last call', async () => {
    const own = await roster.organization.staff('owner');
    const read = async (): Promise<number> => (await roster.call(`GET ${path}`, own.ask)).status;
    for (const minutes of [29, 29, 29]) {
      roster.clock.advance(minutes * minuteMs);
      assert.equal(await read(), 200);
    }
    roster.clock.advance(30 * minuteMs);
    assert.equal(await read(), 401);
  });

  test('ends although a page looks again by itself, and lasts where the reader does something', async () => {
    const looks = ['session', 'overview', 'erasures', 'outbox'];
    const marked = ({ ask }: Pick<SignedInStaff, 'ask'>) => ({
      headers: { ...ask.headers, 'x-roster-poll': '1' },
    });
    const watching = await roster.organization.staff('owner');
    const acting = await roster.organization.staff('owner');
    for (const minutes of [10, 10, 9]) {
      roster.clock.advance(minutes * minuteMs);
      for (const look of looks) {
        assert.equal((await roster.call(`GET ${base}/${look}`, marked(watching))).status, 200, look);
      }
      // The server decides which calls may bear the mark.
      assert.equal((await roster.call(`GET ${base}/people`, marked(acting))).status, 200);
    }
    roster.clock.advance(minuteMs);
    for (const look of looks) {
      assert.equal((await roster.call(`GET ${base}/${look}`, marked(watching))).status, 401, look);
      assert.equal((await roster.call(`GET ${base}/${look}`, marked(acting))).status, 200, look);
    }
  });

  test('takes the mark of a look by itself at reads alone', () => {
    const all = routes(roster.core, () => ({}));
    const takes = all.filter(({ headers }) => headers !== undefined);
    assert.deepEqual(takes.map(({ operationId }) => operationId).sort(), [...pollable].sort());
    assert.ok(takes.every(({ method }) => method === 'GET'));
  });

  test('ends 12 hours after the sign-in, however often it is used', async () => {
    const own = await roster.organization.staff('owner');
    const read = async (): Promise<number> => (await roster.call(`GET ${path}`, own.ask)).status;
    for (let minutes = 20; minutes < 12 * 60; minutes += 20) {
      roster.clock.advance(20 * minuteMs);
      assert.equal(await read(), 200, String(minutes));
    }
    roster.clock.advance(20 * minuteMs);
    assert.equal(await read(), 401);
  });

  test('ends with the sign-out, which takes the cookie back', async () => {
    const own = await roster.organization.staff('privacy');
    await ledger.mark();
    const reply = await roster.call(`DELETE ${path}`, own.ask);
    assert.equal(reply.status, 204);
    assert.deepEqual(reply.headers['set-cookie'], [
      'roster-console=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    ]);
    assert.equal((await roster.call(`GET ${path}`, own.ask)).status, 401);
    await ledger.expect({
      rows: { staff_sessions: '-1' },
      audit: [{ action: 'session.ended', door: 'console', actor_id: own.staffId, subject_id: own.staffId }],
    });
  });
});

describe('a deployment that people reach over https', () => {
  const secure = setUpRoster({ env: { ROSTER_PUBLIC_URL: 'https://directory.example.com' } });

  test('gives a cookie for this host alone, and takes no other', async () => {
    const own = await secure.organization.staff('owner');
    const headers = { 'x-roster-console': '1', origin: 'https://directory.example.com' };
    const call = (line: string, cookie: string) => secure.call(line, { headers: { ...headers, cookie } });
    assert.equal((await call(`GET ${path}`, `roster-console=${own.token}`)).status, 401);
    const cookie = `other=1; __Host-roster-console=${own.token}`;
    assert.equal((await call(`GET ${path}`, cookie)).status, 200);
    const ended = await call(`DELETE ${path}`, cookie);
    assert.deepEqual(ended.headers['set-cookie'], [
      '__Host-roster-console=; Secure; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    ]);
  });
});

describe('the own sessions', () => {
  test('are listed newest first, and end one by one', async () => {
    const first = await roster.organization.staff('support');
    roster.clock.advance(minuteMs);
    const second = await roster.organization.staff('support', { of: first });
    const list = await roster.call('GET /console/api/v1/sessions', second.ask);
    const now = new Date(roster.clock.now()).toISOString();
    assert.deepEqual(list.at('items.0'), {
      ...{ id: second.sessionId, network: '127.0.0.1', isCurrent: true },
      ...{ startedAt: now, lastUsedAt: now },
    });
    assert.deepEqual([list.at('items.1.id'), list.at('items.1.isCurrent')], [first.sessionId, false]);
    await ledger.mark();
    const end = (id: string) => roster.call(`DELETE /console/api/v1/sessions/${id}`, second.ask);
    assert.equal((await end(first.sessionId)).status, 204);
    assert.equal((await roster.call(`GET ${path}`, first.ask)).status, 401);
    assert.equal((await end(first.sessionId)).status, 404);
    const other = await roster.organization.staff('support');
    assert.equal((await end(other.sessionId)).status, 404, "another account's session");
    await ledger.expect({
      rows: { staff_sessions: '+1 -1', staff_accounts: '+1' },
      audit: [{ action: 'session.ended', actor_id: first.staffId, subject_id: first.staffId }],
    });
  });
});
