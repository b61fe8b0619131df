/** Sign-in to the console in two steps: what opens a session, what is taken once, and that strangers learn nothing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { operatorAt } from '../../../src/core/access/principal.ts';
import { issueStaffLink } from '../../../src/core/staff/manage-staff.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { askAfter } from '../../support/server/staff.ts';
import { testDoor } from '../../support/server/start.ts';
import { createCeremony, halfMinuteMs, minuteMs, password, stranger } from './ceremony.ts';

const roster = setUpRoster();
const ledger = setUpLedger(roster);
const { call, signIn, code, invite, enrolWithTotp } = createCeremony(roster);

describe('an enrolment', () => {
  test('leads from the link over a password and a code to a session, and gives ten recovery codes', async () => {
    const { account, link } = await invite();
    await ledger.mark();
    const enrolled = await call('POST /enrol', stranger, { token: link, password });
    assert.deepEqual(enrolled.body, {
      next: 'enrol',
      staff: { email: account.email, name: 'Jo Smith', role: 'owner' },
    });
    const half = askAfter(enrolled);
    assert.equal((await call('GET /session', half)).status, 401, 'the password alone opens nothing');
    const begun = await call('POST /factors/totp', half);
    const secret = begun.string('secret');
    assert.match(begun.string('address'), /^otpauth:\/\/totp\/.*secret=/);
    const wrong = await call('POST /factors/totp/confirm', half, { code: code(secret, 5) });
    assert.deepEqual([wrong.status, wrong.at('error.code')], [401, 'invalid_code']);
    const confirmed = await call('POST /factors/totp/confirm', half, { code: code(secret) });
    const { recoveryCodes } = Object(confirmed.body) as { recoveryCodes: string[] };
    assert.equal(new Set(recoveryCodes).size, 10);
    assert.equal((await call('GET /session', askAfter(confirmed))).status, 200);
    assert.equal((await call('POST /factors/totp', half)).status, 401, 'the former session has ended');
    await ledger.expect({
      rows: {
        staff_accounts: '~1',
        ...{ staff_links: '+1 -1', staff_sessions: '+1', staff_recovery_codes: '+10', staff_networks: '+1' },
      },
      audit: ['staff.enrolled', 'staff.factor_added', 'session.started'].map((action) => ({
        ...{ action, door: 'console', actor_kind: 'staff', actor_id: account.id, subject_id: account.id },
      })),
    });
  });

  test('stores neither the secret of the app nor the recovery codes in plain text', async () => {
    const { secret, recoveryCodes } = await enrolWithTotp();
    const rows = await Promise.all(
      (await roster.rows.tables()).map(async (table) => JSON.stringify(await roster.rows.all(table))),
    );
    for (const plain of [secret, ...recoveryCodes, password]) {
      assert.ok(!rows.some((text) => text.includes(plain)), plain);
    }
  });

  test('by a link that was used, is expired or was replaced is refused', async () => {
    const { account, link } = await invite();
    const principal = operatorAt(testDoor, roster.organization.key);
    const second = await issueStaffLink(roster.core, principal, { staffId: account.id });
    const use = (token: string): Promise<Reply> => call('POST /enrol', stranger, { token, password });
    assert.equal((await use(link)).status, 422, 'it was replaced');
    assert.equal((await use(second.link)).status, 200);
    const again = await use(second.link);
    assert.deepEqual([again.status, again.at('error.code')], [422, 'invalid_token']);
    const third = await issueStaffLink(roster.core, principal, { staffId: account.id });
    roster.clock.advance(7 * 24 * 60 * minuteMs);
    assert.equal((await use(third.link)).status, 422, 'it is expired');
  });

  test('by another link takes password, factors and sessions of before', async () => {
    const { account, email, secret, recoveryCodes, ask } = await enrolWithTotp();
    const principal = operatorAt(testDoor, roster.organization.key);
    const { link } = await issueStaffLink(roster.core, principal, { staffId: account.id });
    assert.equal((await call('GET /session', ask)).status, 200, 'a link that nobody uses changes nothing');
    const other = 'another-harbour-42';
    assert.equal((await call('POST /enrol', stranger, { token: link, password: other })).status, 200);
    assert.equal((await call('GET /session', ask)).status, 401);
    assert.equal((await signIn(email)).status, 401);
    const begun = await signIn(email, other);
    assert.deepEqual(begun.body, { next: 'enrol', factors: [] });
    for (const [path, typed] of [
      ['totp', code(secret)],
      ['recovery', recoveryCodes[0]],
    ]) {
      assert.equal((await call(`POST /sign-in/${path}`, askAfter(begun), { code: typed })).status, 401);
    }
  });

  test('refuses a weak password and keeps the link', async () => {
    const { account, link } = await invite();
    for (const weak of ['short', 'eleven-long', 'password1234', account.email]) {
      const refused = await call('POST /enrol', stranger, { token: link, password: weak });
      assert.deepEqual([refused.status, refused.at('error.code')], [422, 'invalid_fields'], weak);
      assert.ok(refused.at('error.fields.password.fault'));
      if (weak.length < 12) assert.equal(refused.at('error.fields.password.min'), 12);
    }
    assert.equal((await call('POST /enrol', stranger, { token: link, password })).status, 200);
  });
});

describe('a sign-in with a code', () => {
  test('opens a session for twelve hours, bound to a cookie that scripts cannot read', async () => {
    const { account, email, secret } = await enrolWithTotp();
    await ledger.mark();
    const begun = await signIn(` ${email.toUpperCase()} `.trim());
    assert.deepEqual(begun.body, { next: 'totp', factors: ['totp', 'recovery'] });
    const opened = await call('POST /sign-in/totp', askAfter(begun), { code: code(secret) });
    assert.equal(opened.status, 200);
    const [cookie = ''] = opened.headers['set-cookie'] ?? [];
    assert.match(cookie, /^roster-console=ss_[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    assert.notEqual(askAfter(opened).headers['cookie'], askAfter(begun).headers['cookie']);
    assert.equal((await call('GET /session', askAfter(opened))).at('staff.id'), account.id);
    assert.equal((await call('GET /session', askAfter(begun))).status, 401);
    await ledger.expect({
      rows: { staff_accounts: '~1', staff_sessions: '+1', staff_networks: '~1' },
      audit: [{ action: 'session.started', actor_id: account.id, subject_id: account.id }],
    });
  });

  test('takes each code once, also at the same time', async () => {
    const { email, secret } = await enrolWithTotp();
    const typed = code(secret);
    const begun = await Promise.all([signIn(email), signIn(email), signIn(email)]);
    const replies = await Promise.all(
      begun.map((each) => call('POST /sign-in/totp', askAfter(each), { code: typed })),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 401, 401]);
    const late = await call('POST /sign-in/totp', askAfter(await signIn(email)), { code: typed });
    assert.deepEqual([late.status, late.at('error.code')], [401, 'invalid_code']);
  });

  test('takes the code of the step before and of the step after, and none that is further away', async () => {
    const { email, secret } = await enrolWithTotp();
    for (const [steps, status] of [
      [-2, 401],
      [2, 401],
      [-1, 200],
      [1, 200],
    ] as const) {
      if (status === 200) roster.clock.advance(2 * halfMinuteMs);
      const begun = await signIn(email);
      const reply = await call('POST /sign-in/totp', askAfter(begun), { code: code(secret, steps) });
      assert.equal(reply.status, status, String(steps));
    }
  });

  test('takes each recovery code once, however it is typed, and no code of another account', async () => {
    const { email, recoveryCodes } = await enrolWithTotp();
    const other = await enrolWithTotp();
    const give = async (typed: unknown): Promise<number> =>
      (await call('POST /sign-in/recovery', askAfter(await signIn(email)), { code: typed })).status;
    const [first = '', second = ''] = recoveryCodes;
    assert.equal(await give(other.recoveryCodes[0]), 401);
    assert.equal(await give(first), 200);
    assert.equal(await give(first), 401);
    assert.equal(await give(second.replaceAll('-', ' ').toUpperCase()), 200);
    const left = await call('GET /factors', other.ask);
    assert.equal(left.number('recoveryCodesLeft'), 10);
  });

  test('refuses blank fields, and a factor that was not begun', async () => {
    const { email, ask } = await enrolWithTotp();
    const half = askAfter(await signIn(email));
    const refusals = [
      [await call('POST /sign-in', stranger, { email: '' }), ['email', 'password']],
      [await call('POST /sign-in', stranger, { email, password, organization: 7 }), ['organization']],
      [await call('POST /sign-in/totp', half, {}), ['code']],
      [await call('POST /sign-in/recovery', half, { code: 7 }), ['code']],
      [await call('POST /sign-in/passkey', half, {}), ['response']],
      [await call('POST /factors/totp/confirm', ask, {}), ['code']],
      [await call('POST /factors/passkey', ask, { name: '' }), ['name', 'response']],
      [await call('POST /enrol', stranger, {}), ['password', 'token']],
    ] as const;
    for (const [reply, fields] of refusals) {
      assert.equal(reply.status, 422, reply.text);
      assert.deepEqual(Object.keys(Object(reply.at('error.fields'))).sort(), fields);
    }
    const unbegun = await call('POST /factors/totp/confirm', ask, { code: '123456' });
    assert.deepEqual([unbegun.status, unbegun.at('error.code')], [409, 'wrong_state']);
    assert.equal((await call('POST /sign-in/passkey/options', half)).status, 404);
  });

  test('slows the guesses of a network down', async () => {
    const { email, secret } = await enrolWithTotp();
    const begun = await signIn(email);
    const give = (typed: string): Promise<Reply> =>
      call('POST /sign-in/totp', askAfter(begun), { code: typed });
    for (let tries = 0; tries < 5; tries++) assert.equal((await give(code(secret, 50 + tries))).status, 401);
    const slowed = await give(code(secret));
    assert.equal(slowed.status, 429);
    assert.ok(slowed.number('error.retryAfterSeconds') > 0);
    roster.clock.advance(2_000);
    assert.equal((await give(code(secret))).status, 200);
  });

  test('ends with its first step after fifteen minutes', async () => {
    const { email, secret } = await enrolWithTotp();
    const begun = await signIn(email);
    roster.clock.advance(15 * minuteMs);
    assert.equal((await call('POST /sign-in/totp', askAfter(begun), { code: code(secret) })).status, 401);
  });

  test('ends the oldest of more than ten sessions', async () => {
    const { email, secret, ask } = await enrolWithTotp();
    for (let times = 0; times < 10; times++) {
      const begun = await signIn(email);
      assert.equal((await call('POST /sign-in/totp', askAfter(begun), { code: code(secret) })).status, 200);
      roster.clock.advance(halfMinuteMs);
    }
    assert.equal((await call('GET /session', ask)).status, 401);
  });
});

describe('a stranger', () => {
  const told = ({ status, text }: Reply): unknown => [status, text];

  test('gets the same answer for a wrong password and for an address without an account', async () => {
    const { email } = await enrolWithTotp();
    const { account } = await invite();
    await ledger.mark();
    const wrong = await signIn(email, 'not-the-password-1');
    const unknown = await signIn('no-one@staff.example.com', 'not-the-password-1');
    const invited = await signIn(account.email, 'not-the-password-1');
    assert.equal(wrong.status, 401);
    assert.deepEqual(told(unknown), told(wrong));
    assert.deepEqual(told(invited), told(wrong));
    assert.equal(wrong.headers['set-cookie'], undefined);
    await ledger.expect({ rows: { login_failures: '+6' } });
  });

  test('waits alike after five wrong passwords', async () => {
    const { email } = await enrolWithTotp();
    const answers = new Map<string, unknown[]>();
    for (const address of [email, 'no-one-either@staff.example.com']) {
      const replies: unknown[] = [];
      for (let tries = 0; tries < 7; tries++) replies.push(told(await signIn(address, `wrong-${tries}`)));
      answers.set(address, replies);
    }
    const [ours, theirs] = [...answers.values()];
    assert.deepEqual(theirs, ours);
    assert.deepEqual(Object(ours?.at(-1))[0], 429);
  });

  test('does as much work for either: one hash', async () => {
    const { email } = await enrolWithTotp();
    let hashes = 0;
    const { hasher } = roster.core;
    const verify = hasher.verify.bind(hasher);
    hasher.verify = async (...given) => {
      hashes += 1;
      return verify(...given);
    };
    try {
      await signIn(email, 'not-the-password-2');
      assert.equal(hashes, 1);
      await signIn('no-one-at-all@staff.example.com', 'not-the-password-2');
      assert.equal(hashes, 2);
    } finally {
      hasher.verify = verify;
    }
  });

  test('who is staff elsewhere needs the id of the organization for the second account', async () => {
    const email = 'both@staff.example.com';
    const other = await roster.addOrganization();
    const first = await enrolWithTotp(roster.organization, email);
    const second = await enrolWithTotp(other, email);
    const open = async (secret: string, more: object): Promise<Reply> => {
      const begun = await signIn(email, password, more);
      const opened = await call('POST /sign-in/totp', askAfter(begun), { code: code(secret) });
      return call('GET /session', askAfter(opened));
    };
    const here = await open(first.secret, {});
    const there = await open(second.secret, { organization: other.id });
    assert.equal(here.at('organization.id'), roster.organization.id);
    assert.equal(there.at('organization.id'), other.id);
    assert.equal((await signIn(email, password, { organization: 'org_nowhere' })).status, 401);
  });
});
