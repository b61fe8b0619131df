import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { minuteMs } from '../../../src/core/time.ts';
import type { Ask, Reply } from '../../support/server/http.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { startRoster } from '../../support/server/start.ts';
import { appNotFound, codeOf, signUp, wrongCode } from './sign-up.ts';

const path = '/general/v1/users';
const invalidCode = { errors: 'Invalid Code' };

describe('POST /v1/users/confirmation', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const confirm = (user_id: unknown, confirmation_code: unknown, ask: Ask = {}): Promise<Reply> =>
    roster.call(`POST ${path}/confirmation`, { json: { user_id, confirmation_code }, ...ask });

  test('the code makes a pending user confirmed and active', async () => {
    const { number, email, session } = await signUp(roster);
    const code = await codeOf(roster, email);
    await ledger.mark();
    roster.clock.advance(1_000);
    const reply = await confirm(number, code);
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.body, { verified: true, user: { id: number, email, confirmed: true } });
    await ledger.expect({
      audit: [{ action: 'user.confirmed', door: 'general', actor_kind: 'public', actor_id: null }],
      rows: { users: '~1', confirmation_codes: '-1' },
    });
    const own = await roster.call(`GET ${path}/${number}`, { session });
    assert.equal(own.at('confirmed'), true);
    assert.equal(own.string('updated_at'), new Date(roster.clock.now()).toISOString());
    const status = (await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number })))
      ?.status;
    assert.equal(status, 'active');
  });

  test('the id may be a text, and blanks around the code are ignored', async () => {
    const { number, email } = await signUp(roster);
    const code = await codeOf(roster, email);
    assert.equal((await confirm(String(number), ` ${code} `)).status, 200);
  });

  test('id and code may be inside `user`', async () => {
    const { number, email } = await signUp(roster);
    const user = { user_id: number, confirmation_code: await codeOf(roster, email) };
    assert.equal((await roster.call(`POST ${path}/confirmation`, { json: { user } })).status, 200);
  });

  test('a spent code is refused', async () => {
    const { number, email } = await signUp(roster);
    const code = await codeOf(roster, email);
    await confirm(number, code);
    await ledger.mark();
    const reply = await confirm(number, code);
    assert.deepEqual([reply.status, reply.body], [401, invalidCode]);
    await ledger.expect({});
  });

  test('a code is valid for ten minutes', async () => {
    const early = await signUp(roster);
    const late = await signUp(roster);
    const codes = [await codeOf(roster, early.email), await codeOf(roster, late.email)];
    roster.clock.advance(10 * minuteMs - 1);
    assert.equal((await confirm(early.number, codes[0])).status, 200);
    roster.clock.advance(1);
    assert.equal((await confirm(late.number, codes[1])).status, 401);
  });

  test('five wrong tries void the code, four do not', async () => {
    const four = await signUp(roster);
    const five = await signUp(roster);
    for (const [{ number, email }, tries, status] of [
      [four, 4, 200],
      [five, 5, 401],
    ] as const) {
      const code = await codeOf(roster, email);
      for (let each = 0; each < tries; each += 1) {
        await ledger.mark();
        const wrong = await confirm(number, each === 0 ? 'abc' : wrongCode(code));
        assert.deepEqual([wrong.status, wrong.body], [401, invalidCode]);
        await ledger.expect({ rows: { confirmation_codes: '~1' } });
      }
      assert.equal((await confirm(number, code)).status, status);
    }
    // A void code stays void: only a new code helps.
    roster.clock.advance(minuteMs);
    await roster.call(`POST ${path}/resend_confirmation`, { session: five.session });
    assert.equal((await confirm(five.number, await codeOf(roster, five.email))).status, 200);
  });

  test("another user's code, an unknown user and a cancelled user get the same answer", async () => {
    const one = await signUp(roster);
    const other = await signUp(roster);
    const gone = await signUp(roster);
    const goneCode = await codeOf(roster, gone.email);
    // Written directly, because the operation would drop the code as well.
    await roster.core.work.change(roster.organization.key, async (tx) => {
      const user = await tx.users.lock({ number: gone.number });
      assert.ok(user);
      await tx.users.update(user, { status: 'inactive' });
    });
    await ledger.mark();
    const code = await codeOf(roster, other.email);
    for (const [number, each] of [
      [gone.number, goneCode],
      [1, code],
      [0, code],
      [-1, code],
      ['-1', code],
      [2 ** 60, code],
      ['99999999999999999999', code],
    ] as const) {
      const reply = await confirm(number, each);
      assert.deepEqual([reply.status, reply.body], [401, invalidCode], String(number));
    }
    await ledger.expect({});
    assert.equal((await confirm(one.number, code)).status, 401);
    assert.equal((await confirm(other.number, code)).status, 200);
  });

  test('all missing and invalid fields are reported together', async () => {
    for (const json of [{}, { user_id: null, confirmation_code: '' }]) {
      const reply = await roster.call(`POST ${path}/confirmation`, { json });
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, {
        errors: { user_id: ["can't be blank"], confirmation_code: ["can't be blank"] },
      });
    }
    for (const number of ['abc', 1.5, {}, [1], true]) {
      const reply = await confirm(number, 123_456);
      assert.deepEqual(reply.body, {
        errors: { user_id: ['is invalid'], confirmation_code: ['is invalid'] },
      });
    }
    await ledger.expect({});
  });

  test('a user is found only in the organization of the app or the session', async () => {
    const tenant = await roster.addOrganization();
    const headers = { 'X-App-Id': tenant.app.appId };
    const { number, email } = await signUp(roster, {}, { ask: { headers } });
    const here = await signUp(roster);
    const code = await codeOf(roster, email);
    await ledger.mark();
    assert.equal((await confirm(number, code)).status, 401);
    assert.equal((await confirm(number, code, { headers, session: here.session })).status, 401);
    const unknown = await confirm(number, code, { headers: { 'X-App-Id': 'f'.repeat(40) } });
    assert.deepEqual([unknown.status, unknown.body], [404, appNotFound]);
    await ledger.expect({});
    assert.equal((await confirm(number, code, { headers })).status, 200);
  });

  test('tries beyond the limit of the network are 429 and are not counted', async () => {
    const limited = await startRoster({ env: { ROSTER_LIMIT_CONFIRMATION: '3' } });
    try {
      const { number, email } = await signUp(limited);
      const code = await codeOf(limited, email);
      const attempt = (each: string): Promise<Reply> =>
        limited.call(`POST ${path}/confirmation`, { json: { user_id: number, confirmation_code: each } });
      for (const status of [401, 401, 401, 429, 429, 429]) {
        assert.equal((await attempt(wrongCode(code))).status, status);
      }
      limited.clock.advance(minuteMs);
      assert.equal((await attempt(code)).status, 200);
    } finally {
      await limited.close();
    }
  });
});
