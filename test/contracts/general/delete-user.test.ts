import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { notAllowed, signInStatus, signUp, userNotFound } from './sign-up.ts';

const path = '/general/v1/users';

describe('DELETE /v1/users/{id}', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const remove = (id: number | string, session = admin.session) =>
    roster.call(`DELETE ${path}/${id}`, { session });

  test('an admin deletes a user and all their data', async () => {
    const { number, email, password, session } = await signUp(roster, { phone: '+1-555-123-4567' });
    await signInStatus(roster, email, 'not the password');
    await roster.call(`POST ${path}/passwords`, { json: { email } });
    await ledger.mark();
    const reply = await remove(number);
    assert.deepEqual([reply.status, reply.text], [204, '']);
    await ledger.expect({
      audit: [
        {
          action: 'user.deleted',
          door: 'general',
          actor_kind: 'user',
          actor_id: bareId(admin.userId),
        },
      ],
      rows: {
        users: '-1',
        sessions: '-1',
        confirmation_codes: '-1',
        email_tokens: '-1',
        password_tokens: '-1',
        login_failures: '-2',
        known_networks: '-1',
        messages: '-3',
        erasures: '+1',
      },
    });
    assert.equal((await remove(number)).status, 404);
    assert.equal((await roster.call(`GET ${path}/${number}`, { session: admin.session })).status, 404);
    assert.equal((await roster.call(`GET ${path}/${number}`, { session })).status, 401);
    assert.equal(await signInStatus(roster, email, password), 401);
    // The address is free again.
    assert.equal((await signUp(roster, { email })).reply.status, 201);
  });

  test('other users may not delete, not even themselves, and the answer does not tell whether the user exists', async () => {
    const person = await addPerson(roster);
    const clinician = await addPerson(roster, { isClinical: true, isClinicalApproved: true });
    const member = await addPerson(roster, { role: 'member' });
    await ledger.mark();
    for (const { session } of [person, clinician, member]) {
      for (const id of [person.number, admin.number, 1, 'abc']) {
        const reply = await remove(id, session);
        assert.deepEqual([reply.status, reply.body], [403, notAllowed]);
      }
    }
    const stranger = await roster.call(`DELETE ${path}/${person.number}`);
    assert.deepEqual([stranger.status, stranger.body], [401, notAllowed]);
    await ledger.expect({});
  });

  test('a foreign, wrong or unknown id is not found', async () => {
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    await ledger.mark();
    for (const id of [foreign.number, 1, 'abc', '0']) {
      const reply = await remove(id);
      assert.deepEqual([reply.status, reply.body], [404, userNotFound]);
    }
    await ledger.expect({});
  });

  test('the last active admin cannot be deleted', async () => {
    const tenant = await roster.addOrganization();
    const first = await roster.addAdmin(tenant);
    await addPerson(roster, { role: 'admin', status: 'inactive' }, tenant);
    await ledger.mark();
    const refused = await remove(first.number, first.session);
    assert.deepEqual([refused.status, refused.body], [422, { errors: { user: ['is the last admin'] } }]);
    await ledger.expect({});
    const second = await roster.addAdmin(tenant);
    assert.equal((await remove(first.number, second.session)).status, 204);
    assert.equal((await remove(second.number, second.session)).status, 422);
  });
});
