import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { minuteMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import type { Ask, Reply } from '../../support/server/http.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { appNotFound, signUp } from './sign-up.ts';

const path = '/general/v1/users';

describe('POST /v1/users/passwords', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const ask = (json: unknown, more: Ask = {}): Promise<Reply> =>
    roster.call(`POST ${path}/passwords`, { json, ...more });

  test('an account gets an email with a link and a token', async () => {
    const { email } = await signUp(roster);
    for (const json of [{ email: ` ${email.toUpperCase()} ` }, { user: { email } }]) {
      roster.clock.advance(minuteMs);
      await ledger.mark();
      const reply = await ask(json);
      assert.deepEqual([reply.status, reply.body], [200, { sent: true }]);
      await ledger.expect({
        audit: [{ action: 'password.reset_requested', door: 'general', actor_kind: 'public' }],
        messages: [{ template: 'password_reset', channel: 'email', to: email }],
        rows: { password_tokens: '+1' },
      });
      const { token = '', body } = await roster.lastMessage(email);
      assert.ok(body.includes(`/set-password?token=${token}`));
    }
  });

  test('the link is never built from the host of the request', async () => {
    const { email } = await signUp(roster);
    await ask({ email }, { headers: { 'x-forwarded-host': 'evil.example' }, host: 'general.evil.example' });
    assert.equal((await roster.lastMessage(email)).body.includes('evil.example'), false);
  });

  test('every request gets the same answer, and one without an account writes nothing', async () => {
    const { email } = await signUp(roster);
    const known = await ask({ email });
    await roster.settle();
    await ledger.mark();
    const unknown = await ask({ email: 'stranger@example.com' });
    assert.deepEqual([unknown.status, unknown.text], [known.status, known.text]);
    await ledger.expect({});
  });

  test('one link a minute and five an hour are mailed, silently', async () => {
    const { email } = await signUp(roster);
    const mailed = async (): Promise<number> =>
      (await roster.outbox(email)).filter(({ template }) => template === 'password_reset').length;
    for (const [passMs, count] of [
      [0, 1],
      [0, 1],
      [minuteMs - 1, 1],
      [1, 2],
      [minuteMs, 3],
      [minuteMs, 4],
      [minuteMs, 5],
      [minuteMs, 5],
      [55 * minuteMs - 1, 5],
      [1, 6],
    ] as const) {
      roster.clock.advance(passMs);
      assert.deepEqual((await ask({ email })).body, { sent: true });
      assert.equal(await mailed(), count);
    }
  });

  test('a user without a password may set one, a cancelled user may not', async () => {
    await addPerson(roster, { email: 'bare@example.com' });
    const { number, email, session } = await signUp(roster);
    await roster.call(`POST ${path}/${number}/cancel`, { session });
    await ledger.mark();
    await ask({ email: 'bare@example.com' });
    await ask({ email });
    await ledger.expect({
      audit: [{ action: 'password.reset_requested' }],
      messages: [{ template: 'password_reset', to: 'bare@example.com' }],
      rows: { password_tokens: '+1' },
    });
  });

  test('a missing or invalid email is reported', async () => {
    for (const [json, text] of [
      [{}, "can't be blank"],
      [{ user: {} }, "can't be blank"],
      [{ email: '' }, "can't be blank"],
      [{ email: 'jane@' }, 'is invalid'],
      [{ email: 5 }, 'is invalid'],
    ] as const) {
      const reply = await ask(json);
      assert.deepEqual([reply.status, reply.body], [422, { errors: { email: [text] } }]);
    }
    assert.deepEqual((await ask({ user: 5 })).body, { errors: { user: ['is invalid'] } });
    await ledger.expect({});
  });

  test('an account of another organization gets a link only through its own apps', async () => {
    const tenant = await roster.addOrganization();
    await addPerson(roster, { email: 'far@example.com' }, tenant);
    await ledger.mark();
    assert.equal((await ask({ email: 'far@example.com' })).status, 200);
    const headers = { 'X-App-Id': 'f'.repeat(40) };
    const unknown = await ask({ email: 'far@example.com' }, { headers });
    assert.deepEqual([unknown.status, unknown.body], [404, appNotFound]);
    await ledger.expect({});
    await ask({ email: 'far@example.com' }, { headers: { 'X-App-Id': tenant.app.appId } });
    assert.equal((await roster.outbox('far@example.com')).length, 1);
  });
});
