import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ask, Reply } from '../../support/server/http.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import { startRoster } from '../../support/server/start.ts';
import { codeOf, signUpBody, tokenOf } from './sign-up.ts';

describe('the three ways in to general', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());

  const ways: Readonly<Record<string, { prefix: string; host?: string }>> = {
    'its own host': { prefix: '', host: 'general.localhost:8080' },
    'its own host in any case': { prefix: '', host: 'General.example.com' },
    'its own prefix': { prefix: '/general' },
    'the documented path': { prefix: '' },
  };
  for (const [title, { prefix, host }] of Object.entries(ways)) {
    const call = (line: string, ask: Ask = {}): Promise<Reply> =>
      roster.call(line.replace(' ', ` ${prefix}`), { ...(host === undefined ? {} : { host }), ...ask });

    test(`every operation is reached by ${title}`, async () => {
      const statuses: Record<string, number> = {};
      const reach = async (line: string, ask: Ask = {}): Promise<Reply> => {
        const reply = await call(line, ask);
        assert.equal(reply.contract, 'general', line);
        statuses[reply.operation ?? line] = reply.status;
        return reply;
      };
      const json = signUpBody();
      const { email, password } = json.user;
      const created = await reach('POST /v1/users', { json });
      const id = created.number('id');
      const session = created.header('x-user-token');
      await reach('GET /v1/users?page=1&page_size=25', { session });
      await reach(`GET /v1/users/${id}`, { session });
      await reach(`PUT /v1/users/${id}`, { session, json: { user: { first_name: 'Jonathan' } } });
      roster.clock.advance(60_000);
      await reach('POST /v1/users/resend_confirmation', { session });
      const confirmation_code = await codeOf(roster, email);
      await reach('POST /v1/users/confirmation', { json: { user_id: id, confirmation_code } });
      await reach('POST /v1/users/email_has_account', { json: { email } });
      await reach('POST /v1/users/passwords', { json: { email } });
      const token = await tokenOf(roster, email);
      await reach(`GET /v1/users/passwords/validate?token=${token}`);
      await reach('POST /v1/users/passwords/reset', { json: { token, password } });
      const signedIn = await reach('POST /v1/sessions', { json: { email, password } });
      await reach(`POST /v1/users/${id}/cancel`, { session: signedIn.string('token') });
      await reach('DELETE /v1/sessions', { session: (await roster.addAdmin()).session });
      await reach(`DELETE /v1/users/${id}`, { session: admin.session });
      assert.deepEqual(statuses, {
        createUser: 201,
        listUsers: 200,
        getUser: 200,
        updateUser: 200,
        resendConfirmation: 200,
        confirmUser: 200,
        emailHasAccount: 200,
        createPasswordReset: 200,
        validatePasswordReset: 200,
        resetPassword: 200,
        createSession: 201,
        cancelUser: 200,
        deleteSession: 204,
        deleteUser: 204,
      });
    });

    test(`a method that the path does not have is refused by ${title}`, async () => {
      for (const [line, methods] of [
        ['PATCH /v1/users', ['GET', 'POST']],
        ['PATCH /v1/users/1', ['DELETE', 'GET', 'PUT']],
        ['DELETE /v1/users/1/cancel', ['POST']],
        ['PATCH /v1/sessions', ['DELETE', 'GET', 'POST']],
        ['GET /v1/users/confirmation', ['POST']],
        ['DELETE /v1/users/passwords', ['POST']],
      ] as const) {
        const reply = await call(line);
        assert.equal(reply.status, 405, line);
        assert.deepEqual(reply.body, { errors: 'Method not allowed' });
        assert.deepEqual(methodsOf(reply), methods);
      }
    });
  }

  test('on the bare host a bearer token leads to sonar, also beside a session', async () => {
    const { admin: bearer } = roster.organization.apiKeys;
    for (const line of ['GET /v1/users', 'POST /v1/users', 'GET /v1/users/1', 'POST /v1/users/1/cancel']) {
      const reply = await roster.call(line, { bearer, session: admin.session });
      assert.equal(reply.contract, 'sonar', line);
    }
    for (const headers of [{}, { authorization: 'Basic Zm9vOg==' }, { authorization: '' }]) {
      const reply = await roster.call('GET /v1/users', { session: admin.session, headers });
      assert.deepEqual([reply.contract, reply.status], ['general', 200]);
    }
    const own = await roster.call('GET /general/v1/users', { bearer, session: admin.session });
    assert.deepEqual([own.contract, own.status], ['general', 200]);
    const session = await roster.call('POST /v1/sessions', { bearer, json: {} });
    assert.deepEqual([session.contract, session.status], ['general', 422]);
  });

  test('an unknown path below its own is 404 in its envelope', async () => {
    for (const line of ['GET /general/v1', 'GET /general/v2/users', 'POST /v1/users/1/2/3']) {
      const reply = await roster.call(line);
      assert.deepEqual([reply.status, reply.body], [404, { errors: 'Not found' }], line);
    }
  });

  test('a browser of a configured origin may call it and read the token', async () => {
    const origin = 'https://app.example.com';
    const open = await startRoster({ env: { ROSTER_CORS_ORIGINS: origin } });
    try {
      const reply = await open.call('POST /v1/users', { json: signUpBody(), headers: { origin } });
      assert.equal(reply.header('access-control-allow-origin'), origin);
      const exposed = reply.header('access-control-expose-headers').split(', ').sort();
      assert.deepEqual(exposed, [
        'Retry-After',
        'X-Challenge',
        'X-Email-Pending',
        'X-Erasure-Id',
        'X-Request-Id',
        'X-User-Token',
      ]);
      const other = { origin: 'https://evil.example' };
      const stranger = await open.call('POST /v1/users', { json: {}, headers: other });
      assert.equal(stranger.headers['access-control-allow-origin'], undefined);
    } finally {
      await open.close();
    }
  });
});

/** The methods in `Allow`, except those that every path has. */
function methodsOf(reply: Reply): string[] {
  const methods = reply.header('allow').split(/, */);
  return methods.filter((method) => method !== 'HEAD' && method !== 'OPTIONS').sort();
}
