import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addPerson, bareId, unknownUserId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/sonar/v1/users';

describe('DELETE /v1/users/{user_id}', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const remove = (id: string, bearer = tenant.apiKeys.admin) =>
    roster.call(`DELETE ${path}/${id}`, { bearer });

  test('a deletion removes the user with all their data, and a second deletion is 404', async () => {
    const bearer = tenant.apiKeys.admin;
    const headers = { 'idempotency-key': 'made once' };
    const id = (await roster.call(`POST ${path}`, { bearer, headers })).string('data.id');
    await ledger.mark();
    const reply = await remove(id);
    assert.equal(reply.status, 204);
    assert.equal(reply.text, '');
    await ledger.expect({
      audit: [
        {
          action: 'user.deleted',
          door: 'sonar',
          actor_kind: 'api_key',
          subject_kind: 'user',
          subject_id: bareId(id),
        },
      ],
      rows: { users: '-1', idempotency: '-1', erasures: '+1' },
    });
    assert.equal((await roster.call(`GET ${path}/${id}`, { bearer })).status, 404);
    const again = await remove(id);
    assert.equal(again.status, 404);
    assert.deepEqual(again.body, { error: 'not_found', message: `User '${id}' not found.`, details: {} });
    await ledger.expect({});
  });

  test('a body is ignored', async () => {
    const { userId } = await addPerson(roster);
    const reply = await roster.call(`DELETE ${path}/${userId}`, {
      bearer: tenant.apiKeys.admin,
      body: 'no json',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(reply.status, 204);
    await ledger.mark();
  });

  test('an unknown id and an id of another account get the same 404', async () => {
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    await ledger.mark();
    for (const id of [foreign.userId, unknownUserId, 'usr_invalid', bareId(foreign.userId)]) {
      const reply = await remove(id);
      assert.equal(reply.status, 404);
      assert.deepEqual(reply.body, { error: 'not_found', message: `User '${id}' not found.`, details: {} });
    }
    await ledger.expect({});
  });

  test('members and readers may not delete, and do not learn whether the user exists', async () => {
    const { userId } = await addPerson(roster);
    await ledger.mark();
    for (const key of [tenant.apiKeys.member, tenant.apiKeys.reader]) {
      for (const id of [userId, 'usr_invalid']) {
        const reply = await remove(id, key);
        assert.equal(reply.status, 403);
        assert.deepEqual(reply.body, {
          error: 'forbidden',
          message: 'The role of this API key does not allow this.',
          details: {},
        });
      }
    }
    await ledger.expect({});
  });

  test('only keys that may delete can read the state of an erasure', async () => {
    const { userId } = await addPerson(roster);
    const erasureId = (await remove(userId)).header('x-erasure-id');
    const path = `GET /sonar/v1/erasures/${erasureId}`;
    for (const bearer of [tenant.apiKeys.member, tenant.apiKeys.reader]) {
      const reply = await roster.call(path, { bearer });
      assert.equal(reply.status, 403);
      assert.equal(reply.at('message'), 'The role of this API key does not allow this.');
    }
    assert.equal((await roster.call(path, { bearer: tenant.apiKeys.admin })).at('data.id'), erasureId);
    await roster.settle();
    await ledger.mark();
  });

  test("the account's last active admin cannot be deleted, another admin can", async () => {
    const own = await roster.addOrganization();
    const first = await roster.addAdmin(own);
    const second = await roster.addAdmin(own);
    assert.equal((await remove(first.userId, own.apiKeys.admin)).status, 204);
    await ledger.mark();
    const reply = await remove(second.userId, own.apiKeys.admin);
    assert.equal(reply.status, 409);
    assert.deepEqual(reply.body, {
      error: 'conflict',
      message: "This user is the account's last active admin.",
      details: {},
    });
    await ledger.expect({});
  });
});
