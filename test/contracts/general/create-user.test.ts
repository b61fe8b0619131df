import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { updateApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { bareId } from '../../support/contracts/people.ts';
import type { Ask } from '../../support/server/http.ts';
import { openLedger } from '../../support/server/ledger.ts';
import { setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { testDoor } from '../../support/server/start.ts';
import { appNotFound, goodPassword, notAllowed, signUp, signUpBody } from './sign-up.ts';

const path = '/general/v1/users';

describe('POST /v1/users', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const create = (json: unknown, ask: Ask = {}) => roster.call(`POST ${path}`, { json, ...ask });

  test('a new user is pending, gets a code by SMS and a first session in a header', async () => {
    const phone = '+1-555-123-4567';
    const user = {
      email: ' Ann@Example.com ',
      password: goodPassword,
      first_name: ' Ann ',
      last_name: 'Lee',
      phone,
      date_of_birth: '1990-05-15',
      language: 'es-MX',
    };
    const reply = await create({ user, clinical: true, native_signup: true });
    assert.equal(reply.status, 201);
    assert.equal(
      reply.text,
      JSON.stringify({
        id: reply.number('id'),
        email: 'Ann@Example.com',
        first_name: 'Ann',
        last_name: 'Lee',
        phone,
        date_of_birth: '1990-05-15',
        language: 'es-MX',
        role: 'parent',
        active: true,
        clinical: true,
        confirmed: false,
        created_at: '2026-03-02T12:00:00.123Z',
        updated_at: '2026-03-02T12:00:00.123Z',
      }),
    );
    await ledger.expect({
      audit: [
        { action: 'user.created', door: 'general', actor_kind: 'public', actor_id: null },
        { action: 'session.started', door: 'general', actor_kind: 'public' },
      ],
      messages: [
        { template: 'confirmation', channel: 'sms', to: '+15551234567' },
        { template: 'email_proof', channel: 'email', to: 'Ann@Example.com' },
      ],
      rows: {
        users: '+1',
        sessions: '+1',
        confirmation_codes: '+1',
        email_tokens: '+1',
        known_networks: '+1',
      },
    });
    const { code = '', body } = await roster.lastMessage('+15551234567');
    assert.match(code, /^\d{6}$/);
    assert.ok(body.includes(code));
    const session = reply.header('x-user-token');
    const own = await roster.call(`GET ${path}/${reply.number('id')}`, { session });
    assert.deepEqual(own.body, reply.body);
  });

  test('a user without a phone number gets the code by email', async () => {
    const { email } = await signUp(roster);
    await ledger.expect({
      audit: [{ action: 'user.created' }, { action: 'session.started' }],
      messages: [{ template: 'confirmation', channel: 'email', to: email }],
      rows: { users: '+1', sessions: '+1', confirmation_codes: '+1', known_networks: '+1' },
    });
  });

  test('a confirmation of the password that differs is refused; equal, null and absent ones are fine', async () => {
    const faulty = await create(signUpBody({ password_confirmation: 'securepassword124', last_name: '' }));
    assert.deepEqual(
      [faulty.status, faulty.body],
      [422, { errors: { password_confirmation: ["doesn't match password"], last_name: ["can't be blank"] } }],
    );
    const beside = await create({ ...signUpBody(), password_confirmation: 'securepassword124' });
    assert.deepEqual(beside.body, { errors: { password_confirmation: ["doesn't match password"] } });
    await ledger.expect({});
    await signUp(roster, { password_confirmation: goodPassword });
    await signUp(roster, { password_confirmation: null });
    const none = await create(signUpBody({ password: null, password_confirmation: goodPassword }));
    assert.deepEqual(none.body, { errors: { password: ["can't be blank"] } });
  });

  test('absent fields are null or have the default', async () => {
    const { reply } = await signUp(roster, { phone: null, date_of_birth: null, language: null });
    assert.deepEqual(
      ['phone', 'date_of_birth', 'language', 'clinical'].map((field) => reply.at(field)),
      [null, null, 'en', false],
    );
  });

  test('the role is parent for every body', async () => {
    for (const role of ['admin', 'member', 'owner', 7]) {
      const { reply } = await signUp(roster, { role }, { beside: { role } });
      assert.equal(reply.string('role'), 'parent');
    }
    const admin = await roster.addAdmin();
    const { reply } = await signUp(roster, { role: 'admin' }, { ask: { session: admin.session } });
    assert.equal(reply.string('role'), 'parent');
  });

  const faults: readonly (readonly [title: string, body: unknown, errors: object])[] = [
    [
      'nothing',
      {},
      {
        email: ["can't be blank"],
        password: ["can't be blank"],
        first_name: ["can't be blank"],
        last_name: ["can't be blank"],
      },
    ],
    ['a user that is no object', { user: 'john' }, { user: ['is invalid'] }],
    ['a user that is a list', { user: [] }, { user: ['is invalid'] }],
    [
      'every field wrong',
      {
        user: {
          email: 'john@',
          password: 'short',
          first_name: 7,
          last_name: ' ',
          phone: '555-1234',
          date_of_birth: '2026-03-04',
          language: 'en US',
        },
        template: 'yes',
        clinical: 1,
        native_signup: {},
      },
      {
        email: ['is invalid'],
        password: ['is too short (minimum is 8 characters)'],
        first_name: ['is invalid'],
        last_name: ["can't be blank"],
        phone: ['is invalid'],
        date_of_birth: ['is invalid'],
        language: ['is invalid'],
        template: ['is invalid'],
        clinical: ['is invalid'],
        native_signup: ['is invalid'],
      },
    ],
    [
      'too long a password',
      signUpBody({ password: 'x'.repeat(257) }),
      { password: ['is too long (maximum is 256 characters)'] },
    ],
    ['a common password', signUpBody({ password: 'Password123' }), { password: ['is too common'] }],
    [
      'the email as password',
      signUpBody({ email: 'jo@example.com', password: 'JO@example.com' }),
      { password: ["can't be the email"] },
    ],
    ['too long a name', signUpBody({ first_name: 'x'.repeat(256) }), { first_name: ['is invalid'] }],
    ['too long an email', signUpBody({ email: `${'x'.repeat(255)}@example.com` }), { email: ['is invalid'] }],
    ['a name with NUL', signUpBody({ last_name: 'a\0b' }), { last_name: ['is invalid'] }],
    ['half a character', signUpBody({ first_name: '\ud800' }), { first_name: ['is invalid'] }],
    ['an empty phone', signUpBody({ phone: '' }), { phone: ["can't be blank"] }],
    [
      'what only answers show',
      signUpBody({ id: 5, active: false, confirmed: true, created_at: 'x', updated_at: '2026-03-02' }),
      {
        id: ['is invalid'],
        confirmed: ['is invalid'],
        created_at: ['is invalid'],
        updated_at: ['is invalid'],
        active: ['is invalid'],
      },
    ],
  ];
  for (const [title, body, errors] of faults) {
    test(`${title} is reported by field, and writes nothing`, async () => {
      const reply = await create(body);
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, { errors });
      await ledger.expect({});
    });
  }

  test('a missing body is reported as all required fields missing', async () => {
    const reply = await roster.call(`POST ${path}`, { headers: { 'content-type': 'application/json' } });
    assert.equal(reply.status, 422);
    assert.deepEqual(Object.keys(Object(reply.at('errors'))), [
      ...['email', 'password', 'first_name', 'last_name'],
    ]);
  });

  test('unknown fields, and fields with the value of a new user, are accepted', async () => {
    const { reply } = await signUp(
      roster,
      { id: null, active: true, confirmed: false, shoe_size: 43 },
      { beside: { campaign: 'spring' } },
    );
    assert.equal('shoe_size' in Object(reply.body), false);
  });

  test('a taken email is reported together with the other faults, compared without case and blanks', async () => {
    const { email } = await signUp(roster);
    await ledger.mark();
    const reply = await create({ user: { email: ` ${email.toUpperCase()} `, password: goodPassword } });
    assert.equal(reply.status, 422);
    assert.deepEqual(reply.body, {
      errors: {
        email: ['has already been taken'],
        first_name: ["can't be blank"],
        last_name: ["can't be blank"],
      },
    });
    await ledger.expect({});
  });

  test('a body that is not a JSON object is 400, another content type is 415', async () => {
    const json = { 'content-type': 'application/json' };
    assert.equal((await roster.call(`POST ${path}`, { headers: json, body: '{' })).status, 400);
    assert.equal((await create([1])).status, 400);
    assert.equal((await roster.call(`POST ${path}`, { body: '{}' })).status, 415);
    assert.equal((await roster.call(`POST ${path}`, { form: { email: 'a@example.com' } })).status, 415);
    const utf8 = { 'content-type': 'application/json; charset=utf-8' };
    assert.equal((await roster.call(`POST ${path}`, { headers: utf8, body: '{}' })).status, 422);
  });

  test('a template user is marked as one outside production, and its messages stay in the outbox', async () => {
    const { email } = await signUp(roster, {}, { beside: { template: true } });
    await ledger.expect({
      audit: [{ action: 'user.created' }, { action: 'session.started' }],
      messages: [{ to: email }],
      rows: { users: '+1', sessions: '+1', confirmation_codes: '+1', known_networks: '+1' },
    });
    const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.findByEmail(email));
    assert.equal(user?.isTemplate, true);
  });
});

