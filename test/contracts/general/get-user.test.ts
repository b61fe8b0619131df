import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import { openLedger } from '../../support/server/ledger.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import { notAllowed, userNotFound } from './sign-up.ts';

const path = '/general/v1/users';

describe('GET /v1/users/{id}', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const person = setUp(() => addPerson(roster, { firstName: 'Ada', email: 'ada@example.com' }));

  const get = (id: number | string, session: string) => roster.call(`GET ${path}/${id}`, { session });

  test('users see themselves; admins and approved clinicians see all users of their organization', async () => {
    const ledger = await openLedger(roster);
    const clinician = await addPerson(roster, { isClinical: true, isClinicalApproved: true });
    await ledger.mark();
    for (const { session } of [person, admin, clinician]) {
      const reply = await get(person.number, session);
      assert.deepEqual([reply.status, reply.at('first_name')], [200, 'Ada']);
    }
    // The person's own read is no event.
    await ledger.expect({
      audit: [
        { action: 'user.read', actor_id: bareId(admin.userId), subject_id: bareId(person.userId), users: 1 },
        { action: 'user.read', actor_id: bareId(clinician.userId), subject_id: bareId(person.userId) },
      ],
    });
  });

  test('a user made through another contract shows null for unknown fields', async () => {
    const { admin: bearer } = roster.organization.apiKeys;
    await roster.call('POST /sonar/v1/users', { bearer, json: { reference_id: 'r-1' } });
    const list = await roster.call(`GET ${path}?page_size=1`, { session: admin.session });
    const reply = await get(list.number('users.0.id'), admin.session);
    const shown = ['email', 'first_name', 'last_name', 'phone', 'date_of_birth'];
    assert.deepEqual(
      shown.map((field) => reply.at(field)),
      [null, null, null, null, null],
    );
    assert.deepEqual(
      ['language', 'role', 'active', 'clinical', 'confirmed'].map((field) => reply.at(field)),
      ['en', 'parent', true, false, false],
    );
  });

  test('other callers get not found for another user, as for a foreign, invalid or unknown id', async () => {
    const stranger = await addPerson(roster);
    const wishing = await addPerson(roster, { isClinical: true });
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    const ids = [foreign.number, 1, '0', '-5', 'abc', '1.5', '01', '9007199254740993', person.userId];
    for (const id of ids) {
      const reply = await get(id, admin.session);
      assert.deepEqual([reply.status, reply.body], [404, userNotFound], String(id));
    }
    for (const { session } of [stranger, wishing]) {
      for (const id of [person.number, admin.number, ...ids]) {
        const reply = await get(id, session);
        assert.deepEqual([reply.status, reply.body], [404, userNotFound], String(id));
      }
    }
  });

  test('without a session every id is 401', async () => {
    for (const id of [person.number, 1, 'abc']) {
      const reply = await roster.call(`GET ${path}/${id}`);
      assert.deepEqual([reply.status, reply.body], [401, notAllowed]);
    }
  });
});
