/** Passkeys of the console, with a software authenticator, and the fresh factor of a session. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Authenticator } from '../../support/server/authenticator.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { askAfter, type StaffAsk } from '../../support/server/staff.ts';
import { createCeremony, minuteMs, password, stranger } from './ceremony.ts';

const roster = setUpRoster();
const ledger = setUpLedger(roster);
const { call, signIn, code, invite, enrolWithTotp, origin } = createCeremony(roster);

describe('a passkey', () => {
  /** A new account with a password and a passkey. */
  async function enrolWithPasskey() {
    const { account, link } = await invite();
    const authenticator = new Authenticator();
    const half = askAfter(await call('POST /enrol', stranger, { token: link, password }));
    const options = await call('POST /factors/passkey/options', half);
    const response = authenticator.create(options.body, { origin: origin() });
    const added = await call('POST /factors/passkey', half, { response, name: 'Laptop' });
    assert.equal(added.status, 200, added.text);
    return { account, email: account.email, authenticator, ask: askAfter(added), response, half };
  }
  const begin = async (email: string): Promise<{ half: StaffAsk; options: Reply }> => {
    const begun = await signIn(email);
    assert.equal(begun.at('next'), 'passkey');
    const half = askAfter(begun);
    return { half, options: await call('POST /sign-in/passkey/options', half) };
  };

  test('is a factor that signs in', async () => {
    const { account, email, authenticator, ask } = await enrolWithPasskey();
    const { half, options } = await begin(email);
    assert.deepEqual(options.at('allowCredentials.0.id'), authenticator.credentialId);
    assert.equal(options.at('userVerification'), 'required');
    const response = authenticator.get(options.body, { origin: origin() });
    const opened = await call('POST /sign-in/passkey', half, { response });
    assert.equal(opened.status, 200, opened.text);
    assert.equal((await call('GET /session', askAfter(opened))).at('staff.id'), account.id);
    const factors = await call('GET /factors', ask);
    assert.deepEqual(
      [factors.at('hasTotp'), factors.at('passkeys.0.name'), factors.at('passkeys.1')],
      [false, 'Laptop', undefined],
    );
    assert.equal(factors.at('passkeys.0.usedAt'), new Date(roster.clock.now()).toISOString());
  });

  test('is taken once for each challenge, also at the same time', async () => {
    const { email, authenticator } = await enrolWithPasskey();
    const { half, options } = await begin(email);
    const response = authenticator.get(options.body, { origin: origin() });
    const give = (): Promise<Reply> => call('POST /sign-in/passkey', half, { response });
    const replies = await Promise.all([give(), give(), give()]);
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 401, 401]);
    const { half: second } = await begin(email);
    assert.equal((await call('POST /sign-in/passkey', second, { response })).status, 401);
  });

  test('is refused where its user was not verified, for another site, and of another account', async () => {
    const { email, authenticator } = await enrolWithPasskey();
    const other = await enrolWithPasskey();
    const lies: readonly ((options: unknown) => object)[] = [
      (options) => authenticator.get(options, { origin: origin(), isVerified: false }),
      (options) => authenticator.get(options, { origin: 'https://evil.example.com' }),
      (options) => authenticator.get({ ...Object(options), rpId: 'evil.example.com' }, { origin: origin() }),
      (options) =>
        authenticator.get({ ...Object(options), challenge: 'b3duIGNoYWxsZW5nZQ' }, { origin: origin() }),
      (options) => other.authenticator.get(options, { origin: origin() }),
      () => ({ id: 'x' }),
    ];
    for (const lie of lies) {
      roster.clock.advance(minuteMs);
      const { half, options } = await begin(email);
      const refused = await call('POST /sign-in/passkey', half, { response: lie(options.body) });
      assert.deepEqual([refused.status, refused.at('error.code')], [401, 'invalid_code'], String(lie));
      const right = authenticator.get(options.body, { origin: origin() });
      if (lie !== lies[3] && lie !== lies[5]) {
        const late = await call('POST /sign-in/passkey', half, { response: right });
        assert.notEqual(late.status, 200, 'its challenge is used up');
      }
    }
  });

  test('is made for a user who was verified, and for a challenge of this session', async () => {
    const { ask, response, half } = await enrolWithPasskey();
    assert.equal((await call('POST /factors/passkey', half, { response })).status, 401);
    const replayed = await call('POST /factors/passkey', ask, { response });
    assert.equal(replayed.status, 401);
    const fresh = await call('POST /factors/passkey/options', ask);
    const unverified = new Authenticator().create(fresh.body, { origin: origin(), isVerified: false });
    assert.equal((await call('POST /factors/passkey', ask, { response: unverified })).status, 401);
    const again = await call('POST /factors/passkey/options', ask);
    const second = new Authenticator().create(again.body, { origin: origin() });
    const added = await call('POST /factors/passkey', ask, { response: second });
    assert.deepEqual([added.status, added.body], [200, { recoveryCodes: null }]);
  });

  test('that is the last factor cannot be removed, and another one can', async () => {
    const { ask } = await enrolWithPasskey();
    const id = (await call('GET /factors', ask)).string('passkeys.0.id');
    assert.equal((await call('DELETE /factors/totp', ask)).status, 404);
    const kept = await call(`DELETE /factors/passkey/${id}`, ask);
    assert.deepEqual([kept.status, kept.at('error.code')], [409, 'wrong_state']);
    const secret = (await call('POST /factors/totp', ask)).string('secret');
    assert.equal((await call('POST /factors/totp/confirm', ask, { code: code(secret) })).status, 200);
    assert.equal((await call('DELETE /factors/totp', ask)).status, 204);
    const other = (await call('POST /factors/totp', ask)).string('secret');
    assert.equal((await call('POST /factors/totp/confirm', ask, { code: code(other) })).status, 200);
    assert.equal((await call(`DELETE /factors/passkey/${id}`, ask)).status, 204);
    assert.equal((await call('DELETE /factors/totp', ask)).status, 409);
    assert.equal((await call('GET /session', ask)).status, 200);
  });
});

