import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { dayMs, minuteMs, secondMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import type { Ask, Reply } from '../../support/server/http.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { appNotFound, notAllowed, signUp } from './sign-up.ts';

const wrongCredentials = { errors: 'Invalid email or password' };

describe('POST /v1/sessions', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const signIn = (json: unknown, ask: Ask = {}): Promise<Reply> =>
    roster.call('POST /general/v1/sessions', { json, ...ask });

  test('email and password give a token and the user, pending or not', async () => {
    const { email, password, reply: made } = await signUp(roster);
    await ledger.mark();
    roster.clock.advance(1_000);
    const shouted = ` ${email.toUpperCase()} `;
    for (const json of [{ email: shouted, password }, { user: { email, password } }]) {
      const reply = await signIn(json);
      assert.equal(reply.status, 201);
      assert.deepEqual(Object.keys(Object(reply.body)), ['token', 'user']);
      // A sign-in does not change `updated_at`.
      assert.deepEqual(reply.at('user'), made.body);
      await ledger.expect({
        audit: [{ action: 'session.started', door: 'general', actor_kind: 'public' }],
        rows: { users: '~1', sessions: '+1', known_networks: '~1' },
      });
      const own = await roster.call('GET /general/v1/users', { session: reply.string('token') });
      assert.deepEqual(own.at('users.0'), made.body);
      roster.clock.advance(1_000);
      await ledger.mark();
    }
  });

  test('a sign-in is visible in the other contracts', async () => {
    const { email, password } = await signUp(roster);
    const { admin: bearer } = roster.organization.apiKeys;
    const lastLogin = async (): Promise<unknown> => {
      const list = await roster.call('GET /organization/api/v1/users?limit=1', { bearer });
      const id = list.string('data.0.id');
      return (await roster.call(`GET /organization/api/v1/users/${id}`, { bearer })).at('last_login');
    };
    assert.equal(await lastLogin(), null);
    await signIn({ email, password });
    assert.equal(await lastLogin(), `${new Date(roster.clock.now()).toISOString().slice(0, 19)}Z`);
  });

  test('a password is the same in every form of its characters', async () => {
    const { email } = await signUp(roster, { password: 'contrasen\u0303a azul ２' });
    const forms = ['contrase\u00f1a azul 2', 'contrasen\u0303a azul ２', 'ｃontrase\u00f1a\u00a0azul 2'];
    for (const password of forms) {
      assert.equal((await signIn({ email, password })).status, 201);
    }
    await ledger.mark();
  });

  test('a hash of the typed form from before is accepted once, and replaced', async () => {
    const [typed, normal, email] = ['contrasen\u0303a 2', 'contrase\u00f1a 2', 'earlier@example.com'];
    await addPerson(roster, { email, passwordHash: await roster.core.hasher.hash(typed) });
    const signInWith = async (password: string) => (await signIn({ email, password })).status;
    assert.equal(await signInWith(normal), 401);
    assert.equal(await signInWith(typed), 201);
    assert.equal(await signInWith(normal), 201);
    assert.equal(await signInWith(typed), 201);
    await ledger.mark();
  });

  test('a wrong password and an unknown account get the same answer and write the same rows', async () => {
    const { email, password, number, session } = await signUp(roster);
    await addPerson(roster, { email: 'bare@example.com' });
    const texts = new Set<string>();
    const tries = [
      [email, 'not the password'],
      [email, password.toUpperCase()],
      ['stranger@example.com', password],
      ['no address at all', password],
      ['bare@example.com', password],
      [`${'x'.repeat(5_000)}@example.com`, 'y'.repeat(5_000)],
    ] as const;
    for (const [each, guess] of tries) {
      await ledger.mark();
      const reply = await signIn({ email: each, password: guess });
      assert.deepEqual([reply.status, reply.body], [401, wrongCredentials]);
      await ledger.expect({ rows: { login_failures: guess === password.toUpperCase() ? '~2' : '+2' } });
      texts.add(JSON.stringify([reply.text, ...namesOf(reply)]));
    }
    assert.equal(texts.size, 1);
    await roster.call(`POST /general/v1/users/${number}/cancel`, { session });
    assert.deepEqual((await signIn({ email, password })).body, wrongCredentials);
  });

  test('all missing and invalid fields are reported together', async () => {
    for (const json of [{}, { email: '', password: null }, { user: {} }]) {
      const reply = await signIn(json);
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, { errors: { email: ["can't be blank"], password: ["can't be blank"] } });
    }
    for (const value of [5, {}, 'a\0b', '\ud800']) {
      const reply = await signIn({ email: value, password: value });
      assert.deepEqual(reply.body, { errors: { email: ['is invalid'], password: ['is invalid'] } });
    }
    await ledger.expect({});
  });

  test('the app decides the organization, otherwise the session in the request', async () => {
    const tenant = await roster.addOrganization();
    const headers = { 'X-App-Id': tenant.app.appId };
    const far = await signUp(roster, {}, { ask: { headers } });
    const near = await signUp(roster, { email: far.email, password: 'a-different-one-9' });
    const { email, password } = far;
    assert.equal((await signIn({ email, password })).status, 401);
    assert.equal((await signIn({ email, password }, { headers })).number('user.id'), far.number);
    assert.equal((await signIn({ email, password }, { session: far.session })).number('user.id'), far.number);
    assert.equal((await signIn({ email, password: near.password })).number('user.id'), near.number);
    const unknown = await signIn({ email, password }, { headers: { 'X-App-Id': 'x' } });
    assert.deepEqual([unknown.status, unknown.body], [404, appNotFound]);
  });

  describe('after five wrong passwords in a row', () => {
    async function fail(email: string, times: number): Promise<void> {
      for (let each = 0; each < times; each += 1) {
        assert.equal((await signIn({ email, password: 'not the password' })).status, 401);
      }
    }

    test('there is one try per 2, 4, 8 ... 60 seconds, right or wrong, for unknown accounts alike', async () => {
      const { email, password } = await signUp(roster);
      for (const each of [email, 'nobody-at-all@example.com']) {
        await fail(each, 5);
        for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
          await ledger.mark();
          const early = await signIn({ email: each, password });
          assert.equal(early.status, 429);
          assert.equal(early.header('retry-after'), String(seconds));
          roster.clock.advance(seconds * secondMs - 1);
          assert.equal((await signIn({ email: each, password })).status, 429);
          await ledger.expect({});
          roster.clock.advance(1);
          await fail(each, 1);
        }
      }
      roster.clock.advance(minuteMs);
      assert.equal((await signIn({ email, password })).status, 201);
    });

    test('a correct password clears the count', async () => {
      const { email, password } = await signUp(roster);
      await fail(email, 4);
      await ledger.mark();
      assert.equal((await signIn({ email, password })).status, 201);
      await ledger.expect({
        audit: [{ action: 'session.started' }],
        rows: { users: '~1', sessions: '+1', login_failures: '-1' },
      });
      await fail(email, 5);
      assert.equal((await signIn({ email, password })).status, 429);
    });

    test('only a caller with a session of the account may try immediately', async () => {
      const { email, password, session } = await signUp(roster);
      const other = await signUp(roster);
      await fail(email, 5);
      assert.equal((await signIn({ email, password }, { session: other.session })).status, 429);
      assert.equal((await signIn({ email, password }, { session: 'st_1_nonsense' })).status, 429);
      assert.equal((await signIn({ email, password }, { session })).status, 201);
      assert.equal((await signIn({ email, password: 'not the password' }, { session })).status, 401);
      // The count of the other caller stays.
      assert.equal((await signIn({ email, password })).status, 429);
    });

    test('wrong passwords of a caller with a session are not counted', async () => {
      const { email, password, session } = await signUp(roster);
      for (let each = 0; each < 6; each += 1) {
        const reply = await signIn({ email, password: 'not the password' }, { session });
        assert.equal(reply.status, 401);
      }
      assert.equal((await signIn({ email, password })).status, 201);
    });

    test('accounts and organizations do not share the count', async () => {
      const { email } = await signUp(roster);
      const tenant = await roster.addOrganization();
      const headers = { 'X-App-Id': tenant.app.appId };
      const far = await signUp(roster, { email }, { ask: { headers } });
      await fail(email, 5);
      assert.equal((await signIn({ email, password: far.password }, { headers })).status, 201);
    });
  });
});

