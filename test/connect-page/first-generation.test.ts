import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from '../../src/core/directory/organization-lifecycle.ts';
import { hourMs } from '../../src/core/time.ts';
import type { Reply } from '../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { startRoster, testDoor } from '../support/server/start.ts';
import { askToken, openSession } from './connect-calls.ts';

const paths = { tokens: '/v1/connect/tokens', publicTokens: '/v1/connect/publictokens' } as const;

describe('the token calls of the first generation', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const call = (
    path: keyof typeof paths,
    said: Readonly<Record<string, unknown>>,
    app = tenant.app,
  ): Promise<Reply> => {
    const json = { clientId: app.appId, clientSecret: app.clientSecret, ...said };
    return roster.call(`POST /humanapi${paths[path]}`, { json });
  };

  function assertRefused(reply: Reply, status: number, message: string): void {
    assert.deepEqual([reply.status, reply.at('code'), reply.at('message')], [status, status, message]);
  }

  test('a session is exchanged for an access and a public token', async () => {
    const { humanId, externalId, token } = await openSession(roster);
    await ledger.mark();
    const reply = await call('tokens', { humanId, sessionToken: token });
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(reply.body ?? {}), [
      ...['humanId', 'clientId', 'clientUserId', 'accessToken', 'publicToken'],
    ]);
    assert.deepEqual(
      [reply.at('humanId'), reply.at('clientId'), reply.at('clientUserId')],
      [humanId, tenant.app.appId, externalId],
    );
    await ledger.expect({
      audit: [
        { action: 'connect.access_issued', actor_kind: 'app', subject_id: humanId },
        { action: 'connect.public_issued', actor_kind: 'app', subject_id: humanId },
      ],
      rows: { connect_tokens: '+2' },
    });
  });

  test('a public token is issued for an existing user', async () => {
    const { humanId } = await openSession(roster);
    await ledger.mark();
    const reply = await call('publicTokens', { humanId });
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(reply.body ?? {}), ['publicToken']);
    await ledger.expect({
      audit: [{ action: 'connect.public_issued', subject_id: humanId }],
      rows: { connect_tokens: '+1' },
    });
  });

  test('both calls answer on the host of humanapi and on the bare path', async () => {
    const { humanId, token } = await openSession(roster);
    const { appId: clientId, clientSecret } = tenant.app;
    const json = { humanId, clientId, clientSecret, sessionToken: token };
    for (const path of Object.values(paths)) {
      assert.equal((await roster.call(`POST ${path}`, { json })).status, 200);
      assert.equal((await roster.call(`POST ${path}`, { json, host: 'humanapi.localhost' })).status, 200);
    }
    await ledger.mark();
  });

  test('missing and malformed fields are named', async () => {
    assertRefused(await call('tokens', {}), 400, 'humanId is required; sessionToken is required.');
    assertRefused(await call('publicTokens', { humanId: '' }), 400, 'humanId is required.');
    assertRefused(
      await call('publicTokens', { clientSecret: undefined }),
      400,
      'clientSecret is required; humanId is required.',
    );
    await ledger.expect({});
  });

  test('a wrong secret, an unknown user and a user of another app are refused', async () => {
    const { humanId, token } = await openSession(roster);
    const { app, appKey, clientSecret } = await createApp(roster.core, testDoor, {
      organization: tenant,
      name: 'Second',
    });
    const second = { appId: app.id, appKey, clientSecret };
    const other = await roster.addOrganization();
    await ledger.mark();
    for (const path of ['tokens', 'publicTokens'] as const) {
      const said = { humanId, sessionToken: token };
      assertRefused(
        await call(path, { ...said, clientSecret: '0'.repeat(40) }),
        401,
        'These credentials are not valid.',
      );
      for (const id of ['0'.repeat(32), 'nobody', humanId.toUpperCase()]) {
        assertRefused(await call(path, { ...said, humanId: id }), 404, 'User not found.');
      }
      for (const stranger of [second, other.app]) {
        assertRefused(await call(path, said, stranger), 404, 'User not found.');
      }
    }
    await ledger.expect({});
  });

  test('an expired session, one of another user, and a text that is no session are refused', async () => {
    const { humanId, externalId, token } = await openSession(roster);
    const stranger = await openSession(roster);
    const id = await askToken(roster, { type: 'id', client_user_id: externalId });
    const refused = async (sessionToken: string): Promise<void> => {
      await ledger.mark();
      assertRefused(await call('tokens', { humanId, sessionToken }), 400, 'The token is not valid.');
      await ledger.expect({});
    };
    for (const wrong of [stranger.token, id.string('id_token'), 'x']) await refused(wrong);
    roster.clock.advance(hourMs);
    await refused(token);
  });

  test('a cancelled user is refused', async () => {
    const { humanId, token } = await openSession(roster);
    await roster.core.work.change(tenant.key, async (tx) => {
      const user = await tx.users.lock({ id: humanId });
      assert.ok(user);
      await tx.users.update(user, { status: 'inactive' });
    });
    for (const path of ['tokens', 'publicTokens'] as const) {
      const reply = await call(path, { humanId, sessionToken: token });
      assertRefused(reply, 409, 'The state of the user does not allow this.');
    }
  });

  test('the calls of one network in a minute are bounded', async () => {
    const limited = await startRoster({ env: { ROSTER_LIMIT_CONNECT: '3' } });
    try {
      const lines = ['token', 'tokens', 'publictokens'].map((each) => `POST /humanapi/v1/connect/${each}`);
      for (const line of lines) assert.equal((await limited.call(line, { json: {} })).status, 400);
      for (const line of lines) {
        const reply = await limited.call(line, { json: {} });
        assertRefused(reply, 429, 'Too many requests: try again later.');
        assert.equal(reply.header('retry-after'), '60');
      }
    } finally {
      await limited.close();
    }
  });
});
