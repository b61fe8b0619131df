import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';

describe('DELETE /v1/apps/{appId}/users/{humanId}', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const call = (method: string, id: string) => {
    const { appId, appKey } = tenant.app;
    return roster.call(`${method} /humanapi/v1/apps/${appId}/users/${id}`, { appKey });
  };

  test('a deletion removes the user with their sessions, and a second deletion is 404', async () => {
    const { userId } = await addPerson(roster, { email: 'gone@example.com' });
    const id = bareId(userId);
    await ledger.mark();
    const reply = await call('DELETE', id);
    assert.equal(reply.status, 204);
    assert.equal(reply.text, '');
    await ledger.expect({
      audit: [
        {
          action: 'user.deleted',
          door: 'humanapi',
          actor_kind: 'app',
          actor_id: tenant.app.appId,
          subject_kind: 'user',
          subject_id: id,
        },
      ],
      rows: { users: '-1', sessions: '-1', erasures: '+1' },
    });
    assert.equal((await call('GET', id)).status, 404);
    assert.equal((await call('DELETE', id)).status, 404);
    await ledger.expect({});
  });

  test('an app key cannot delete an admin or an approved clinical user in any state', async () => {
    const statuses = ['active', 'pending', 'inactive'] as const;
    const rights = [{ role: 'admin' }, { isClinical: true, isClinicalApproved: true }] as const;
    const protectedUsers = statuses.flatMap((status) => rights.map((right) => ({ ...right, status })));
    for (const traits of protectedUsers) {
      const { userId } = await addPerson(roster, traits);
      await ledger.mark();
      const reply = await call('DELETE', bareId(userId));
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.body, {
        code: 403,
        error: 'Forbidden',
        message: 'An App Key cannot delete an administrator or an approved clinical user.',
        'x-humanapi-request-id': reply.header('x-request-id'),
      });
      await ledger.expect({});
    }
  });

  test('an app key can delete a user who only wished to be clinical', async () => {
    const { userId } = await addPerson(roster, { isClinical: true });
    assert.equal((await call('DELETE', bareId(userId))).status, 204);
  });

  test("an unknown id, an id of another app's user or admin, and a malformed id get the same 404", async () => {
    const { app } = await createApp(roster.core, testDoor, { organization: tenant, name: 'Second' });
    const inApp = await addPerson(roster, { appId: app.id });
    const admin = await addPerson(roster, { appId: app.id, role: 'admin' });
    const elsewhere = await addPerson(roster, {}, await roster.addOrganization());
    await ledger.mark();
    const strangers = [inApp, admin, elsewhere].map(({ userId }) => bareId(userId));
    for (const id of [...strangers, '0'.repeat(32), inApp.userId, 'x']) {
      const reply = await call('DELETE', id);
      assert.equal(reply.status, 404);
      assert.equal(reply.at('message'), 'User not found.');
    }
    await ledger.expect({});
  });
});
