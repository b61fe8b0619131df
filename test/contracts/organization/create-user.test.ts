import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { UserId } from '../../../src/core/ids.ts';
import { addPerson, bareId, unknownUserId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/organization/api/v1/users';

describe('POST /api/v1/users', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);
  const ledger = setUpLedger(roster);

  const create = (json: unknown, bearer = tenant.apiKeys.admin) =>
    roster.call(`POST ${path}`, { bearer, json });

  test('a new user is pending and invited by email', async () => {
    const reply = await create({ email: ' Ann.Lee@Example.com ', name: ' Ann  Lee ', role: 'member' });
    assert.equal(reply.status, 201);
    const id = reply.string('id');
    assert.match(id, /^usr_[0-9a-f]{32}$/);
    assert.equal(
      reply.text,
      `{"id":"${id}","email":"Ann.Lee@Example.com","name":"Ann  Lee","role":"member",` +
        '"status":"pending","created_at":"2026-03-02T12:00:00Z"}',
    );
    await ledger.expect({
      audit: [
        {
          action: 'user.created',
          door: 'organization',
          actor_kind: 'api_key',
          subject_kind: 'user',
          subject_id: bareId(id),
        },
      ],
      messages: [{ template: 'invitation', channel: 'email', to: 'Ann.Lee@Example.com' }],
      rows: { users: '+1', password_tokens: '+1' },
    });
    const { token, body } = await roster.lastMessage('Ann.Lee@Example.com');
    assert.ok(token !== undefined && body.includes(token), 'the link has the token');
  });

  test('the invitation says who invites: the organization, and the member of staff by name', async () => {
    const { session, userId } = await roster.addAdmin();
    const invite = async (email: string, bearer: string): Promise<string> => {
      assert.equal((await create({ email, name: 'I' }, bearer)).status, 201);
      const { subject, body } = await roster.lastMessage(email);
      assert.match(subject, /^Default /);
      assert.match(body, /^Default has made an account in Default for you\./m);
      return body;
    };
    const rename = (first: string, last: string): Promise<void> =>
      roster.core.work.change(tenant.key, async (tx) => {
        const user = await tx.users.find({ id: bareId(userId) as UserId });
        assert.ok(user !== null);
        await tx.users.update(user, { firstName: first, lastName: last });
      });
    assert.doesNotMatch(await invite('i1@example.com', tenant.apiKeys.admin), /invited you/);
    assert.doesNotMatch(
      await invite('i2@example.com', session),
      /invited you|admin-/,
      'an address is no name',
    );
    await rename('Ann', 'O’Lee');
    assert.match(await invite('i3@example.com', session), /^Ann O’Lee has invited you\.$/m);
    for (const last of ['ann@example.com', 'https://example.com', 'see example.com']) {
      await rename('Ann', last);
      assert.doesNotMatch(await invite(`${crypto.randomUUID()}@example.com`, session), /invited you/);
    }
    await ledger.mark();
  });

  test('the role is member by default, and admin if an admin asks for it', async () => {
    assert.equal((await create({ email: 'r1@example.com', name: 'R' })).string('role'), 'member');
    assert.equal((await create({ email: 'r2@example.com', name: 'R', role: null })).string('role'), 'member');
    assert.equal(
      (await create({ email: 'r3@example.com', name: 'R', role: 'admin' })).string('role'),
      'admin',
    );
    const { session } = await roster.addAdmin();
    const invited = await create({ email: 'r4@example.com', name: 'R', role: 'admin' }, session);
    assert.equal(invited.string('role'), 'admin');
    await ledger.mark();
  });

  const faults: readonly (readonly [title: string, json: unknown, message: string])[] = [
    ['nothing', {}, 'Email is required'],
    ['a null email', { email: null, name: 'J' }, 'Email is required'],
    ['an empty email', { email: '  ', name: 'J' }, 'Email is required'],
    ['an email without a host', { email: 'jane@', name: 'J' }, 'Email is invalid'],
    ['an email that is a number', { email: 7, name: 'J' }, 'Email is invalid'],
    ['an email that is a list', { email: ['j@example.com'], name: 'J' }, 'Email is invalid'],
    [
      'too long an email',
      { email: `j@${'e'.repeat(60)}.${'x'.repeat(200)}.com`, name: 'J' },
      'Email is invalid',
    ],
    ['no name', { email: 'j@example.com' }, 'Name is required'],
    ['a blank name', { email: 'j@example.com', name: ' \n ' }, 'Name is required'],
    ['a name that is a number', { email: 'j@example.com', name: 7 }, 'Name is invalid'],
    ['a name with NUL', { email: 'j@example.com', name: 'a\0b' }, 'Name is invalid'],
    ['a name with half a character', { email: 'j@example.com', name: '\ud800' }, 'Name is invalid'],
    [
      'too long a name',
      { email: 'j@example.com', name: 'n'.repeat(256) },
      'Name must have at most 255 characters',
    ],
    ['another role', { email: 'j@example.com', name: 'J', role: 'parent' }, 'Role must be member or admin'],
    [
      'a role that is a list',
      { email: 'j@example.com', name: 'J', role: ['admin'] },
      'Role must be member or admin',
    ],
    ['three faults', { email: 'j', name: '', role: 'owner' }, 'Email is invalid'],
    ['two faults', { email: 'j@example.com', name: '', role: 'owner' }, 'Name is required'],
    ['a status', { email: 'j@example.com', name: 'J', status: 'active' }, 'status cannot be set'],
    ['an id', { email: 'j@example.com', name: 'J', id: unknownUserId }, 'id cannot be set'],
    [
      'a time',
      { email: 'j@example.com', name: 'J', created_at: 'x', last_login: 'x' },
      'created_at cannot be set',
    ],
    ['a list', [], 'The request body must be a JSON object'],
    ['a text', 'jane@example.com', 'The request body must be a JSON object'],
    ['null', null, 'The request body must be a JSON object'],
  ];
  for (const [title, json, message] of faults) {
    test(`${title} is refused with "${message}"`, async () => {
      const reply = await create(json);
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.body, { error: 'validation_error', message });
      await ledger.expect({});
    });
  }

  test('an unknown field is ignored', async () => {
    const json = JSON.parse('{"email":"u@example.com","name":"U","__proto__":{"role":"admin"},"nickname":1}');
    assert.equal((await create(json)).string('role'), 'member');
    await ledger.mark();
  });

  test('a name of 255 characters in any script is accepted unchanged', async () => {
    for (const name of ['n'.repeat(255), '👩🏽‍⚕️ 王 秀英', "O'Neil-Łukasz van der Ü"]) {
      const email = `${crypto.randomUUID()}@example.com`;
      assert.equal((await create({ email, name })).string('name'), name);
    }
    await ledger.mark();
  });

  test('a missing body is reported as a missing email', async () => {
    for (const headers of [{}, { 'content-type': 'application/json' }]) {
      const reply = await roster.call(`POST ${path}`, { bearer: tenant.apiKeys.admin, headers });
      assert.equal(reply.status, 400);
      assert.equal(reply.string('message'), 'Email is required');
    }
    await ledger.expect({});
  });

  test('a malformed body and another content type have different answers', async () => {
    const bearer = tenant.apiKeys.admin;
    const send = (body: string, type: string) =>
      roster.call(`POST ${path}`, { bearer, body, headers: { 'content-type': type } });
    const broken = await send('{"email":', 'application/json; charset=utf-8');
    assert.equal(broken.status, 400);
    assert.equal(broken.string('error'), 'validation_error');
    const text = await send('email=j@example.com', 'text/plain');
    assert.equal(text.status, 415);
    assert.deepEqual(text.body, {
      error: 'unsupported_media_type',
      message: 'Content-Type must be application/json',
    });
    const large = await send(JSON.stringify({ email: 'x'.repeat(300_000) }), 'application/json');
    assert.equal(large.status, 413);
    assert.equal(large.string('error'), 'payload_too_large');
    await ledger.expect({});
  });

  test('a taken email is a conflict without details, compared without case', async () => {
    const reply = await create({ email: 'ANN.LEE@example.COM', name: 'Other' });
    assert.equal(reply.status, 409);
    assert.deepEqual(reply.body, {
      error: 'conflict',
      message: 'A user with this email already exists',
    });
    await ledger.expect({});
  });

  test('an email of another organization is free', async () => {
    const other = await roster.addOrganization();
    const reply = await create({ email: 'ann.lee@example.com', name: 'Ann Lee' }, other.apiKeys.member);
    assert.equal(reply.status, 201);
    await ledger.mark();
  });

  test('only an admin invites an admin; the refusal comes before faults of fields', async () => {
    const { session } = await addPerson(roster, { role: 'member' });
    await ledger.mark();
    for (const bearer of [tenant.apiKeys.member, session]) {
      const reply = await create({ email: 'nobody', role: 'admin' }, bearer);
      assert.equal(reply.status, 403);
      assert.deepEqual(reply.body, {
        error: 'forbidden',
        message: 'You do not have permission to do this',
      });
    }
    await ledger.expect({});
    assert.equal((await create({ email: 'm1@example.com', name: 'M' }, session)).status, 201);
    await ledger.expect({
      audit: [{ action: 'user.created', actor_kind: 'user', door: 'organization' }],
      messages: [{ template: 'invitation' }],
      rows: { users: '+1', password_tokens: '+1' },
    });
  });

  test('readers and parents may not create, with any body', async () => {
    const { session } = await addPerson(roster, { role: 'parent' });
    await ledger.mark();
    for (const bearer of [tenant.apiKeys.reader, session]) {
      for (const json of [{}, { email: 'p@example.com', name: 'P' }]) {
        assert.equal((await create(json, bearer)).status, 403);
      }
    }
    await ledger.expect({});
  });
});
