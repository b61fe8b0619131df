/** The examples of the document, replayed in its order: same request, same status, same keys, same formats. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { addPerson } from '../../../support/contracts/people.ts';
import type { Reply } from '../../../support/server/http.ts';
import { setUp, setUpRoster } from '../../../support/server/set-up.ts';

const id = /^usr_[a-z0-9]+$/;
const wholeSeconds = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** Asserts keys in their order, and the form of each value. */
function assertShape(value: unknown, shape: Readonly<Record<string, RegExp>>): void {
  assert.ok(typeof value === 'object' && value !== null);
  assert.deepEqual(Object.keys(value), Object.keys(shape));
  const members = new Map(Object.entries(value));
  for (const [key, form] of Object.entries(shape)) assert.match(members.get(key), form);
}

describe('the examples of the organization document', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin(roster.organization, 'john@example.com'));
  const call = (line: string, json?: unknown): Promise<Reply> =>
    roster.call(line, { bearer: roster.organization.apiKeys.admin, ...(json === undefined ? {} : { json }) });

  before(async () => {
    const { email, password } = admin;
    await roster.call('POST /general/v1/sessions', { json: { email, password } });
    const change = { user: { first_name: 'John', last_name: 'Doe' } };
    await roster.call(`PUT /general/v1/users/${admin.number}`, { session: admin.session, json: change });
  });

  test('List Users: 200', async () => {
    const reply = await call('GET /api/v1/users?page=1&limit=20&status=active');
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(Object(reply.body)), ['data', 'meta']);
    assertShape(reply.at('data.0'), {
      id,
      email: /^john@example\.com$/,
      name: /^John Doe$/,
      status: /^active$/,
      created_at: wholeSeconds,
    });
    assert.equal(JSON.stringify(reply.at('meta')), '{"page":1,"limit":20,"total":1}');
  });

  test('Create User: 201, 400, 409', async () => {
    const jane = { email: 'jane@example.com', name: 'Jane Smith', role: 'member' };
    const created = await call('POST /api/v1/users', jane);
    assert.equal(created.status, 201);
    assertShape(created.body, {
      id,
      email: /^jane@example\.com$/,
      name: /^Jane Smith$/,
      role: /^member$/,
      status: /^pending$/,
      created_at: wholeSeconds,
    });

    const invalid = await call('POST /api/v1/users', { name: 'Jane Smith', role: 'member' });
    assert.equal(invalid.status, 400);
    assert.equal(invalid.text, '{"error":"validation_error","message":"Email is required"}');

    const taken = await call('POST /api/v1/users', jane);
    assert.equal(taken.status, 409);
    assert.equal(taken.text, '{"error":"conflict","message":"A user with this email already exists"}');
  });

  test('Get User: 200, 404', async () => {
    const reply = await call(`GET /api/v1/users/${admin.userId}`);
    assert.equal(reply.status, 200);
    assertShape(reply.body, {
      id,
      email: /^john@example\.com$/,
      name: /^John Doe$/,
      role: /^admin$/,
      status: /^active$/,
      created_at: wholeSeconds,
      last_login: wholeSeconds,
    });

    const unknown = await call('GET /api/v1/users/usr_123abc');
    assert.equal(unknown.status, 404);
    assert.equal(unknown.text, '{"error":"not_found","message":"User not found"}');
  });

  test('Delete User: 204, 404, 403', async () => {
    const { userId } = await addPerson(roster, { email: 'gone@example.com' });
    const deleted = await call(`DELETE /api/v1/users/${userId}`);
    assert.equal(deleted.status, 204);
    assert.equal(deleted.text, '');

    const unknown = await call('DELETE /api/v1/users/usr_123abc');
    assert.equal(unknown.status, 404);
    assert.equal(unknown.text, '{"error":"not_found","message":"User not found"}');

    const bearer = roster.organization.apiKeys.member;
    const forbidden = await roster.call('DELETE /api/v1/users/usr_123abc', { bearer });
    assert.equal(forbidden.status, 403);
    assert.equal(
      forbidden.text,
      '{"error":"forbidden","message":"You do not have permission to delete this user"}',
    );
  });
});
