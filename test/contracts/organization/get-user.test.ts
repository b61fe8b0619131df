import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addPerson, bareId, unknownUserId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/organization/api/v1/users';

describe('GET /api/v1/users/{id}', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const read = (id: string, bearer = tenant.apiKeys.reader) => roster.call(`GET ${path}/${id}`, { bearer });

  test('a user is shown without an envelope, with seven fields in the order of the document', async () => {
    const traits = { email: 'john@example.com', firstName: 'John', lastName: 'Doe', role: 'admin' } as const;
    const { userId } = await addPerson(roster, traits);
    await ledger.mark();
    const reply = await read(userId);
    assert.equal(reply.status, 200);
    assert.equal(
      reply.text,
      `{"id":"${userId}","email":"john@example.com","name":"John Doe","role":"admin",` +
        '"status":"active","created_at":"2026-03-02T12:00:00Z","last_login":null}',
    );
    await ledger.expect({});
  });

  test('unknown fields are null', async () => {
    const { userId } = await addPerson(roster, { status: 'pending' });
    assert.deepEqual((await read(userId)).body, {
      id: userId,
      email: null,
      name: null,
      role: 'parent',
      status: 'pending',
      created_at: '2026-03-02T12:00:00Z',
      last_login: null,
    });
  });

  test('the last login is shown in whole seconds', async () => {
    const admin = await roster.addAdmin();
    assert.equal((await read(admin.userId)).at('last_login'), null);
    roster.clock.advance(61_900);
    const { email, password } = admin;
    const login = await roster.call('POST /general/v1/sessions', { json: { email, password } });
    assert.equal(login.status, 201);
    assert.equal((await read(admin.userId)).at('last_login'), '2026-03-02T12:01:02Z');
  });

  test('ids that are unknown, malformed or in the spelling of another contract get the same 404', async () => {
    const { userId, number } = await addPerson(roster);
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    await ledger.mark();
    const ids = [
      unknownUserId,
      'usr_invalid',
      'usr_123abc',
      userId.toUpperCase(),
      bareId(userId),
      `${userId}0`,
      String(number),
      foreign.userId,
      '%00',
      '__proto__',
      '%F0%9F%91%BB',
      'x'.repeat(2_000),
    ];
    for (const id of ids) {
      const reply = await read(id);
      assert.equal(reply.status, 404, id);
      assert.equal(reply.text, '{"error":"not_found","message":"User not found"}', id);
    }
    await ledger.expect({});
  });

  test('members and admins may read; parents may not, whether or not the user exists', async () => {
    const member = await addPerson(roster, { role: 'member' });
    const parent = await addPerson(roster, { role: 'parent' });
    assert.equal((await read(parent.userId, member.session)).status, 200);
    for (const id of [parent.userId, member.userId, 'usr_invalid']) {
      const reply = await read(id, parent.session);
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.body, {
        error: 'forbidden',
        message: 'You do not have permission to do this',
      });
    }
  });
});
