import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp, rotateClientSecret } from '../../src/core/directory/organization-lifecycle.ts';
import { toUserIdText } from '../../src/core/ids.ts';
import { hourMs } from '../../src/core/time.ts';
import { addPerson } from '../support/contracts/people.ts';
import type { Reply } from '../support/server/http.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';
import { addConnection, askToken, openSession, tokenPath } from './connect-calls.ts';

describe('a session of the Connect page', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const ask = (said: Readonly<Record<string, unknown>>, app = tenant.app): Promise<Reply> =>
    askToken(roster, { type: 'session', ...said }, app);

  async function findUser(humanId: string): Promise<Reply> {
    const { appId, appKey } = tenant.app;
    return roster.call(`GET /humanapi/v1/apps/${appId}/users/${humanId}`, { appKey });
  }

  function assertRefused(reply: Reply, status: number, message: RegExp): void {
    assert.equal(reply.status, status, reply.text);
    assert.deepEqual(Object.keys(reply.body ?? {}), ['code', 'error', 'message', 'x-humanapi-request-id']);
    assert.equal(reply.number('code'), status);
    assert.match(reply.string('message'), message);
  }

  test('creates an unknown user, and answers with its id and a token for an hour', async () => {
    await ledger.mark();
    const reply = await ask({ client_user_id: 'new-1', client_user_email: 'new-1@example.com' });
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(reply.body ?? {}), ['human_id', 'session_token', 'expires_in']);
    assert.match(reply.string('human_id'), /^[0-9a-f]{32}$/);
    assert.equal(reply.number('expires_in'), 3600);
    await ledger.expect({
      audit: [
        { action: 'user.created', actor_kind: 'app', actor_id: tenant.app.appId, door: 'humanapi' },
        { action: 'connect.session_issued', actor_kind: 'app', subject_id: reply.string('human_id') },
      ],
      rows: { users: '+1', connect_tokens: '+1' },
    });
    const user = await findUser(reply.string('human_id'));
    assert.equal(user.string('externalId'), 'new-1');
    const shown = await roster.call(
      `GET /organization/api/v1/users/${toUserIdText(reply.string('human_id'))}`,
      {
        bearer: tenant.apiKeys.admin,
      },
    );
    assert.deepEqual([shown.string('email'), shown.string('status')], ['new-1@example.com', 'active']);
  });

  test('finds an existing user, and does not change it', async () => {
    const first = await ask({ client_user_id: 'again' });
    await ledger.mark();
    const second = await ask({ client_user_id: 'again' });
    assert.equal(second.string('human_id'), first.string('human_id'));
    assert.notEqual(second.string('session_token'), first.string('session_token'));
    await ledger.expect({
      audit: [{ action: 'connect.session_issued' }],
      rows: { connect_tokens: '+1' },
    });
  });

  test('an address is stored, unconfirmed, where it is free and the user has none, and otherwise left out', async () => {
    await addPerson(roster, { email: 'Taken@example.com' });
    const emailOf = async (humanId: string): Promise<unknown> =>
      (await roster.core.work.read(tenant.key, (tx) => tx.users.find({ id: humanId })))?.email;
    const taken = await ask({ client_user_id: 'mail-1', client_user_email: 'taken@EXAMPLE.com' });
    assert.equal(await emailOf(taken.string('human_id')), null);
    const later = await ask({ client_user_id: 'mail-1', client_user_email: 'mine@example.com' });
    assert.equal(await emailOf(later.string('human_id')), 'mine@example.com');
    await ask({ client_user_id: 'mail-1', client_user_email: 'other@example.com' });
    assert.equal(await emailOf(later.string('human_id')), 'mine@example.com');
    await ask({ client_user_id: 'mail-2', client_user_email: '' });
    const user = await roster.core.work.read(tenant.key, (tx) =>
      tx.users.find({ id: later.string('human_id') }),
    );
    assert.equal(user?.confirmedAt, null);
    const elsewhere = await roster.addOrganization();
    const free = await ask({ client_user_id: 'x', client_user_email: 'mine@example.com' }, elsewhere.app);
    assert.equal(free.status, 200);
    await ledger.mark();
  });

  test('many calls at the same time for one new user create one user', async () => {
    const { appId: client_id, clientSecret: client_secret } = tenant.app;
    const json = { client_id, client_secret, type: 'session', client_user_id: 'crowd' };
    const replies = await callAtOnce(roster.client, 8, () => [
      `POST ${tokenPath}`,
      { json: { ...json, client_user_email: 'crowd@example.com' } },
    ]);
    assert.deepEqual(statusCounts(replies), { 200: 8 });
    assert.equal(new Set(replies.map((reply) => reply.string('human_id'))).size, 1);
    await ledger.mark();
  });

  test('a form is accepted, on the host of humanapi and on the bare path', async () => {
    const { appId: client_id, clientSecret: client_secret } = tenant.app;
    const form = { client_id, client_secret, client_user_id: 'form', type: 'session' };
    const replies = [
      await roster.call(`POST ${tokenPath}`, { form }),
      await roster.call('POST /v1/connect/token', { json: form }),
      await roster.call('POST /v1/connect/token', { json: form, host: 'humanapi.example.com' }),
    ];
    assert.deepEqual(
      replies.map(({ status, contract }) => [status, contract]),
      replies.map(() => [200, 'humanapi']),
    );
    await ledger.mark();
  });

  test('all missing fields are named together, in the spelling of the call', async () => {
    assertRefused(
      await roster.call(`POST ${tokenPath}`, { json: {} }),
      400,
      /^client_id is required; client_secret is required; type is required; client_user_id is required\.$/,
    );
    assertRefused(await ask({ client_user_id: ' ' }), 400, /^client_user_id is required\.$/);
    assertRefused(await ask({ client_user_id: 7 }), 400, /^client_user_id is invalid\.$/);
    assertRefused(
      await ask({ client_user_id: 'a', client_user_email: 'nobody' }),
      400,
      /^client_user_email is invalid\.$/,
    );
    assertRefused(
      await ask({ client_user_id: 'a', type: 'password' }),
      400,
      /^type must be one of session, id, access\.$/,
    );
    assertRefused(await roster.call(`POST ${tokenPath}`, { json: [] }), 400, /JSON object/);
    await ledger.expect({});
  });

  test('every wrong client gets the same refusal', async () => {
    const other = await roster.addOrganization();
    await ledger.mark();
    const { appId, appKey } = tenant.app;
    const wrong: readonly Readonly<Record<string, string>>[] = [
      { client_secret: '0'.repeat(40) },
      { client_secret: appKey },
      { client_secret: other.app.clientSecret },
      { client_id: other.app.appId },
      { client_id: '0'.repeat(40) },
      { client_id: 'nobody' },
    ];
    const texts = new Set<string>();
    for (const said of wrong) {
      const reply = await ask({ client_user_id: 'a', ...said });
      assertRefused(reply, 401, /^These credentials are not valid\.$/);
      texts.add(reply.string('message'));
    }
    assert.equal(texts.size, 1);
    assertRefused(await ask({ client_id: appId, client_secret: 'x' }), 401, /not valid/);
    await ledger.expect({});
  });

  test('a rotated secret replaces the former one immediately', async () => {
    const { app, clientSecret, appKey } = await createApp(roster.core, testDoor, {
      organization: tenant,
      name: 'Second',
    });
    const rotated = await rotateClientSecret(roster.core, testDoor, app.id);
    const as = (secret: string): Promise<Reply> =>
      ask({ client_user_id: 'r' }, { appId: app.id, appKey, clientSecret: secret });
    assert.equal((await as(clientSecret)).status, 401);
    assert.equal((await as(rotated.clientSecret)).status, 200);
    await ledger.mark();
  });

  test('a cancelled user gets no token', async () => {
    const { humanId, externalId } = await openSession(roster);
    await roster.core.work.change(tenant.key, async (tx) => {
      const user = await tx.users.lock({ id: humanId });
      assert.ok(user);
      await tx.users.update(user, { status: 'inactive' });
    });
    await ledger.mark();
    for (const type of ['session', 'id', 'access']) {
      assertRefused(await ask({ type, client_user_id: externalId }), 409, /state of the user/);
    }
    await ledger.expect({});
  });

  test('an id token is for an existing user', async () => {
    const { externalId, humanId } = await openSession(roster);
    await ledger.mark();
    const reply = await ask({ type: 'id', client_user_id: externalId });
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(reply.body ?? {}), ['id_token', 'id_token_expires_in']);
    assert.equal(reply.number('id_token_expires_in'), 3600);
    await ledger.expect({
      audit: [{ action: 'connect.id_issued', subject_id: humanId }],
      rows: { connect_tokens: '+1' },
    });
    assertRefused(await ask({ type: 'id', client_user_id: 'nobody' }), 404, /^User not found\.$/);
    const other = await roster.addOrganization();
    assertRefused(
      await ask({ type: 'id', client_user_id: externalId }, other.app),
      404,
      /^User not found\.$/,
    );
    assert.equal((await ask({ type: 'id_token', client_user_id: externalId })).status, 200);
  });

  test('the tables hold no token', async () => {
    const { token } = await openSession(roster);
    const rows = await roster.rows.all('connect_tokens');
    assert.ok(rows.length > 0);
    assert.ok(!JSON.stringify(rows).includes(token.slice(-43)));
  });

  test('tokens are deleted with their user, and expired ones after a while', async () => {
    const { humanId } = await openSession(roster);
    await addConnection(roster, humanId, { status: 'revoked' });
    const { appId, appKey } = tenant.app;
    const before = await countTokens();
    const reply = await roster.call(`DELETE /humanapi/v1/apps/${appId}/users/${humanId}`, { appKey });
    assert.equal(reply.status, 204);
    assert.equal(await countTokens(), before - 1);
    roster.clock.advance(8 * 24 * hourMs);
    await roster.core.work.changeSystem('job', (tx) => tx.housekeeping.sweep(roster.clock.now(), 1_000));
    assert.equal(await countTokens(), 0);
  });

  async function countTokens(): Promise<number> {
    return roster.rows.count('connect_tokens');
  }
});
