import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { dayMs, hourMs, minuteMs } from '../../../src/core/time.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { codeOf, goodPassword, signInStatus, signUp, tokenOf } from './sign-up.ts';

const path = '/general/v1/users';
const invalidToken = { errors: { token: ['is invalid or has expired'] } };
const nextPassword = 'another-good-one-7';

describe('the token of a link that sets a password', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const validate = (token: string): Promise<Reply> =>
    roster.call(`GET ${path}/passwords/validate?token=${encodeURIComponent(token)}`);
  const reset = (token: unknown, password: unknown = nextPassword): Promise<Reply> =>
    roster.call(`POST ${path}/passwords/reset`, { json: { token, password } });
  async function askFor(email: string): Promise<string> {
    await roster.call(`POST ${path}/passwords`, { json: { email } });
    return tokenOf(roster, email);
  }
  async function invite(email: string): Promise<string> {
    const { admin: bearer } = roster.organization.apiKeys;
    const json = { email, name: 'Jane Smith', role: 'member' };
    assert.equal((await roster.call('POST /organization/api/v1/users', { bearer, json })).status, 201);
    return tokenOf(roster, email);
  }
  async function assertRefused(reply: Promise<Reply>): Promise<void> {
    const { status, body } = await reply;
    assert.deepEqual([status, body], [422, invalidToken]);
  }

  test('may be checked any number of times', async () => {
    const { email } = await signUp(roster);
    const token = await askFor(email);
    await ledger.mark();
    for (let each = 0; each < 3; each += 1) {
      const reply = await validate(token);
      assert.deepEqual([reply.status, reply.body], [200, { valid: true }]);
    }
    await ledger.expect({});
  });

  test('sets the password, ends every session, and works once', async () => {
    const { number, email, password, session, reply: made } = await signUp(roster);
    await signInStatus(roster, email, password);
    const token = await askFor(email);
    await ledger.mark();
    roster.clock.advance(1_000);
    const reply = await reset(token);
    assert.equal(reply.status, 200);
    const updated_at = new Date(roster.clock.now()).toISOString();
    assert.deepEqual(reply.body, { ...Object(made.body), updated_at });
    await ledger.expect({
      audit: [
        { action: 'password.reset', door: 'general', actor_kind: 'public', actor_id: null },
        { action: 'session.started', door: 'general', actor_kind: 'public', actor_id: null },
      ],
      rows: { users: '~1', sessions: '+1 -2', password_tokens: '-1', known_networks: '~1' },
    });
    const fresh = await roster.call(`GET ${path}/${number}`, { session: reply.header('x-user-token') });
    assert.equal(fresh.status, 200);
    await assertRefused(reset(token));
    await assertRefused(validate(token));
    await ledger.expect({});
    assert.equal((await roster.call(`GET ${path}/${number}`, { session })).status, 401);
    assert.equal(await signInStatus(roster, email, password), 401);
    assert.equal(await signInStatus(roster, email, nextPassword), 201);
  });

  test('and the password may be inside `user`, in whole or in part', async () => {
    const { email } = await signUp(roster);
    const { email: other } = await signUp(roster);
    const send = (json: unknown) => roster.call(`POST ${path}/passwords/reset`, { json });
    const [token, otherToken] = [await askFor(email), await askFor(other)];
    const faulty = await send({ user: { token, password: 'short' } });
    assert.deepEqual(faulty.body, { errors: { password: ['is too short (minimum is 8 characters)'] } });
    assert.equal((await send({ user: { token, password: nextPassword } })).status, 200);
    const beside = { token: otherToken, password: null, user: { password: nextPassword } };
    assert.equal((await send(beside)).status, 200);
    assert.equal((await send({ user: 'x' })).status, 422);
    assert.equal(await signInStatus(roster, email, nextPassword), 201);
    assert.equal(await signInStatus(roster, other, nextPassword), 201);
  });

  test('stays good where the confirmation of the password differs', async () => {
    const { email } = await signUp(roster);
    const token = await askFor(email);
    await ledger.mark();
    const send = (password_confirmation: unknown, password = nextPassword) =>
      roster.call(`POST ${path}/passwords/reset`, {
        json: { user: { token, password, password_confirmation } },
      });
    for (const differing of [`${nextPassword} `, nextPassword.toUpperCase(), '', 7, [nextPassword]]) {
      const reply = await send(differing);
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, { errors: { password_confirmation: ["doesn't match password"] } });
    }
    assert.deepEqual((await send('other', 'short')).body, {
      errors: {
        password: ['is too short (minimum is 8 characters)'],
        password_confirmation: ["doesn't match password"],
      },
    });
    await ledger.expect({});
    assert.equal((await send(nextPassword)).status, 200);
  });

  test('neither confirms nor activates when it is a reset', async () => {
    const { number, email } = await signUp(roster);
    const reply = await reset(await askFor(email));
    assert.equal(reply.at('confirmed'), false);
    const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number }));
    assert.equal(user?.status, 'pending');
  });

  test('is valid for an hour', async () => {
    const early = await signUp(roster);
    const late = await signUp(roster);
    const [earlyToken, lateToken] = [await askFor(early.email), await askFor(late.email)];
    roster.clock.advance(hourMs - 1);
    assert.equal((await reset(earlyToken)).status, 200);
    assert.equal((await validate(lateToken)).status, 200);
    roster.clock.advance(1);
    await assertRefused(validate(lateToken));
    await assertRefused(reset(lateToken));
  });

  test('is used up together with the other tokens of its user', async () => {
    const { email } = await signUp(roster);
    const first = await askFor(email);
    roster.clock.advance(minuteMs);
    const second = await askFor(email);
    assert.equal((await reset(second)).status, 200);
    await assertRefused(reset(first));
  });

  test('is not used up by a refused password', async () => {
    const { email } = await signUp(roster);
    const token = await askFor(email);
    await ledger.mark();
    for (const [password, text] of [
      [undefined, "can't be blank"],
      ['short', 'is too short (minimum is 8 characters)'],
      ['x'.repeat(257), 'is too long (maximum is 256 characters)'],
      ['password123', 'is too common'],
      [email.toUpperCase(), "can't be the email"],
      [12345678, 'is invalid'],
    ] as const) {
      const reply = await roster.call(`POST ${path}/passwords/reset`, { json: { token, password } });
      assert.deepEqual([reply.status, reply.body], [422, { errors: { password: [text] } }]);
    }
    await ledger.expect({});
    assert.equal((await reset(token)).status, 200);
  });

  test('gets the same answer for every reason why it is invalid', async () => {
    const { session, number, email } = await signUp(roster);
    const token = await askFor(email);
    const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
    await roster.call(`POST ${path}/${number}/cancel`, { session });
    await ledger.mark();
    for (const each of [token, flipped, session, 'nonsense', `pr_1_${'A'.repeat(43)}`, 'a\0b']) {
      await assertRefused(validate(each));
      await assertRefused(reset(each));
    }
    await assertRefused(reset(5));
    await assertRefused(roster.call(`GET ${path}/passwords/validate`));
    await assertRefused(roster.call(`GET ${path}/passwords/validate?token=a&token=b`));
    await ledger.expect({});
  });

  test('is required together with the password; both faults are reported together', async () => {
    for (const ask of [{ json: {} }, {}]) {
      const reply = await roster.call(`POST ${path}/passwords/reset`, ask);
      assert.deepEqual(reply.body, { errors: { token: ["can't be blank"], password: ["can't be blank"] } });
    }
  });

  test('works with every app of the request, because it contains its organization', async () => {
    const tenant = await roster.addOrganization();
    const headers = { 'X-App-Id': tenant.app.appId };
    const { email } = await signUp(roster, {}, { ask: { headers } });
    await roster.call(`POST ${path}/passwords`, { json: { email }, headers });
    const token = await tokenOf(roster, email);
    const stray = { 'X-App-Id': roster.organization.app.appId };
    assert.equal((await roster.call(`GET ${path}/passwords/validate?token=${token}`)).status, 200);
    const json = { token, password: nextPassword };
    assert.equal((await roster.call(`POST ${path}/passwords/reset`, { json, headers: stray })).status, 200);
  });

  test('makes an invited user active and confirmed, with a password', async () => {
    const token = await invite('jane@example.com');
    await ledger.mark();
    roster.clock.advance(7 * dayMs - 1);
    assert.equal((await validate(token)).status, 200);
    const reply = await reset(token);
    assert.deepEqual(
      ['role', 'active', 'confirmed', 'first_name'].map((field) => reply.at(field)),
      ['member', true, true, 'Jane'],
    );
    await ledger.expect({
      audit: [
        { action: 'invitation.accepted', door: 'general', actor_kind: 'public' },
        { action: 'session.started', door: 'general', actor_kind: 'public' },
      ],
      rows: { users: '~1', password_tokens: '-1', sessions: '+1', known_networks: '+1' },
    });
    await assertRefused(reset(token));
    assert.equal(await signInStatus(roster, 'jane@example.com', nextPassword), 201);
    const user = await roster.core.work.read(roster.organization.key, (tx) =>
      tx.users.findByEmail('jane@example.com'),
    );
    assert.equal(user?.status, 'active');
  });

  test('of an invitation is valid for seven days', async () => {
    const token = await invite('late@example.com');
    roster.clock.advance(7 * dayMs);
    await assertRefused(validate(token));
    await assertRefused(reset(token));
  });

  test('of an invitation stays valid after a reset, and ends open resets when it is used', async () => {
    const invitation = await invite('both@example.com');
    assert.equal((await reset(await askFor('both@example.com'))).at('confirmed'), false);
    roster.clock.advance(minuteMs);
    const second = await askFor('both@example.com');
    assert.equal((await reset(invitation, goodPassword)).at('confirmed'), true);
    await assertRefused(reset(second));
  });

  test('clears the count of wrong passwords', async () => {
    const { email } = await signUp(roster);
    for (let each = 0; each < 5; each += 1) await signInStatus(roster, email, 'not the password');
    assert.equal(await signInStatus(roster, email, goodPassword), 429);
    await reset(await askFor(email));
    assert.equal(await signInStatus(roster, email, nextPassword), 201);
  });

  test('leaves an open confirmation code valid', async () => {
    const { number, email } = await signUp(roster);
    const code = await codeOf(roster, email);
    await reset(await askFor(email));
    const json = { user_id: number, confirmation_code: code };
    assert.equal((await roster.call(`POST ${path}/confirmation`, { json })).status, 200);
  });
});
