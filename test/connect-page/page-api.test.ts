import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toUserIdText } from '../../src/core/ids.ts';
import { hourMs } from '../../src/core/time.ts';
import { addPerson } from '../support/contracts/people.ts';
import { visitDemo } from '../support/server/demo-person.ts';
import type { Ask, Reply } from '../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { startRoster } from '../support/server/start.ts';
import { addConnection, askToken, openSession } from './connect-calls.ts';

const lines = [
  'GET /connect/api/session',
  'POST /connect/api/connections',
  `DELETE /connect/api/connections/dev_${'0'.repeat(32)}`,
  'GET /connect/api/flows/oaf_1_x',
] as const;

describe('the API of the Connect page', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const session = (bearer: string): Promise<Reply> => roster.call(lines[0], { bearer });
  const connect = (bearer: string, ask: Ask): Promise<Reply> => roster.call(lines[1], { bearer, ...ask });
  const disconnect = (bearer: string, id: string): Promise<Reply> =>
    roster.call(`DELETE /connect/api/connections/${id}`, { bearer });

  function assertRefused(reply: Reply, status: number, error: string): void {
    assert.deepEqual([reply.status, reply.body], [status, { error }]);
  }

  /** The source of that provider in the session. */
  function sourceIn(reply: Reply, provider: string): Readonly<Record<string, unknown>> | undefined {
    const sources = reply.at('sources');
    assert.ok(Array.isArray(sources));
    return sources.find((each) => each.provider === provider);
  }

  test('the session has the app and the sources, and marks the demo', async () => {
    const { token } = await openSession(roster);
    await ledger.mark();
    const reply = await session(token);
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.at('app'), { name: 'Default' });
    assert.deepEqual(sourceIn(reply, 'demo'), {
      provider: 'demo',
      title: 'Demo',
      mark: null,
      isDemo: true,
      isOffered: true,
      connection: null,
    });
    assert.equal(reply.header('cache-control'), 'no-store');
    await ledger.expect({});
  });

  test('of several connections to a provider the most important one is shown, and no ended one', async () => {
    const { token, humanId } = await openSession(roster);
    await addConnection(roster, humanId, { status: 'revoked', provider: 'demo' });
    assert.equal(sourceIn(await session(token), 'demo')?.['connection'], null);
    await addConnection(roster, humanId, { status: 'pending', provider: 'demo' });
    const active = await addConnection(roster, humanId, { status: 'active', provider: 'demo' });
    await addConnection(roster, humanId, { status: 'revoking', provider: 'demo' });
    assert.deepEqual(sourceIn(await session(token), 'demo')?.['connection'], {
      id: active,
      status: 'active',
      connectedAt: new Date(roster.clock.now()).toISOString(),
    });
  });

  test('a source that is switched off can be seen and disconnected, not connected', async () => {
    const { token, humanId } = await openSession(roster);
    const id = await addConnection(roster, humanId, { status: 'active', provider: 'bygone' });
    const source = sourceIn(await session(token), 'bygone');
    assert.deepEqual([source?.['title'], source?.['isOffered']], ['bygone', false]);
    assertRefused(await connect(token, { json: { provider: 'bygone' } }), 422, 'gone');
    assert.equal((await disconnect(token, id)).status, 204);
    await ledger.mark();
  });

  test('connecting starts a connection of the person and returns the address of the start page', async () => {
    const { token, humanId } = await openSession(roster);
    await ledger.mark();
    const reply = await connect(token, { json: { provider: 'demo' } });
    assert.equal(reply.status, 201);
    assert.match(reply.string('connectionId'), /^dev_[0-9a-f]{32}$/);
    assert.match(reply.string('authUrl'), /\/connect\/start\?flow=oaf_/);
    await ledger.expect({
      audit: [
        {
          action: 'connection.started',
          actor_kind: 'connect',
          actor_id: humanId,
          door: 'connect',
          subject_id: reply.string('connectionId'),
        },
      ],
      rows: { connections: '+1', oauth_attempts: '+1' },
    });
  });

  test('says how far a flow of the person is, and nothing of a flow of another person', async () => {
    const { token } = await openSession(roster);
    const progressOf = async (flow: string, bearer = token): Promise<unknown> =>
      (await roster.call(`GET /connect/api/flows/${flow}`, { bearer })).at('progress');
    const start = async (): Promise<{ address: string; flow: string }> => {
      const address = (await connect(token, { json: { provider: 'demo' } })).string('authUrl');
      return { address, flow: new URL(address).searchParams.get('flow') ?? '' };
    };
    const late = await start();
    const refused = await start();
    const allowed = await start();
    assert.equal(await progressOf(allowed.flow), 'waiting');
    await visitDemo(refused.address, 'deny');
    assert.equal(await progressOf(refused.flow), 'denied');
    await visitDemo(allowed.address);
    assert.equal(await progressOf(allowed.flow), 'connected');
    const waiting = await start();
    const stranger = (await openSession(roster)).token;
    for (const [flow, bearer] of [
      [waiting.flow, stranger],
      [late.flow, token],
      [`oaf_1_${'x'.repeat(43)}`, token],
      ['nonsense', token],
    ] as const) {
      const reply = await roster.call(`GET /connect/api/flows/${flow}`, { bearer });
      assertRefused(reply, 404, 'gone');
    }
    roster.clock.advance(10 * 60_000);
    assert.equal(await progressOf(waiting.flow), 'expired');
    await ledger.mark();
  });

  test('disconnecting ends a connection of the person, and again changes nothing', async () => {
    const { token, humanId } = await openSession(roster);
    const id = await addConnection(roster, humanId, { status: 'active' });
    await ledger.mark();
    assert.equal((await disconnect(token, id)).status, 204);
    await ledger.expect({
      audit: [
        { action: 'connection.disconnected', actor_kind: 'connect', actor_id: humanId, subject_id: id },
      ],
      rows: { connections: '~1', revocations: '+1' },
    });
    assert.equal((await disconnect(token, id)).status, 204);
    await ledger.expect({});
  });

  test("another person's connection, also in the same app, is not found", async () => {
    const { token } = await openSession(roster);
    const neighbour = await openSession(roster);
    const id = await addConnection(roster, neighbour.humanId, { status: 'active', provider: 'demo' });
    await ledger.mark();
    for (const wrong of [id, `dev_${'0'.repeat(32)}`, 'nonsense']) {
      assertRefused(await disconnect(token, wrong), 404, 'gone');
    }
    assert.equal(sourceIn(await session(token), 'demo')?.['connection'], null);
    await ledger.expect({});
  });

  test('only a token that opens the page is accepted, and it is checked first', async () => {
    const { token, humanId, externalId } = await openSession(roster);
    await addConnection(roster, humanId, { status: 'active', provider: 'demo' });
    const access = await askToken(roster, { type: 'access', client_user_id: externalId });
    const person = await addPerson(roster, { role: 'admin' });
    await ledger.mark();
    const wrong = [
      ...['', 'nonsense', access.string('access_token'), access.string('refresh_token')],
      ...[person.session, tenant.apiKeys.admin, tenant.app.clientSecret, `${token}x`],
    ];
    for (const line of lines) {
      for (const bearer of wrong) {
        const reply = await roster.call(line, { bearer, headers: { 'content-type': 'text/plain' } });
        assertRefused(reply, 401, 'expired');
        assert.equal(reply.header('www-authenticate'), 'Bearer');
      }
      const inAddress = await roster.call(`${line}?token=${token}`);
      assertRefused(inAddress, 401, 'expired');
    }
    await ledger.expect({});
  });

  test('an expired session, or one of a cancelled or deleted user, is refused', async () => {
    const over = await openSession(roster);
    roster.clock.advance(hourMs);
    const cancelled = await openSession(roster);
    await roster.core.work.change(tenant.key, async (tx) => {
      const user = await tx.users.lock({ id: cancelled.humanId });
      assert.ok(user);
      await tx.users.update(user, { status: 'inactive' });
    });
    const deleted = await openSession(roster);
    const { appId, appKey } = tenant.app;
    await roster.call(`DELETE /humanapi/v1/apps/${appId}/users/${deleted.humanId}`, { appKey });
    for (const { token } of [over, cancelled, deleted]) assertRefused(await session(token), 401, 'expired');
    await ledger.mark();
  });

  test('a session of the Connect page gives access to nothing else', async () => {
    const { token, humanId } = await openSession(roster);
    await ledger.mark();
    const calls: readonly (readonly [string, Ask])[] = [
      ['GET /sonar/v1/users', { bearer: token }],
      [`GET /sonar/v1/users/${toUserIdText(humanId)}`, { bearer: token }],
      ['GET /organization/api/v1/users', { bearer: token }],
      ['GET /general/v1/users', { session: token }],
    ];
    for (const [line, ask] of calls) assert.equal((await roster.call(line, ask)).status, 401, line);
    await ledger.expect({});
  });

  test('bad input is answered in the shape that the page reads', async () => {
    const { token } = await openSession(roster);
    await ledger.mark();
    assertRefused(await connect(token, {}), 422, 'gone');
    assertRefused(await connect(token, { json: { provider: 'nobody' } }), 422, 'gone');
    assertRefused(await connect(token, { json: [] }), 400, 'not_understood');
    assertRefused(await connect(token, { body: 'provider=demo' }), 415, 'not_understood');
    assertRefused(
      await connect(token, { body: '{', headers: { 'content-type': 'application/json' } }),
      400,
      'not_understood',
    );
    assertRefused(await connect(token, { json: { provider: 'x'.repeat(300_000) } }), 413, 'not_understood');
    await ledger.expect({});
  });

  test('the connects of one network in a minute are bounded', async () => {
    const limited = await startRoster({ env: { ROSTER_LIMIT_CONNECT: '3' } });
    try {
      const { token } = await openSession(limited);
      const start = (): Promise<Reply> =>
        limited.call(lines[1], { bearer: token, json: { provider: 'demo' } });
      assert.deepEqual([(await start()).status, (await start()).status], [201, 201]);
      assertRefused(await start(), 429, 'too_many');
    } finally {
      await limited.close();
    }
  });

  test('pages of other origins may not call', async () => {
    const { token } = await openSession(roster);
    const reply = await roster.call(lines[0], {
      bearer: token,
      headers: { origin: 'https://app.example.com' },
    });
    assert.equal(reply.headers['access-control-allow-origin'], undefined);
    const preflight = await roster.call('OPTIONS /connect/api/session', {
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' },
    });
    assert.equal(preflight.status, 405);
  });
});
