import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { minuteMs } from '../../../src/core/time.ts';
import { addPerson, bareId } from '../../support/contracts/people.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { confirm, notAllowed, signUp, userNotFound } from './sign-up.ts';

const path = '/general/v1/users';

describe('PUT /v1/users/{id}', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);
  beforeEach(() => ledger.mark());

  const put = (id: number | string, session: string, json: unknown): Promise<Reply> =>
    roster.call(`PUT ${path}/${id}`, { session, json });

  test('users change any subset of their fields', async () => {
    const { number, session, reply: made } = await signUp(roster, { phone: '+1-555-123-4567' });
    await ledger.mark();
    roster.clock.advance(5);
    const user = { first_name: ' Jonathan ', date_of_birth: '1990-05-15', language: 'es' };
    const reply = await put(number, session, { user, native_signup: true });
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.body, {
      ...Object(made.body),
      first_name: 'Jonathan',
      date_of_birth: '1990-05-15',
      language: 'es',
      updated_at: new Date(roster.clock.now()).toISOString(),
    });
    await ledger.expect({
      audit: [{ action: 'user.updated', door: 'general', actor_kind: 'user' }],
      rows: { users: '~1' },
    });
    const cleared = await put(number, session, { user: { phone: null, date_of_birth: null } });
    assert.deepEqual([cleared.at('phone'), cleared.at('date_of_birth')], [null, null]);
  });

  test('an empty change writes nothing, and updated_at stays', async () => {
    const { number, session, reply: made } = await signUp(roster);
    await ledger.mark();
    roster.clock.advance(5);
    for (const json of [{}, { user: {} }, { user: null }, { email: 'x' }, undefined]) {
      const ask = { session, ...(json === undefined ? {} : { json }) };
      const reply = await roster.call(`PUT ${path}/${number}`, ask);
      assert.deepEqual([reply.status, reply.text], [200, made.text]);
    }
    await ledger.expect({});
  });

  test('a whole user may be sent back, by its owner and by an admin, and nothing changes', async () => {
    const owner = await signUp(roster, { phone: '+1-555-123-4567' }, { beside: { clinical: true } });
    const bare = await addPerson(roster);
    await ledger.mark();
    for (const [number, session] of [
      [owner.number, owner.session],
      [owner.number, admin.session],
      [bare.number, admin.session],
      [admin.number, admin.session],
    ] as const) {
      const shown = await roster.call(`GET ${path}/${number}`, { session });
      const reply = await put(number, session, { user: shown.body });
      assert.deepEqual([reply.status, reply.text], [200, shown.text]);
    }
    // The admin has looked at two other people.
    await ledger.expect({ audit: [{ action: 'user.read' }, { action: 'user.read' }] });
    const reply = await put(bare.number, admin.session, { user: { email: null, first_name: 'Ada' } });
    assert.deepEqual([reply.status, reply.at('first_name'), reply.at('email')], [200, 'Ada', null]);
  });

  test('a null of a field that cannot be empty says nothing, for owners and admins, as at sign-up', async () => {
    const { number, session, reply: made } = await signUp(roster, { language: 'es' });
    await ledger.mark();
    const flags = { clinical: null, template: null, native_signup: null };
    const user = {
      ...flags,
      language: null,
      password: null,
      role: null,
      active: null,
      current_password: null,
    };
    for (const each of [session, admin.session]) {
      for (const json of [{ user, ...flags }, flags, { user: { ...user, password_confirmation: null } }]) {
        const reply = await put(number, each, json);
        assert.deepEqual([reply.status, reply.text], [200, made.text]);
      }
    }
    await ledger.expect({});
    const whole = await put(number, session, {
      user: { ...Object(made.body), ...user, first_name: 'Ada' },
      ...flags,
    });
    assert.deepEqual([whole.status, whole.at('first_name'), whole.at('language')], [200, 'Ada', 'es']);
  });

  test('a flag of the user counts where the one beside it is null', async () => {
    const { number } = await signUp(roster);
    const reply = await put(number, admin.session, { user: { clinical: true }, clinical: null });
    assert.deepEqual([reply.status, reply.at('clinical')], [200, true]);
  });

  test('a read-only field with another value is invalid, for admins too', async () => {
    const { number, session } = await signUp(roster);
    await ledger.mark();
    const user = { id: 1, confirmed: true, created_at: '2020-01-01T00:00:00.000Z', updated_at: null };
    for (const each of [session, admin.session]) {
      const reply = await put(number, each, { user });
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, {
        errors: {
          id: ['is invalid'],
          confirmed: ['is invalid'],
          created_at: ['is invalid'],
          updated_at: ['is invalid'],
        },
      });
    }
    await ledger.expect({});
  });

  test('all faulty fields are reported together, and nothing is changed', async () => {
    const { number, session } = await signUp(roster);
    await ledger.mark();
    const user = {
      email: 'nobody',
      password: '1234567',
      first_name: '',
      last_name: null,
      phone: '12',
      date_of_birth: '1990-02-30',
      language: '?',
    };
    const reply = await put(number, session, { user, native_signup: 'yes' });
    assert.equal(reply.status, 422);
    assert.deepEqual(reply.body, {
      errors: {
        email: ['is invalid'],
        password: ['is too short (minimum is 8 characters)'],
        first_name: ["can't be blank"],
        last_name: ["can't be blank"],
        phone: ['is invalid'],
        date_of_birth: ['is invalid'],
        language: ['is invalid'],
        native_signup: ['is invalid'],
      },
    });
    assert.equal((await put(number, session, { user: 'x' })).status, 422);
    assert.equal((await put(number, session, [])).status, 400);
    await ledger.expect({});
  });

  test('a caller who is neither owner nor admin gets not found, once the fields are valid', async () => {
    const person = await addPerson(roster);
    const stranger = await addPerson(roster);
    const clinician = await addPerson(roster, { isClinical: true, isClinicalApproved: true });
    const foreign = await addPerson(roster, {}, await roster.addOrganization());
    await ledger.mark();
    for (const { session } of [stranger, clinician]) {
      for (const id of [person.number, admin.number, foreign.number, 1, 'abc']) {
        for (const json of [{ user: { first_name: 'X' } }, { user: { role: 'admin' } }, { clinical: true }]) {
          const reply = await put(id, session, json);
          assert.deepEqual([reply.status, reply.body], [404, userNotFound]);
        }
        assert.equal((await put(id, session, { user: { first_name: '' } })).status, 422);
      }
    }
    for (const id of [foreign.number, 1, 'abc']) {
      assert.equal((await put(id, admin.session, { user: { first_name: 'X' } })).status, 404);
    }
    const nobody = await roster.call(`PUT ${path}/${person.number}`, { json: {} });
    assert.deepEqual([nobody.status, nobody.body], [401, notAllowed]);
    await ledger.expect({});
  });

  describe('a field that only an admin changes', () => {
    const changes: readonly object[] = [
      { user: { role: 'admin' } },
      { user: { role: 'nonsense' } },
      { user: { active: false } },
      { user: { clinical: true } },
      { clinical: true },
      { template: true },
      { user: { template: true, first_name: '' } },
    ];
    for (const change of changes) {
      test(`${JSON.stringify(change)} is 403 to the owner`, async () => {
        const { number, session } = await signUp(roster);
        await ledger.mark();
        const reply = await put(number, session, change);
        assert.deepEqual([reply.status, reply.body], [403, notAllowed]);
        await ledger.expect({});
      });
    }

    test('may be sent by the owner with its present value', async () => {
      const { number, session } = await signUp(roster);
      const user = { role: 'parent', active: true, clinical: false };
      assert.equal((await put(number, session, { user, clinical: false, template: false })).status, 200);
    });

    test('is changed by an admin, each with its audit event', async () => {
      const { number, email, password } = await signUp(roster);
      await confirm(roster, number, email);
      await ledger.mark();
      const reply = await put(number, admin.session, {
        user: { role: 'member', active: false },
        clinical: true,
        template: true,
      });
      assert.equal(reply.status, 200);
      const shown = ['role', 'active', 'clinical'].map((field) => reply.at(field));
      assert.deepEqual(shown, ['member', false, true]);
      await ledger.expect({
        audit: [
          { action: 'user.role_changed', actor_id: bareId(admin.userId), fields: 'role' },
          { action: 'user.clinical_changed', actor_id: bareId(admin.userId), fields: 'clinical' },
          { action: 'user.updated', actor_id: bareId(admin.userId), fields: 'template' },
          { action: 'user.cancelled' },
        ],
        rows: { users: '~1', sessions: '-1' },
      });
      const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number }));
      assert.deepEqual([user?.isTemplate, user?.isClinicalApproved], [true, false]);
      const signIn = await roster.call('POST /general/v1/sessions', { json: { email, password } });
      assert.equal(signIn.status, 401);
    });

    test('accepts only values of its kind', async () => {
      const { number } = await signUp(roster);
      await ledger.mark();
      const json = { user: { role: 'owner', active: 'no', clinical: 'yes' }, template: 1 };
      const reply = await put(number, admin.session, json);
      assert.deepEqual(reply.body, {
        errors: {
          clinical: ['is invalid'],
          role: ['is invalid'],
          active: ['is invalid'],
          template: ['is invalid'],
        },
      });
      await ledger.expect({});
    });

    test('a wish to be clinical is not approved by repeating it', async () => {
      const { number, session } = await signUp(roster, {}, { beside: { clinical: true } });
      await ledger.mark();
      const json = { clinical: true, user: { clinical: true } };
      assert.equal((await put(number, session, json)).at('clinical'), true);
      await ledger.expect({});
      const list = await roster.call(`GET ${path}`, { session });
      assert.equal(list.at('meta.total'), 1);
    });

    test('a wish to be clinical is set and not approved by an admin, also where it is shown already', async () => {
      const { number } = await addPerson(roster);
      const isApproved = async () =>
        (await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number })))
          ?.isClinicalApproved;
      await ledger.mark();
      assert.equal((await put(number, admin.session, { clinical: true })).at('clinical'), true);
      await ledger.expect({
        audit: [{ action: 'user.clinical_changed', fields: 'clinical' }],
        rows: { users: '~1' },
      });
      for (const json of [{ clinical: true }, { user: { clinical: true } }]) {
        assert.equal((await put(number, admin.session, json)).at('clinical'), true);
        assert.equal(await isApproved(), false);
      }
      await ledger.expect({});
    });

    test('a withdrawal of the wish ends the approval', async () => {
      for (const json of [{ clinical: false }, { user: { clinical: false } }]) {
        const { number } = await addPerson(roster, { isClinical: true, isClinicalApproved: true });
        assert.equal((await put(number, admin.session, json)).at('clinical'), false);
        const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number }));
        assert.equal(user?.isClinicalApproved, false);
      }
    });
  });

  describe('a new phone number', () => {
    test('clears confirmed, keeps the status, and gets a code', async () => {
      const { number, session } = await signUp(roster, { phone: '+1-555-200-0001' });
      await confirm(roster, number, '+15552000001');
      await ledger.mark();
      const reply = await put(number, session, { user: { phone: '+1-555-200-0002' } });
      assert.deepEqual([reply.status, reply.at('confirmed')], [200, false]);
      await ledger.expect({
        audit: [{ action: 'user.phone_changed' }],
        messages: [
          { template: 'phone_changed', channel: 'sms', to: '+15552000001' },
          { template: 'confirmation', channel: 'sms', to: '+15552000002' },
        ],
        rows: { users: '~1', confirmation_codes: '+1' },
      });
      const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.find({ number }));
      assert.equal(user?.status, 'active');
      await confirm(roster, number, '+15552000002');
    });

    test('is not the same number in another notation', async () => {
      const { number, session } = await signUp(roster, { phone: '+1-555-200-0003' });
      await confirm(roster, number, '+15552000003');
      await ledger.mark();
      const reply = await put(number, session, { user: { phone: '+1 (555) 200 0003' } });
      assert.deepEqual([reply.at('confirmed'), reply.at('phone')], [true, '+1 (555) 200 0003']);
      await ledger.expect({ audit: [{ action: 'user.phone_changed' }], rows: { users: '~1' } });
    });

    test('is refused after five codes in an hour, those of sign-up included', async () => {
      const { number, session } = await signUp(roster, { phone: '+1-555-200-0010' });
      const change = (last: number) => put(number, session, { user: { phone: `+1-555-200-00${last}` } });
      for (const last of [11, 12, 13, 14]) assert.equal((await change(last)).status, 200);
      await ledger.mark();
      const refused = await change(15);
      assert.equal(refused.status, 429);
      assert.equal(refused.header('retry-after'), '3600');
      await ledger.expect({});
      roster.clock.advance(60 * minuteMs);
      assert.equal((await change(15)).status, 200);
    });

    test('of a cancelled user is stored, and no message is sent', async () => {
      const { number } = await signUp(roster, { phone: '+1-555-200-0020' });
      await roster.call(`POST ${path}/${number}/cancel`, { session: admin.session });
      await ledger.mark();
      const reply = await put(number, admin.session, { user: { phone: '+1-555-200-0021' } });
      assert.equal(reply.status, 200);
      await ledger.expect({ audit: [{ action: 'user.phone_changed' }], rows: { users: '~1' } });
    });
  });
});