describe('the app of a sign-up', () => {
  const roster = setUpRoster();

  test("is the deployment's first app, unless X-App-Id names another", async () => {
    const other = await roster.addOrganization();
    const here = await signUp(roster);
    const headers = { 'X-App-Id': other.app.appId };
    const there = await signUp(roster, { email: here.email }, { ask: { headers } });
    const appOf = async (orgKey: number, number: number) =>
      (await roster.core.work.read(orgKey, (tx) => tx.users.find({ number })))?.appId;
    assert.equal(await appOf(roster.organization.key, here.number), roster.organization.app.appId);
    assert.equal(await appOf(other.key, there.number), other.app.appId);
    assert.equal(await appOf(roster.organization.key, there.number), undefined);
  });

  test('is 404 if it does not exist, once the fields are valid', async () => {
    const ledger = await openLedger(roster);
    for (const appId of ['0'.repeat(40), 'nonsense', roster.organization.app.appId.toUpperCase()]) {
      const headers = { 'X-App-Id': appId };
      const reply = await roster.call(`POST ${path}`, { headers, json: signUpBody() });
      assert.equal(reply.status, 404);
      assert.deepEqual(reply.body, appNotFound);
      assert.equal((await roster.call(`POST ${path}`, { headers, json: {} })).status, 422);
    }
    await ledger.expect({});
  });

  test('is one of the organization of the session; an app of another organization is not found', async () => {
    const other = await roster.addOrganization();
    const admin = await roster.addAdmin(other);
    const { number } = await signUp(roster, {}, { ask: { session: admin.session } });
    assert.ok(await roster.core.work.read(other.key, (tx) => tx.users.find({ number })));
    const headers = { 'X-App-Id': roster.organization.app.appId };
    const reply = await roster.call(`POST ${path}`, { session: admin.session, headers, json: signUpBody() });
    assert.deepEqual([reply.status, reply.body], [404, appNotFound]);
  });

  test('does not depend on an invalid session', async () => {
    const { reply } = await signUp(roster, {}, { ask: { session: 'st_1_nonsense' } });
    assert.equal(reply.status, 201);
  });

  test('may be closed: then only an admin registers users', async () => {
    const tenant = await roster.addOrganization();
    const admin = await roster.addAdmin(tenant);
    const member = await signUp(roster, {}, { ask: { headers: { 'X-App-Id': tenant.app.appId } } });
    await updateApp(roster.core, testDoor, { appId: tenant.app.appId, isSignupOpen: false });
    const ledger = await openLedger(roster);
    const headers = { 'X-App-Id': tenant.app.appId };
    for (const ask of [{ headers }, { headers, session: member.session }]) {
      for (const json of [signUpBody(), {}]) {
        const reply = await roster.call(`POST ${path}`, { ...ask, json });
        assert.deepEqual([reply.status, reply.body], [403, notAllowed]);
      }
    }
    await ledger.expect({});
    const { email } = await signUp(roster, {}, { ask: { session: admin.session } });
    await ledger.expect({
      audit: [
        { action: 'user.created', actor_kind: 'user', actor_id: bareId(admin.userId) },
        { action: 'session.started' },
      ],
      messages: [{ template: 'confirmation', to: email }],
      rows: { users: '+1', sessions: '+1', confirmation_codes: '+1' },
    });
  });
});

describe('in production', () => {
  const roster = setUpRoster({
    env: {
      NODE_ENV: 'production',
      ROSTER_PUBLIC_URL: 'https://roster.example.com',
      ROSTER_SECRET: 'a secret for one test, long enough to be taken',
      ROSTER_SMS: 'outbox',
      ROSTER_EMAIL: 'outbox',
    },
  });

  const isTemplate = async (number: number): Promise<boolean | undefined> =>
    (await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number })))?.isTemplate;

  test('only admins create template users; the flag is ignored for others', async () => {
    const template = { template: true };
    const admin = await roster.addAdmin();
    const parent = await signUp(roster, {}, { beside: template });
    assert.equal(await isTemplate(parent.number), false);
    const byParent = await signUp(roster, {}, { beside: template, ask: { session: parent.session } });
    assert.equal(await isTemplate(byParent.number), false);
    const byAdmin = await signUp(roster, {}, { beside: template, ask: { session: admin.session } });
    assert.equal(await isTemplate(byAdmin.number), true);
  });
});
