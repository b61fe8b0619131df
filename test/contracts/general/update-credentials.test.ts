/** The second half of `PUT /v1/users/{id}`: the fields that give access, which are guarded more closely. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authenticateSession } from '../../../src/core/access/authentication.ts';
import type { PasswordHasher } from '../../../src/core/access/password.ts';
import { updateProfile } from '../../../src/core/directory/profile.ts';
import { noEchoes } from '../../../src/core/directory/user-lifecycle.ts';
import { refuse } from '../../../src/core/errors.ts';
import { minuteMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { codeOf, goodPassword, type SignedUp, signUp } from './sign-up.ts';

const path = '/general/v1/users';

describe('a change of email or password', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);

  const put = (id: number, session: string, user: object): Promise<Reply> =>
    roster.call(`PUT ${path}/${id}`, { session, json: { user } });
  const signIn = (email: string, password: string): Promise<Reply> =>
    roster.call('POST /general/v1/sessions', { json: { email, password } });

  test('needs no current password in a session younger than ten minutes', async () => {
    const { number, session } = await signUp(roster);
    roster.clock.advance(10 * minuteMs - 1);
    assert.equal((await put(number, session, { email: 'young@example.com' })).status, 200);
    roster.clock.advance(1);
    const reply = await put(number, session, { email: 'old@example.com' });
    assert.deepEqual([reply.status, reply.body], [422, { errors: { current_password: ["can't be blank"] } }]);
  });

  test('needs the current password in an older session; other fields do not', async () => {
    const { number, session } = await signUp(roster);
    roster.clock.advance(10 * minuteMs);
    const password = 'another-good-one-7';
    await roster.call(`GET ${path}/${number}`, { session });
    await ledger.mark();
    for (const [current_password, text] of [
      [undefined, "can't be blank"],
      ['', "can't be blank"],
      [null, "can't be blank"],
      ['not the password', 'is invalid'],
      [{}, 'is invalid'],
    ] as const) {
      const reply = await put(number, session, { password, current_password });
      assert.deepEqual([reply.status, reply.body], [422, { errors: { current_password: [text] } }]);
    }
    const both = await put(number, session, { email: 'nobody', password: 'short' });
    assert.deepEqual(Object.keys(Object(both.at('errors'))), ['email', 'password', 'current_password']);
    // The wrong password counts against the session.
    await ledger.expect({ rows: { sessions: '~1' } });
    assert.equal((await put(number, session, { first_name: 'Ada' })).status, 200);
    assert.equal((await put(number, session, { password, current_password: goodPassword })).status, 200);
  });

  test('is refused where the confirmation of the password differs', async () => {
    const { number, session } = await signUp(roster);
    await ledger.mark();
    const password = 'another-good-one-7';
    const reply = await put(number, session, { password, password_confirmation: goodPassword });
    const errors = { password_confirmation: ["doesn't match password"] };
    assert.deepEqual([reply.status, reply.body], [422, { errors }]);
    await ledger.expect({});
    assert.equal((await put(number, session, { password_confirmation: 'no password' })).status, 200);
    assert.equal((await put(number, session, { password, password_confirmation: password })).status, 200);
  });

  test('of another user by an admin needs no current password', async () => {
    const { number, email } = await signUp(roster);
    roster.clock.advance(10 * minuteMs);
    const change = { password: 'another-good-one-7', first_name: 'Ada' };
    assert.equal((await put(number, admin.session, change)).status, 200);
    assert.equal((await signIn(email, change.password)).status, 201);
    const own = await put(admin.number, admin.session, { password: change.password });
    assert.deepEqual(own.body, { errors: { current_password: ["can't be blank"] } });
  });

  test('a new password ends all other sessions and open links, and the old password is invalid', async () => {
    const { number, email, password, session } = await signUp(roster);
    const other = (await signIn(email, password)).string('token');
    await roster.call(`POST ${path}/passwords`, { json: { email } });
    await roster.settle();
    await ledger.mark();
    const next = 'another-good-one-7';
    assert.equal((await put(number, session, { password: next })).status, 200);
    await ledger.expect({
      audit: [{ action: 'user.password_changed', fields: 'password' }],
      rows: { users: '~1', sessions: '-1', password_tokens: '-1' },
    });
    assert.equal((await roster.call(`GET ${path}/${number}`, { session: other })).status, 401);
    assert.equal((await roster.call(`GET ${path}/${number}`, { session })).status, 200);
    assert.equal((await signIn(email, password)).status, 401);
    assert.equal((await signIn(email, next)).status, 201);
  });

  test('a new email must be free; the old address gets a message, its links end and its count of wrong passwords is cleared', async () => {
    const { number, email, session } = await signUp(roster);
    const taken = await signUp(roster);
    assert.equal((await signIn(email, 'not the password')).status, 401);
    await roster.call(`POST ${path}/passwords`, { json: { email } });
    await roster.settle();
    await ledger.mark();
    const refused = await put(number, session, { email: taken.email.toUpperCase(), first_name: '' });
    assert.deepEqual(refused.body, {
      errors: { first_name: ["can't be blank"], email: ['has already been taken'] },
    });
    await ledger.expect({});
    const reply = await put(number, session, { email: 'moved@example.com' });
    assert.deepEqual([reply.status, reply.at('email')], [200, 'moved@example.com']);
    await ledger.expect({
      audit: [{ action: 'user.email_changed' }],
      messages: [
        { template: 'email_changed', channel: 'email', to: email },
        { template: 'email_proof', channel: 'email', to: 'moved@example.com' },
      ],
      rows: {
        users: '~1',
        password_tokens: '-1',
        login_failures: '-2',
        confirmation_codes: '-1',
        email_tokens: '+1',
      },
    });
    assert.equal((await signUp(roster, { email })).reply.status, 201);
  });

  test('a code that was sent to a former email or phone is invalid', async () => {
    for (const [fields, change] of [
      [{}, { email: `${crypto.randomUUID()}@example.com` }],
      [{ phone: '+1-555-123-4567' }, { phone: null }],
    ] as const) {
      const { number, email, session } = await signUp(roster, fields);
      const code = await codeOf(roster, 'phone' in fields ? '+15551234567' : email);
      assert.equal((await put(number, session, change)).status, 200);
      const json = { user_id: number, confirmation_code: code };
      assert.equal((await roster.call(`POST ${path}/confirmation`, { json })).status, 401);
    }
  });

  test('an email of another organization is free', async () => {
    const foreign = await addPerson(roster, { email: 'far@example.com' }, await roster.addOrganization());
    assert.ok(foreign.number);
    const { number, session } = await signUp(roster);
    assert.equal((await put(number, session, { email: 'far@example.com' })).status, 200);
  });

  test('the same email in another case is not a new one', async () => {
    const { number, email, session } = await signUp(roster);
    roster.clock.advance(10 * minuteMs);
    await roster.call(`GET ${path}/${number}`, { session });
    await ledger.mark();
    const reply = await put(number, session, { email: email.toUpperCase() });
    assert.deepEqual([reply.status, reply.at('email')], [200, email.toUpperCase()]);
    await ledger.expect({ audit: [{ action: 'user.email_changed' }], rows: { users: '~1' } });
  });

  test('of an invited user voids the invitation to the old address', async () => {
    const { admin: bearer } = roster.organization.apiKeys;
    const json = { email: 'typo@example.com', name: 'Jane Smith' };
    await roster.call('POST /organization/api/v1/users', { bearer, json });
    const { token } = await roster.lastMessage('typo@example.com');
    const list = await roster.call(`GET ${path}?page_size=1`, { session: admin.session });
    await put(list.number('users.0.id'), admin.session, { email: 'right@example.com' });
    assert.equal((await roster.call(`GET ${path}/passwords/validate?token=${token}`)).status, 422);
  });

  /** Sets a new password, while the email changes during each of the first `moves` decisions. */
  async function setPassword({ number, session }: SignedUp, password: string, moves: number) {
    let tries = 0;
    let hashes = 0;
    const hasher: PasswordHasher = {
      ...roster.core.hasher,
      hash: async (text) => {
        hashes += 1;
        return roster.core.hasher.hash(text);
      },
    };
    const isCommonPassword = async (): Promise<boolean> => {
      tries += 1;
      const email = `${crypto.randomUUID()}@example.com`;
      if (tries <= moves) assert.equal((await put(number, session, { email })).status, 200);
      return false;
    };
    const principal = await authenticateSession(roster.core, 'general', session);
    const change = updateProfile({ ...roster.core, hasher, isCommonPassword }, principal, {
      ref: { number },
      change: { password },
      currentPassword: undefined,
      echoes: noEchoes,
      arrival: { network: '', arrivedAt: performance.now() },
    });
    return { change, counts: () => ({ tries, hashes }) };
  }

  test('is decided again when the email changes in between', async () => {
    const person = await signUp(roster);
    const password = 'another-good-one-7';
    const { change, counts } = await setPassword(person, password, 2);
    const { email } = (await change).user;
    assert.deepEqual(counts(), { tries: 3, hashes: 1 });
    assert.equal((await signIn(email ?? '', password)).status, 201);
  });

  test('is refused when the email changes three times in between, and then changes nothing', async () => {
    const person = await signUp(roster);
    const { change, counts } = await setPassword(person, 'another-good-one-7', 3);
    await assert.rejects(change, refuse('change_in_progress', { retryAfterSeconds: 1 }));
    assert.deepEqual(counts(), { tries: 3, hashes: 1 });
    const present = await roster.call(`GET ${path}/${person.number}`, { session: person.session });
    assert.equal((await signIn(present.string('email'), person.password)).status, 201);
  });
});