describe('a fresh factor', () => {
  test('is needed five minutes after the last one, and is given by a code', async () => {
    const { secret, ask, account } = await enrolWithTotp();
    roster.clock.advance(5 * minuteMs);
    for (const line of [
      'POST /factors/recovery-codes',
      'POST /factors/totp',
      'POST /factors/passkey/options',
      'DELETE /factors/totp',
      'POST /staff/any/link',
      'DELETE /staff/any',
    ]) {
      const refused = await call(line, ask);
      assert.deepEqual([refused.status, refused.at('error.code')], [403, 'fresh_factor_required'], line);
    }
    assert.equal((await call('POST /fresh', ask, { totp: code(secret, 9) })).status, 401);
    assert.equal((await call('POST /fresh', ask, {})).status, 422);
    await ledger.mark();
    const given = await call('POST /fresh', ask, { totp: code(secret) });
    const until = new Date(roster.clock.now() + 5 * minuteMs).toISOString();
    assert.deepEqual([given.status, given.body], [200, { freshUntil: until }]);
    assert.equal(given.headers['set-cookie'], undefined);
    await ledger.expect({
      rows: { staff_accounts: '~1', staff_sessions: '~1' },
      audit: [{ action: 'staff.factor_given', actor_id: account.id }],
    });
    assert.equal((await call('GET /session', ask)).at('freshUntil'), until);
    const codes = await call('POST /factors/recovery-codes', ask);
    assert.equal(codes.status, 200);
    assert.equal((await call('POST /fresh', ask, { totp: code(secret) })).status, 401, 'it was used');
  });

  test('is given by a passkey', async () => {
    const { ask } = await enrolWithTotp();
    assert.equal((await call('POST /fresh/passkey/options', ask)).status, 404);
    const authenticator = new Authenticator();
    const made = await call('POST /factors/passkey/options', ask);
    const response = authenticator.create(made.body, { origin: origin() });
    assert.equal((await call('POST /factors/passkey', ask, { response })).status, 200);
    roster.clock.advance(6 * minuteMs);
    const options = await call('POST /fresh/passkey/options', ask);
    const passkey = authenticator.get(options.body, { origin: origin() });
    assert.equal((await call('POST /fresh', ask, { passkey })).status, 200);
    assert.notEqual((await call('GET /session', ask)).at('freshUntil'), null);
  });
});
