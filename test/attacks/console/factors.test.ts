/** Attacks on the second factor of the console: with a password alone, with sessions of before, in races, from another organization. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { operatorAt } from '../../../src/core/access/principal.ts';
import { changeStaffRole, issueStaffLink, removeStaff } from '../../../src/core/staff/manage-staff.ts';
import { createCeremony, password, stranger } from '../../contracts/console/ceremony.ts';
import { Authenticator } from '../../support/server/authenticator.ts';
import { setUpRoster } from '../../support/server/set-up.ts';
import { askAfter } from '../../support/server/staff.ts';
import { testDoor } from '../../support/server/start.ts';

const roster = setUpRoster();
const { call, signIn, code, invite, enrolWithTotp, origin } = createCeremony(roster);
const operator = () => operatorAt(testDoor, roster.organization.key);

describe('who knows the password alone', () => {
  test('sets up no factor of their own beside that of the person', async () => {
    const { account, link } = await invite();
    const enrolled = askAfter(await call('POST /enrol', stranger, { token: link, password }));
    // The thief signs in before the person has a factor.
    const thief = askAfter(await signIn(account.email));
    const theirs = (await call('POST /factors/totp', thief)).string('secret');
    const secret = (await call('POST /factors/totp', enrolled)).string('secret');
    const confirmed = await call('POST /factors/totp/confirm', enrolled, { code: code(secret) });
    assert.equal(confirmed.status, 200);
    const taken = await call('POST /factors/totp/confirm', thief, { code: code(theirs) });
    assert.equal(taken.status, 401, taken.text);
    assert.equal((await call('POST /factors/totp', thief)).status, 401);
    assert.equal((await call('POST /factors/passkey/options', thief)).status, 401);
    assert.equal((await call('GET /session', askAfter(confirmed))).status, 200);
    assert.equal((await call('GET /factors', askAfter(confirmed))).number('recoveryCodesLeft'), 10);
  });

  test('is in no session after one of two set-ups at the same time', async () => {
    const { account, link } = await invite();
    const enrolled = askAfter(await call('POST /enrol', stranger, { token: link, password }));
    const other = askAfter(await signIn(account.email));
    const secrets: string[] = [];
    for (const ask of [enrolled, other])
      secrets.push((await call('POST /factors/totp', ask)).string('secret'));
    const replies = await Promise.all(
      [enrolled, other].map((ask, at) =>
        call('POST /factors/totp/confirm', ask, { code: code(secrets[at] ?? '') }),
      ),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 401]);
  });
});

describe('a one-time link', () => {
  test('is used once, also at the same time', async () => {
    const { link } = await invite();
    const use = () => call('POST /enrol', stranger, { token: link, password });
    const replies = await Promise.all([use(), use(), use()]);
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 422, 422]);
  });

  test('of a removed account opens nothing, and its role is that of the moment', async () => {
    const removed = await invite();
    await removeStaff(roster.core, operator(), { staffId: removed.account.id });
    const late = await call('POST /enrol', stranger, { token: removed.link, password });
    assert.equal(late.status, 422);
    const lowered = await invite();
    await invite();
    await changeStaffRole(roster.core, operator(), { staffId: lowered.account.id, role: 'engineer' });
    const enrolled = await call('POST /enrol', stranger, { token: lowered.link, password });
    assert.equal(enrolled.at('staff.role'), 'engineer');
  });
});

describe('an account whose set-up was left half done', () => {
  const dayMs = 86_400_000;
  const halfDone = async () => {
    const { account, link } = await invite();
    const session = askAfter(await call('POST /enrol', stranger, { token: link, password }));
    return { account, session };
  };

  test('ends with the life of its link, and is made anew with another one', async () => {
    const { account } = await halfDone();
    roster.clock.advance(7 * dayMs - 60_000);
    const inTime = await signIn(account.email);
    assert.equal(inTime.at('next'), 'enrol');
    const late = askAfter(inTime);
    const secret = (await call('POST /factors/totp', late)).string('secret');
    roster.clock.advance(60_000);
    const refused = await signIn(account.email);
    assert.deepEqual([refused.status, refused.at('error.code')], [422, 'invalid_token']);
    assert.equal(refused.headers['set-cookie'], undefined);
    const confirmed = await call('POST /factors/totp/confirm', late, { code: code(secret) });
    assert.equal(confirmed.status, 401, confirmed.text);
    const wrong = await signIn(account.email, 'not-the-password-1');
    assert.deepEqual([wrong.status, wrong.at('error.code')], [401, 'invalid_credentials']);
    const { link } = await issueStaffLink(roster.core, operator(), { staffId: account.id });
    assert.equal((await call('POST /enrol', stranger, { token: link, password })).status, 200);
    assert.equal((await signIn(account.email)).at('next'), 'enrol');
  });

  test('ends when another link is made, also for who has its session', async () => {
    const { account, session } = await halfDone();
    const secret = (await call('POST /factors/totp', session)).string('secret');
    await issueStaffLink(roster.core, operator(), { staffId: account.id });
    const confirmed = await call('POST /factors/totp/confirm', session, { code: code(secret) });
    assert.equal(confirmed.status, 401, confirmed.text);
    assert.equal((await signIn(account.email)).status, 422);
  });

  test('is no account that has a factor: this one signs in for good', async () => {
    const { email, secret } = await enrolWithTotp();
    roster.clock.advance(8 * dayMs);
    const begun = await signIn(email);
    const opened = await call('POST /sign-in/totp', askAfter(begun), { code: code(secret) });
    assert.equal(opened.status, 200, opened.text);
  });
});

describe('a session', () => {
  test('of any step ends with its account, and its role counts at once', async () => {
    await invite();
    const { account, email, secret, ask } = await enrolWithTotp();
    const half = askAfter(await signIn(email));
    assert.equal((await call('GET /staff', ask)).status, 200);
    await changeStaffRole(roster.core, operator(), { staffId: account.id, role: 'support' });
    assert.equal((await call('GET /staff', ask)).status, 403);
    await removeStaff(roster.core, operator(), { staffId: account.id });
    assert.equal((await call('GET /session', ask)).status, 401);
    assert.equal((await call('POST /sign-in/totp', half, { code: code(secret) })).status, 401);
  });

  test('of the first step reaches no other call', async () => {
    const { email } = await enrolWithTotp();
    const half = askAfter(await signIn(email));
    for (const line of [
      ...['GET /session', 'GET /sessions', 'GET /people', 'GET /factors', 'DELETE /session', 'GET /staff'],
      ...['POST /factors/totp', 'POST /factors/passkey/options', 'POST /fresh/passkey/options'],
      ...['POST /factors/recovery-codes', 'DELETE /factors/totp'],
    ]) {
      assert.equal((await call(line, half)).status, 401, line);
    }
    assert.equal((await call('POST /fresh', half, { totp: '123456' })).status, 401);
    assert.equal((await call('POST /factors/totp/confirm', half, { code: '123456' })).status, 401);
  });

  test('is not made fresh by the factor of another one', async () => {
    const { email, secret, ask } = await enrolWithTotp();
    const begun = askAfter(await signIn(email));
    roster.clock.advance(6 * 60_000);
    assert.equal((await call('POST /factors/totp', ask)).status, 403);
    assert.equal((await call('POST /sign-in/totp', begun, { code: code(secret) })).status, 200);
    assert.equal(
      (await call('POST /factors/totp', ask)).status,
      403,
      'another session was opened by the code',
    );
  });

  test('takes a recovery code of several at the same time once', async () => {
    const { email, recoveryCodes } = await enrolWithTotp();
    const begun = [await signIn(email), await signIn(email), await signIn(email)];
    const replies = await Promise.all(
      begun.map((each) => call('POST /sign-in/recovery', askAfter(each), { code: recoveryCodes[0] })),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 401, 401]);
  });

  test('that is open adds no factor after a link was used', async () => {
    const { account, ask } = await enrolWithTotp();
    const secret = (await call('POST /factors/totp', ask)).string('secret');
    const { link } = await issueStaffLink(roster.core, operator(), { staffId: account.id });
    assert.equal((await call('POST /enrol', stranger, { token: link, password })).status, 200);
    assert.equal((await call('POST /factors/totp/confirm', ask, { code: code(secret) })).status, 401);
  });
});

describe('a link that is used while a passkey is checked', () => {
  test('leaves no passkey of the former session', async () => {
    const { account, email, ask } = await enrolWithTotp();
    const { link } = await issueStaffLink(roster.core, operator(), { staffId: account.id });
    const options = await call('POST /factors/passkey/options', ask);
    const response = new Authenticator().create(options.body, { origin: origin() });
    const { passkeys } = roster.core.staffFactors;
    const readCreation = passkeys.readCreation.bind(passkeys);
    passkeys.readCreation = async (...given) => {
      assert.equal((await call('POST /enrol', stranger, { token: link, password })).status, 200);
      return readCreation(...given);
    };
    const added = await call('POST /factors/passkey', ask, { response }).finally(() => {
      passkeys.readCreation = readCreation;
    });
    assert.equal(added.status, 401, added.text);
    assert.deepEqual((await signIn(email)).at('factors'), []);
  });
});

describe('an owner of another organization', () => {
  test('clears no wrong passwords of an address by an own account of the address', async () => {
    const email = 'aim@staff.example.com';
    await enrolWithTotp(roster.organization, email);
    const other = await roster.addOrganization();
    const mine = await invite(other, email);
    const own = 'my-own-harbour-77';
    assert.equal((await call('POST /enrol', stranger, { token: mine.link, password: own })).status, 200);
    const statuses: number[] = [];
    for (let tries = 0; tries < 12; tries++) {
      const { status } = await signIn(email, `wrong-guess-${tries}`, {
        organization: roster.organization.id,
      });
      statuses.push(status);
      await signIn(email, own, { organization: other.id });
    }
    assert.ok(statuses.includes(429), statuses.join(' '));
  });
});
