import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { addPerson, bareId, unknownUserId } from '../../support/contracts/people.ts';
import { slowTest as test } from '../../support/effort.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/organization/api/v1/users';

describe('DELETE /api/v1/users/{id}', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const remove = (id: string, bearer = tenant.apiKeys.admin) =>
    roster.call(`DELETE ${path}/${id}`, { bearer });
  const read = (id: string) => roster.call(`GET ${path}/${id}`, { bearer: tenant.apiKeys.admin });

  test('a deletion removes the user with all their data, except the audit events', async () => {
    const bearer = tenant.apiKeys.admin;
    const json = { email: 'jane@example.com', name: 'Jane Smith' };
    const id = (await roster.call(`POST ${path}`, { bearer, json })).string('id');
    await ledger.mark();

    const reply = await remove(id);
    assert.equal(reply.status, 204);
    assert.equal(reply.text, '');
    await ledger.expect({
      audit: [
        {
          action: 'user.deleted',
          door: 'organization',
          actor_kind: 'api_key',
          subject_kind: 'user',
          subject_id: bareId(id),
        },
      ],
      rows: { users: '-1', password_tokens: '-1', messages: '-1', erasures: '+1' },
    });

    assert.equal((await read(id)).status, 404);
    const list = await roster.call(`GET ${path}`, { bearer });
    assert.deepEqual(list.body, { data: [], meta: { page: 1, limit: 20, total: 0 } });
    assert.deepEqual(await roster.outbox('jane@example.com'), []);
  });

  test('a second deletion, an unknown id and a foreign id get the same 404', async () => {
    const { userId } = await addPerson(roster);
    assert.equal((await remove(userId)).status, 204);
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    await ledger.mark();
    for (const id of [userId, foreign.userId, `usr_${'f'.repeat(32)}`, 'usr_invalid', bareId(userId)]) {
      const reply = await remove(id);
      assert.equal(reply.status, 404);
      assert.deepEqual(reply.body, { error: 'not_found', message: 'User not found' });
    }
    await ledger.expect({});
  });

  test('the email of a deleted user is free again, for another user', async () => {
    const bearer = tenant.apiKeys.admin;
    const json = { email: 'again@example.com', name: 'Jane Again' };
    const first = (await roster.call(`POST ${path}`, { bearer, json })).string('id');
    await remove(first);
    const second = await roster.call(`POST ${path}`, { bearer, json });
    assert.equal(second.status, 201);
    assert.notEqual(second.string('id'), first);
  });

  test('a caller who may not delete does not learn whether the user exists', async () => {
    const { userId } = await addPerson(roster);
    const member = await addPerson(roster, { role: 'member' });
    const parent = await addPerson(roster, { role: 'parent' });
    await ledger.mark();
    const { apiKeys } = tenant;
    for (const bearer of [apiKeys.member, apiKeys.reader, member.session, parent.session]) {
      for (const id of [userId, parent.userId, unknownUserId, 'usr_invalid']) {
        const reply = await remove(id, bearer);
        assert.equal(reply.status, 403);
        assert.equal(
          reply.text,
          '{"error":"forbidden","message":"You do not have permission to delete this user"}',
        );
      }
    }
    await ledger.expect({});
    assert.equal((await read(userId)).status, 200);
  });

  test('an admin deletes with a session, and their own deletion ends it', async () => {
    const own = await roster.addOrganization();
    const first = await roster.addAdmin(own);
    const second = await roster.addAdmin(own);
    await ledger.mark();
    assert.equal((await remove(second.userId, second.session)).status, 204);
    await ledger.expect({
      audit: [{ action: 'user.deleted', actor_kind: 'user', actor_id: bareId(second.userId) }],
      rows: { users: '-1', sessions: '-1', erasures: '+1' },
    });
    assert.equal((await remove(first.userId, second.session)).status, 401);
  });

  test('the last active admin cannot be deleted', async () => {
    const own = await roster.addOrganization();
    const admin = await roster.addAdmin(own);
    await addPerson(roster, { role: 'admin', status: 'pending' }, own);
    await addPerson(roster, { role: 'admin', status: 'inactive' }, own);
    await ledger.mark();
    for (const bearer of [own.apiKeys.admin, admin.session]) {
      const reply = await remove(admin.userId, bearer);
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.body, {
        error: 'forbidden',
        message: 'The last active admin of an organization cannot be deleted',
      });
    }
    await ledger.expect({});
  });
});