describe('a session', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);

  const use = async (session: string): Promise<number> =>
    (await roster.call('GET /general/v1/users', { session })).status;

  test('ends when its owner signs out', async () => {
    const one = await addPerson(roster);
    const two = await addPerson(roster);
    await ledger.mark();
    const reply = await roster.call('DELETE /general/v1/sessions', { session: one.session });
    assert.deepEqual([reply.status, reply.text], [204, '']);
    await ledger.expect({
      audit: [{ action: 'session.ended', door: 'general', actor_kind: 'user' }],
      rows: { sessions: '-1' },
    });
    assert.deepEqual([await use(one.session), await use(two.session)], [401, 200]);
    for (const ask of [{}, { session: one.session }]) {
      const again = await roster.call('DELETE /general/v1/sessions', ask);
      assert.deepEqual([again.status, again.body], [401, notAllowed]);
    }
  });

  test('is valid for 30 days since its last use', async () => {
    const { session } = await addPerson(roster);
    const idle = await addPerson(roster);
    roster.clock.advance(30 * dayMs - 1);
    assert.equal(await use(session), 200);
    roster.clock.advance(1);
    assert.deepEqual([await use(idle.session), await use(session)], [401, 200]);
    roster.clock.advance(30 * dayMs);
    assert.equal(await use(session), 401);
  });

  test('is valid for 180 days at most', async () => {
    const { session } = await addPerson(roster);
    for (let month = 0; month < 6; month += 1) {
      roster.clock.advance(30 * dayMs - 1);
      assert.equal(await use(session), 200);
    }
    roster.clock.advance(5);
    assert.equal(await use(session), 200);
    roster.clock.advance(1);
    assert.equal(await use(session), 401);
  });

  test('is stored as a digest: the database does not contain the token', async () => {
    const { session } = await addPerson(roster);
    const rows = await roster.core.work.read(roster.organization.key, (tx) =>
      tx.sessions.findByDigest(session),
    );
    assert.equal(rows, null);
    assert.equal(await use(session), 200);
  });

  test('is invalid when one character is changed', async () => {
    const { session } = await addPerson(roster);
    const flipped = session.slice(0, -1) + (session.endsWith('A') ? 'B' : 'A');
    for (const each of [flipped, session.slice(0, -1), `${session}A`, session.toUpperCase()]) {
      assert.equal(await use(each), 401);
    }
  });
});

/** The names of an answer's headers, in order. */
function namesOf(reply: Reply): string[] {
  return Object.keys(reply.headers).sort();
}
