import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { confirm, notAllowed, signUp, userNotFound } from './sign-up.ts';

const path = '/general/v1/users';

describe('POST /v1/users/{id}/approve_clinical', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const approve = (id: number | string, session?: string) =>
    roster.call(`POST ${path}/${id}/approve_clinical`, { session });

  test('an admin approves a user, with or without a wish; a second time changes nothing', async () => {
    for (const clinical of [true, false]) {
      const { number, email, reply: made } = await signUp(roster, {}, { beside: { clinical } });
      await confirm(roster, number, email);
      await ledger.mark();
      roster.clock.advance(1_000);
      const reply = await approve(number, admin.session);
      const updated_at = new Date(roster.clock.now()).toISOString();
      assert.equal(reply.status, 200);
      assert.deepEqual(reply.body, { ...Object(made.body), clinical: true, confirmed: true, updated_at });
      await ledger.expect({
        audit: [{ action: 'user.clinical_approved', door: 'general', actor_id: bareId(admin.userId) }],
        rows: { users: '~1' },
      });
      roster.clock.advance(1_000);
      assert.deepEqual((await approve(number, admin.session)).body, reply.body);
      await ledger.expect({});
    }
  });

  test('a user whose email was never proved is refused: 422', async () => {
    const { number } = await signUp(roster);
    await ledger.mark();
    const reply = await approve(number, admin.session);
    assert.deepEqual([reply.status, reply.body], [422, { errors: { email: ['is not verified'] } }]);
    await ledger.expect({});
  });

  test('an unknown user is 404, and so is one of another organization', async () => {
    const other = await roster.addOrganization();
    const foreign = await addPerson(roster, {}, other);
    await ledger.mark();
    for (const id of [1, 'abc', '0', foreign.number]) {
      const reply = await approve(id, admin.session);
      assert.deepEqual([reply.status, reply.body], [404, userNotFound]);
    }
    await ledger.expect({});
  });

  test('others are refused with 403 for every id, and 401 without a session', async () => {
    const { number, session } = await signUp(roster);
    const clinician = await addPerson(roster, { isClinical: true, isClinicalApproved: true });
    await ledger.mark();
    for (const caller of [session, clinician.session]) {
      for (const id of [number, 1, 'abc']) {
        const reply = await approve(id, caller);
        assert.deepEqual([reply.status, reply.body], [403, notAllowed]);
      }
    }
    assert.equal((await approve(number)).status, 401);
    await ledger.expect({});
  });
});
