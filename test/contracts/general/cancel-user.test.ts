import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { codeOf, notAllowed, signInStatus, signUp, tokenOf, userNotFound } from './sign-up.ts';

const path = '/general/v1/users';

describe('POST /v1/users/{id}/cancel', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const cancel = (id: number | string, session: string) =>
    roster.call(`POST ${path}/${id}/cancel`, { session });
  const restore = (number: number) =>
    roster.call(`PUT ${path}/${number}`, { session: admin.session, json: { user: { active: true } } });

  test('users cancel their own account: the data stays; all sessions, codes and links end', async () => {
    const { number, email, password, session } = await signUp(roster);
    assert.equal(await signInStatus(roster, email, password), 201);
    const code = await codeOf(roster, email);
    await roster.call(`POST ${path}/passwords`, { json: { email } });
    const token = await tokenOf(roster, email);
    await ledger.mark();
    roster.clock.advance(1_000);
    const reply = await cancel(number, session);
    assert.equal(reply.status, 200);
    assert.deepEqual([reply.number('id'), reply.at('active'), reply.at('email')], [number, false, email]);
    assert.ok(reply.string('updated_at') > reply.string('created_at'));
    await ledger.expect({
      audit: [{ action: 'user.cancelled', door: 'general', actor_kind: 'user' }],
      rows: { users: '~1', sessions: '-2', confirmation_codes: '-1', password_tokens: '-1' },
    });
    assert.equal((await roster.call(`GET ${path}/${number}`, { session })).status, 401);
    const wrong = await roster.call('POST /general/v1/sessions', { json: { email, password } });
    assert.deepEqual([wrong.status, wrong.body], [401, { errors: 'Invalid email or password' }]);
    const confirm = { user_id: number, confirmation_code: code };
    assert.equal((await roster.call(`POST ${path}/confirmation`, { json: confirm })).status, 401);
    assert.equal((await roster.call(`GET ${path}/passwords/validate?token=${token}`)).status, 422);
    // A cancelled account gets no link, and its address stays taken.
    await ledger.mark();
    await roster.call(`POST ${path}/passwords`, { json: { email } });
    await ledger.expect({});
    const taken = await roster.call(`POST ${path}/email_has_account`, { json: { email } });
    assert.equal(taken.at('has_account'), true);
  });

  test('a second time changes nothing', async () => {
    const { number } = await signUp(roster);
    const first = await cancel(number, admin.session);
    await ledger.mark();
    roster.clock.advance(1_000);
    const second = await cancel(number, admin.session);
    assert.deepEqual([second.status, second.text], [200, first.text]);
    await ledger.expect({});
  });

  test('an admin restores a user with the former status', async () => {
    const pending = await signUp(roster);
    const active = await signUp(roster);
    const code = await codeOf(roster, active.email);
    const confirm = { user_id: active.number, confirmation_code: code };
    assert.equal((await roster.call(`POST ${path}/confirmation`, { json: confirm })).status, 200);
    for (const { number } of [pending, active]) await cancel(number, admin.session);
    await ledger.mark();
    for (const { number, email, password } of [pending, active]) {
      const reply = await restore(number);
      assert.deepEqual([reply.status, reply.at('active')], [200, true]);
      await ledger.expect({ audit: [{ action: 'user.restored' }], rows: { users: '~1' } });
      assert.equal(await signInStatus(roster, email, password), 201);
      await ledger.mark();
    }
    const status = async (number: number) =>
      (await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number })))?.status;
    assert.deepEqual([await status(pending.number), await status(active.number)], ['pending', 'active']);
  });

  test('a caller who is neither owner nor admin gets not found', async () => {
    const person = await addPerson(roster);
    const clinician = await addPerson(roster, { isClinical: true, isClinicalApproved: true });
    const stranger = await addPerson(roster);
    await ledger.mark();
    for (const { session } of [stranger, clinician]) {
      for (const id of [person.number, admin.number, 1, 'abc']) {
        const reply = await cancel(id, session);
        assert.deepEqual([reply.status, reply.body], [404, userNotFound]);
      }
    }
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    await ledger.mark();
    for (const id of [foreign.number, 1, 'abc', '0']) {
      assert.equal((await cancel(id, admin.session)).status, 404);
    }
    const nobody = await roster.call(`POST ${path}/${person.number}/cancel`);
    assert.deepEqual([nobody.status, nobody.body], [401, notAllowed]);
    await ledger.expect({});
  });

  test('the last active admin cannot be cancelled', async () => {
    const tenant = await roster.addOrganization();
    const last = await roster.addAdmin(tenant);
    await ledger.mark();
    for (const line of [`POST ${path}/${last.number}/cancel`]) {
      const reply = await roster.call(line, { session: last.session });
      assert.deepEqual([reply.status, reply.body], [422, { errors: { user: ['is the last admin'] } }]);
    }
    for (const user of [{ role: 'parent' }, { active: false }, { role: 'member', active: false }]) {
      const ask = { session: last.session, json: { user } };
      const reply = await roster.call(`PUT ${path}/${last.number}`, ask);
      assert.deepEqual([reply.status, reply.body], [422, { errors: { user: ['is the last admin'] } }]);
    }
    await ledger.expect({});
  });
});
