import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { minuteMs, secondMs } from '../../../src/core/time.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { codeOf, notAllowed, signUp } from './sign-up.ts';

const path = '/general/v1/users';

describe('POST /v1/users/resend_confirmation', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);

  const resend = (session: string): Promise<Reply> =>
    roster.call(`POST ${path}/resend_confirmation`, { session });
  const confirm = (user_id: number, confirmation_code: string): Promise<Reply> =>
    roster.call(`POST ${path}/confirmation`, { json: { user_id, confirmation_code } });

  test('sends a new code and voids the old one', async () => {
    const { number, session } = await signUp(roster, { phone: '+1-555-300-0001' });
    const old = await codeOf(roster, '+15553000001');
    roster.clock.advance(minuteMs);
    await ledger.mark();
    const headers = { 'content-type': 'application/json' };
    const reply = await roster.call(`POST ${path}/resend_confirmation`, { session, headers });
    assert.deepEqual([reply.status, reply.body], [200, { sent: true }]);
    await ledger.expect({
      audit: [{ action: 'user.code_sent', door: 'general', actor_kind: 'user' }],
      messages: [{ template: 'confirmation', channel: 'sms', to: '+15553000001' }],
      rows: { confirmation_codes: '~1', sessions: '~1' },
    });
    const code = await codeOf(roster, '+15553000001');
    // One in a million runs draws the same code twice.
    if (code !== old) assert.equal((await confirm(number, old)).status, 401);
    assert.equal((await confirm(number, code)).status, 200);
  });

  test('at most once a minute, sign-up included', async () => {
    const { session } = await signUp(roster);
    await ledger.mark();
    await roster.core.work.changeSystem('job', (tx) => tx.housekeeping.sweep(roster.clock.now(), 1_000));
    const early = await resend(session);
    assert.equal(early.status, 429);
    assert.equal(early.header('retry-after'), '60');
    roster.clock.advance(minuteMs - 1);
    const almost = await resend(session);
    assert.deepEqual([almost.status, almost.header('retry-after')], [429, '1']);
    await ledger.expect({});
    roster.clock.advance(1);
    assert.equal((await resend(session)).status, 200);
  });

  test('at most five times an hour, sign-up and new phone numbers included', async () => {
    const { number, session } = await signUp(roster);
    const json = { user: { phone: '+1-555-300-0002' } };
    assert.equal((await roster.call(`PUT ${path}/${number}`, { session, json })).status, 200);
    assert.equal((await resend(session)).status, 429);
    for (let each = 0; each < 3; each += 1) {
      roster.clock.advance(minuteMs);
      assert.equal((await resend(session)).status, 200);
    }
    roster.clock.advance(minuteMs);
    const sixth = await resend(session);
    assert.equal(sixth.status, 429);
    assert.equal(sixth.header('retry-after'), String(56 * 60));
    roster.clock.advance(56 * minuteMs - secondMs);
    assert.equal((await resend(session)).status, 429);
    roster.clock.advance(secondMs);
    assert.equal((await resend(session)).status, 200);
  });

  test('a confirmed user is refused', async () => {
    const { number, email, session } = await signUp(roster);
    await confirm(number, await codeOf(roster, email));
    await ledger.mark();
    const reply = await resend(session);
    assert.deepEqual([reply.status, reply.body], [422, { errors: { user: ['is already confirmed'] } }]);
    await ledger.expect({});
  });

  test('a request without a session is 401', async () => {
    await ledger.mark();
    for (const ask of [{}, { session: 'nonsense' }]) {
      const reply = await roster.call(`POST ${path}/resend_confirmation`, ask);
      assert.deepEqual([reply.status, reply.body], [401, notAllowed]);
    }
    await ledger.expect({});
  });
});
