import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayMs } from '../../src/core/time.ts';
import type { Reply } from '../support/server/http.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { addConnection, askToken, type OpenSession, openSession, tokenPath } from './connect-calls.ts';

describe('an access token of the Connect page', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const ask = (said: Readonly<Record<string, unknown>>, app = tenant.app): Promise<Reply> =>
    askToken(roster, { type: 'access', ...said }, app);

  async function connectedPerson(): Promise<OpenSession> {
    const person = await openSession(roster);
    await addConnection(roster, person.humanId, { status: 'active' });
    await ledger.mark();
    return person;
  }

  function assertRefused(reply: Reply, status: number, message: string): void {
    assert.deepEqual([reply.status, reply.at('code'), reply.at('message')], [status, status, message]);
  }

  test('is for a user with a connected source, for a day, with a refresh token', async () => {
    const { externalId, humanId } = await connectedPerson();
    const reply = await ask({ client_user_id: externalId });
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(reply.body ?? {}), [
      ...['access_token', 'token_type', 'expires_in', 'refresh_token'],
    ]);
    assert.deepEqual([reply.at('token_type'), reply.at('expires_in')], ['Bearer', 86_400]);
    await ledger.expect({
      audit: [{ action: 'connect.access_issued', actor_kind: 'app', subject_id: humanId, door: 'humanapi' }],
      rows: { connect_tokens: '+2' },
    });
  });

  for (const status of ['pending', 'revoking', 'revoked', 'overdue'] as const) {
    test(`is not issued while a source is only ${status}`, async () => {
      const { externalId, humanId } = await openSession(roster);
      await addConnection(roster, humanId, { status });
      await ledger.mark();
      assertRefused(await ask({ client_user_id: externalId }), 404, 'No source is connected.');
      await ledger.expect({});
    });
  }

  test('is issued for a source that needs its person again', async () => {
    const { externalId, humanId } = await openSession(roster);
    await addConnection(roster, humanId, { status: 'needs_user' });
    assert.equal((await ask({ client_user_id: externalId })).status, 200);
    await ledger.mark();
  });

  test('is not issued before a source is connected, for an unknown user, or to another app', async () => {
    const { externalId } = await openSession(roster);
    const person = await connectedPerson();
    const other = await roster.addOrganization();
    await ledger.mark();
    assertRefused(await ask({ client_user_id: externalId }), 404, 'No source is connected.');
    assertRefused(await ask({ client_user_id: 'nobody' }), 404, 'User not found.');
    assertRefused(await ask({ client_user_id: person.externalId }, other.app), 404, 'User not found.');
    assertRefused(await ask({}), 400, 'client_user_id is required.');
    await ledger.expect({});
  });

  for (const spelled of [{ type: 'access' }, { type: undefined, grant_type: 'refresh_token' }]) {
    test(`a refresh token gives the next pair with ${JSON.stringify(spelled)}, once`, async () => {
      const { externalId, humanId } = await connectedPerson();
      const first = await ask({ client_user_id: externalId });
      await ledger.mark();
      const refresh_token = first.string('refresh_token');
      const second = await ask({ ...spelled, refresh_token });
      assert.equal(second.status, 200);
      assert.notEqual(second.string('access_token'), first.string('access_token'));
      assert.notEqual(second.string('refresh_token'), refresh_token);
      await ledger.expect({
        audit: [{ action: 'connect.access_refreshed', actor_kind: 'app', subject_id: humanId }],
        rows: { connect_tokens: '+2 ~1' },
      });
      assert.equal((await ask({ refresh_token: second.string('refresh_token') })).status, 200);
      await ledger.mark();
    });
  }

  test('a refresh token that comes a second time ends every token of its family, and no other', async () => {
    const { externalId, humanId } = await connectedPerson();
    const other = await ask({ client_user_id: externalId });
    const tokens: string[] = [];
    let refresh_token = (await ask({ client_user_id: externalId })).string('refresh_token');
    for (let turn = 0; turn < 3; turn += 1) {
      tokens.push(refresh_token);
      refresh_token = (await ask({ refresh_token })).string('refresh_token');
    }
    const [, replayed = ''] = tokens;
    await ledger.mark();
    assertRefused(await ask({ refresh_token: replayed }), 400, 'The token is not valid.');
    await ledger.expect({
      audit: [{ action: 'connect.access_revoked', actor_kind: 'app', subject_id: humanId }],
      rows: { connect_tokens: '-8' },
    });
    for (const each of [...tokens, refresh_token]) {
      assertRefused(await ask({ refresh_token: each }), 400, 'The token is not valid.');
    }
    await ledger.expect({});
    assert.equal((await ask({ refresh_token: other.string('refresh_token') })).status, 200);
    await ledger.mark();
  });

  test('a replay by another app ends nothing', async () => {
    const { externalId } = await connectedPerson();
    const refresh_token = (await ask({ client_user_id: externalId })).string('refresh_token');
    const next = (await ask({ refresh_token })).string('refresh_token');
    const stranger = await roster.addOrganization();
    await ledger.mark();
    assertRefused(await ask({ refresh_token }, stranger.app), 400, 'The token is not valid.');
    await ledger.expect({});
    assert.equal((await ask({ refresh_token: next })).status, 200);
    await ledger.mark();
  });

  test('of replays and refreshes at the same time none leaves a valid token of the family', async () => {
    const { externalId, humanId } = await connectedPerson();
    const refresh_token = (await ask({ client_user_id: externalId })).string('refresh_token');
    const next = (await ask({ refresh_token })).string('refresh_token');
    const { appId: client_id, clientSecret: client_secret } = tenant.app;
    await callAtOnce(roster.client, 8, (index) => [
      `POST ${tokenPath}`,
      {
        json: {
          client_id,
          client_secret,
          type: 'access',
          refresh_token: index % 2 === 0 ? next : refresh_token,
        },
      },
    ]);
    const left = await roster.rows.count(
      'connect_tokens',
      `user_id = '${humanId}' and kind in ('access', 'refresh')`,
    );
    assert.equal(left, 0);
    await ledger.mark();
  });

  test('of many calls with one refresh token at the same time exactly one gets a pair', async () => {
    const { externalId } = await connectedPerson();
    const refresh_token = (await ask({ client_user_id: externalId })).string('refresh_token');
    const { appId: client_id, clientSecret: client_secret } = tenant.app;
    const json = { client_id, client_secret, type: 'access', refresh_token };
    const replies = await callAtOnce(roster.client, 8, () => [`POST ${tokenPath}`, { json }]);
    assert.deepEqual(statusCounts(replies), { 200: 1, 400: 7 });
    await ledger.mark();
  });

  test('a text that is no refresh token of this app gives nothing', async () => {
    const { externalId, token } = await connectedPerson();
    const pair = await ask({ client_user_id: externalId });
    const other = await roster.addOrganization();
    await ledger.mark();
    const refresh_token = pair.string('refresh_token');
    for (const wrong of [token, pair.string('access_token'), `${refresh_token.slice(0, -1)}~`, 'x']) {
      assertRefused(await ask({ refresh_token: wrong }), 400, 'The token is not valid.');
    }
    assertRefused(await ask({ refresh_token }, other.app), 400, 'The token is not valid.');
    assertRefused(await ask({ refresh_token: 7 }), 400, 'refresh_token is invalid.');
    await ledger.expect({});
    roster.clock.advance(90 * dayMs);
    assertRefused(await ask({ refresh_token }), 400, 'The token is not valid.');
  });

  test('a refresh token is not consumed where its user has no connected source any more', async () => {
    const { externalId, humanId } = await connectedPerson();
    const refresh_token = (await ask({ client_user_id: externalId })).string('refresh_token');
    await roster.core.work.change(tenant.key, async (tx) => {
      for (const connection of await tx.connections.lockOf(humanId)) {
        await tx.connections.update(connection, { status: 'revoked' });
      }
    });
    await ledger.mark();
    assertRefused(await ask({ refresh_token }), 404, 'No source is connected.');
    await ledger.expect({});
    await addConnection(roster, humanId, { status: 'active' });
    assert.equal((await ask({ refresh_token })).status, 200);
    await ledger.mark();
  });
});
