/** The examples of the document, replayed in its order: same request, same status, same keys, same formats. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Ask, Reply } from '../../../support/server/http.ts';
import { setUp, setUpRoster } from '../../../support/server/set-up.ts';
import { codeOf, tokenOf } from '../sign-up.ts';

/** The keys of the document's user, in order, with the form of each value. */
const userForm: Readonly<Record<string, unknown>> = {
  id: 'number',
  email: 'string',
  first_name: 'string',
  last_name: 'string',
  phone: 'string',
  date_of_birth: /^\d{4}-\d{2}-\d{2}$/,
  language: 'string',
  role: 'string',
  active: 'boolean',
  clinical: 'boolean',
  confirmed: 'boolean',
  created_at: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/,
  updated_at: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/,
};

/** Asserts keys in their order, and the form of each value: a type, or a pattern. */
function assertForm(value: unknown, form: Readonly<Record<string, unknown>>): void {
  assert.ok(typeof value === 'object' && value !== null);
  assert.deepEqual(Object.keys(value), Object.keys(form));
  for (const [key, member] of Object.entries(value)) {
    const wanted = form[key];
    if (wanted instanceof RegExp) assert.match(member, wanted);
    else assert.equal(typeof member, wanted, key);
  }
}

const john = {
  user: {
    email: 'john@example.com',
    password: 'securepassword123',
    first_name: 'John',
    last_name: 'Doe',
    phone: '+1-555-123-4567',
    date_of_birth: '1990-05-15',
    language: 'en',
  },
  clinical: true,
  native_signup: false,
};

describe('the examples of the general document', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  let session = '';
  let id = 0;

  before(async () => {
    const reply = await roster.call('POST /v1/users', { json: { ...john, user: { ...john.user } } });
    ({ session, id } = { session: reply.header('x-user-token'), id: reply.number('id') });
  });

  const json = { 'content-type': 'application/json' };
  const call = (line: string, ask: Ask = {}): Promise<Reply> => roster.call(line, ask);

  test('List Users', async () => {
    const reply = await call('GET /v1/users?page=1&page_size=25', { headers: json, session });
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(Object(reply.body)), ['users', 'meta']);
    assertForm(reply.at('users.0'), userForm);
    assert.equal(JSON.stringify(reply.at('meta')), '{"page":1,"page_size":25,"total":1,"total_pages":1}');
  });

  test('Create User', async () => {
    const reply = await call('POST /v1/users', {
      json: { ...john, user: { ...john.user, email: 'jane@example.com' } },
    });
    assert.equal(reply.status, 201);
    assertForm(reply.body, userForm);
    const { password: _, ...shown } = john.user;
    assert.partialDeepStrictEqual(reply.body, { ...shown, email: 'jane@example.com', clinical: true });
    assert.deepEqual(
      ['role', 'active', 'confirmed'].map((field) => reply.at(field)),
      ['parent', true, false],
    );
  });

  test('User Confirmation', async () => {
    const confirmation_code = await codeOf(roster, '+15551234567');
    const { number } = { number: await numberOf('jane@example.com') };
    const reply = await call('POST /v1/users/confirmation', { json: { user_id: number, confirmation_code } });
    assert.equal(reply.status, 200);
    assert.equal(
      reply.text,
      `{"verified":true,"user":{"id":${number},"email":"jane@example.com","confirmed":true}}`,
    );
    const wrong = await call('POST /v1/users/confirmation', {
      json: { user_id: number, confirmation_code: '123456' },
    });
    assert.deepEqual([wrong.status, wrong.text], [401, '{"errors":"Invalid Code"}']);
  });

  test('Update User', async () => {
    const reply = await call(`PUT /v1/users/${id}`, {
      session,
      json: { user: { first_name: 'Jonathan', phone: '+1-555-987-6543' } },
    });
    assert.equal(reply.status, 200);
    assertForm(reply.body, userForm);
    assert.deepEqual([reply.at('first_name'), reply.at('phone')], ['Jonathan', '+1-555-987-6543']);
  });

  test('Resend Confirmation', async () => {
    roster.clock.advance(60_000);
    const reply = await call('POST /v1/users/resend_confirmation', { headers: json, session });
    assert.deepEqual([reply.status, reply.text], [200, '{"sent":true}']);
    const confirmation_code = await codeOf(roster, '+15559876543');
    const confirmed = await call('POST /v1/users/confirmation', { json: { user_id: id, confirmation_code } });
    assert.equal(confirmed.status, 200);
  });

  test('Check Email Account', async () => {
    const reply = await call('POST /v1/users/email_has_account', { json: { email: 'john@example.com' } });
    assert.deepEqual([reply.status, reply.text], [200, '{"has_account":true}']);
  });

  test('Password Management', async () => {
    const created = await call('POST /v1/users/passwords', { json: { email: 'john@example.com' } });
    assert.deepEqual([created.status, created.text], [200, '{"sent":true}']);
    const token = await tokenOf(roster, 'john@example.com');
    const valid = await call(`GET /v1/users/passwords/validate?token=${token}`);
    assert.deepEqual([valid.status, valid.text], [200, '{"valid":true}']);
    const reset = await call('POST /v1/users/passwords/reset', {
      json: { token, password: 'securepassword124' },
    });
    assert.equal(reset.status, 200);
    assertForm(reset.body, userForm);
    const spent = await call(`GET /v1/users/passwords/validate?token=${token}`);
    assert.deepEqual([spent.status, spent.text], [422, '{"errors":{"token":["is invalid or has expired"]}}']);
  });

  test('Cancel User Account', async () => {
    const signedIn = await call('POST /v1/sessions', {
      json: { email: 'john@example.com', password: 'securepassword124' },
    });
    assert.equal(signedIn.status, 201);
    assertForm(signedIn.at('user'), userForm);
    const reply = await call(`POST /v1/users/${id}/cancel`, { session: signedIn.string('token') });
    assert.deepEqual([reply.status, reply.at('active')], [200, false]);
    assertForm(reply.body, userForm);
  });

  test('Delete User', async () => {
    const reply = await call(`DELETE /v1/users/${id}`, { session: admin.session });
    assert.deepEqual([reply.status, reply.text], [204, '']);
  });

  test('Error Responses', async () => {
    const invalid = await call('POST /v1/users', {
      json: { user: { email: '', password: 'short', last_name: 'Doe' } },
    });
    assert.equal(invalid.status, 422);
    assert.equal(
      invalid.text,
      '{"errors":{"email":["can\'t be blank"],"password":["is too short (minimum is 8 characters)"],' +
        '"first_name":["can\'t be blank"]}}',
    );
    const taken = await call('POST /v1/users', {
      json: { user: { ...john.user, email: 'jane@example.com' } },
    });
    assert.deepEqual([taken.status, taken.text], [422, '{"errors":{"email":["has already been taken"]}}']);
    const missing = await call(`GET /v1/users/${id}`, { session: admin.session });
    assert.deepEqual([missing.status, missing.text], [404, '{"errors":"User not found"}']);
  });

  async function numberOf(email: string): Promise<number> {
    const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.findByEmail(email));
    assert.ok(user);
    return user.number;
  }
});
