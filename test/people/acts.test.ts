/** What staff and the operator do to the account of a person, and who may. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freeFailures } from '../../src/core/access/throttle.ts';
import { isRefusal } from '../../src/core/errors.ts';
import { editPerson } from '../../src/core/people/acts-on-person.ts';
import { type DoneAct, personActs } from '../../src/core/people/person-act.ts';
import { actorIdOf } from '../../src/core/record/audit-event.ts';
import { dayMs, hourMs, minuteMs } from '../../src/core/time.ts';
import { validatePasswordToken } from '../../src/core/verification/password-reset.ts';
import { codeOf, signInStatus, tokenOf, wrongCode } from '../contracts/general/sign-up.ts';
import { setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { act, idOf, invitePerson, look, operatorOf, signUpPerson, staffOf, staffRoles } from './people.ts';

const arrival = { network: 'test', arrivedAt: 0 };
const bad = 'not the password';

describe('acts on a person', () => {
  const roster = setUpRoster({ env: { ROSTER_LIMIT_GUESSES: '20' } });
  const ledger = setUpLedger(roster);
  const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

  test('only owners and support do them, rights only owners, and nobody but staff and the operator', async () => {
    const { id } = await signUpPerson(roster);
    const values = { role: 'parent', isApproved: false, externalId: `x-${id}`, what: 'proof' };
    for (const name of personActs) {
      for (const role of staffRoles) {
        const done = act(roster, staffOf(roster, role), id, name, values);
        const isOfRights = name === 'role' || name === 'clinical';
        if (role === 'owner' || (role === 'support' && !isOfRights)) {
          // What the state refuses is not refused for the role.
          await done.catch((error: unknown) => assert.ok(!isRefusal(error, 'forbidden'), `${role} ${name}`));
        } else await assert.rejects(done, code('forbidden'), `${role} ${name}`);
      }
      const key = {
        kind: 'api_key',
        door: 'sonar',
        orgKey: roster.organization.key,
        keyId: 'k',
        role: 'admin',
      } as const;
      await assert.rejects(act(roster, key, id, name, values), code('forbidden'));
    }
  });

  test('a person of another organization is not found, as one who does not exist', async () => {
    const other = await roster.addOrganization();
    const { id } = await signUpPerson(roster);
    const owner = staffOf(roster, 'owner', other.key);
    const values = { role: 'parent', isApproved: false, externalId: null };
    for (const name of personActs) {
      for (const each of [id, 'f'.repeat(32)]) {
        await assert.rejects(act(roster, owner, each, name, values), (error) => {
          assert.ok(isRefusal(error, 'not_found'), `${name} ${error}`);
          assert.deepEqual(error.details, { noun: 'user' });
          return true;
        });
      }
    }
    await assert.rejects(look(roster, owner, id), code('not_found'));
    await assert.rejects(
      editPerson(roster.core, owner, { ref: { id }, change: { firstName: 'X' }, arrival }),
      code('not_found'),
    );
  });

  test('unlock ends the locks of wrong passwords and codes, and the person can go on at once', async () => {
    const person = await signUpPerson(roster, { phone: '+1-555-300-0101' });
    const right = await codeOf(roster, '+15553000101');
    for (let time = 0; time < freeFailures; time++) {
      assert.equal(await signInStatus(roster, person.email, bad), 401);
      const json = { user_id: person.number, confirmation_code: wrongCode(right) };
      assert.equal((await roster.call('POST /general/v1/users/confirmation', { json })).status, 401);
    }
    assert.equal(await signInStatus(roster, person.email, person.password), 429);
    const support = staffOf(roster, 'support');
    const locked = await look(roster, support, person.id);
    assert.deepEqual(
      locked.signIn.reasons.map(({ code: why, act: helps }) => [why, helps]),
      [
        ['network_locked', 'unlock'],
        ['code_locked', 'unlock'],
        ['unconfirmed', 'resend'],
      ],
    );
    assert.equal(locked.signIn.can, false);
    assert.deepEqual([locked.acts.unlock.isAllowed, locked.acts.resend.why], [true, 'rate_limited']);
    await ledger.mark();
    const { isChanged, locksEnded } = await act(roster, support, person.id, 'unlock');
    assert.ok(isChanged && Number(locksEnded) >= 3);
    await ledger.expect({
      audit: [{ action: 'user.unlocked', door: 'console', actor_kind: 'staff', subject_id: person.id }],
      rows: { login_failures: '-2', confirmation_codes: '-1' },
    });
    const free = await look(roster, support, person.id);
    assert.equal(free.signIn.can, true);
    assert.deepEqual([free.acts.unlock.why, free.acts.resend.why], ['nothing_to_do', null]);
    assert.equal(await signInStatus(roster, person.email, person.password), 201);
    const sent = await act(roster, support, person.id, 'resend');
    assert.deepEqual(sent.sent, { what: 'confirmation', channel: 'sms' });
    await assert.rejects(act(roster, support, person.id, 'resend'), code('rate_limited'));
  });

  test('ending the sessions signs out everywhere, once', async () => {
    const person = await signUpPerson(roster);
    const { session } = person;
    const support = staffOf(roster, 'support');
    assert.equal((await act(roster, support, person.id, 'end-sessions')).sessionsEnded, 1);
    assert.equal((await roster.call('GET /general/v1/users', { session })).status, 401);
    await ledger.mark();
    const again = await act(roster, support, person.id, 'end-sessions');
    assert.deepEqual([again.sessionsEnded, again.isChanged], [0, false]);
    await ledger.expect({});
  });

  test('an invitation is sent again in place of the earlier one', async () => {
    const invited = await invitePerson(roster, 'again@example.com');
    const first = await tokenOf(roster, 'again@example.com');
    await ledger.mark();
    const owner = staffOf(roster, 'owner');
    const { sent } = await act(roster, owner, invited.id, 'resend');
    assert.deepEqual(sent, { what: 'invitation', channel: 'email' });
    await ledger.expect({
      audit: [{ action: 'invitation.sent', actor_kind: 'staff', subject_id: invited.id }],
      messages: [{ template: 'invitation', to: 'again@example.com' }],
      rows: { password_tokens: '+1 -1' },
    });
    const budget = { scope: 'organization', budget: `invitation ${actorIdOf(owner)}` } as const;
    const used = await roster.core.work.read(roster.organization.key, (tx) =>
      tx.messageBudgets.findUsed(budget, roster.clock.now()),
    );
    assert.equal(used, 1, 'the budget of the account');
    const isValid = (token: string) => validatePasswordToken(roster.core, { token });
    assert.deepEqual(
      [await isValid(first), await isValid(await tokenOf(roster, 'again@example.com'))],
      [false, true],
    );
    const state = await look(roster, owner, invited.id);
    assert.deepEqual(
      state.signIn.reasons.map(({ code: why }) => why),
      ['invited'],
    );
    assert.equal(state.openLinks.length, 1);
    await assert.rejects(act(roster, owner, invited.id, 'confirm'), code('wrong_state'));
  });

  test('a proof is sent to an unproved email, and a reset link to any', async () => {
    const person = await signUpPerson(roster, { phone: '+1-555-300-0102' });
    const support = staffOf(roster, 'support');
    await ledger.mark();
    assert.deepEqual((await act(roster, support, person.id, 'resend', { what: 'proof' })).sent, {
      what: 'proof',
      channel: 'email',
    });
    assert.deepEqual((await act(roster, support, person.id, 'send-reset')).sent, {
      what: 'reset',
      channel: 'email',
    });
    await ledger.expect({
      audit: [{ action: 'user.proof_sent' }, { action: 'password.reset_requested', actor_kind: 'staff' }],
      messages: [{ template: 'email_proof' }, { template: 'password_reset', to: person.email }],
      rows: { email_tokens: '+1', password_tokens: '+1' },
    });
    await assert.rejects(act(roster, support, person.id, 'send-reset'), code('rate_limited'));
    assert.equal((await look(roster, support, person.id)).acts['send-reset'].why, 'rate_limited');
    await assert.rejects(act(roster, support, person.id, 'resend', { what: 'all' }), code('invalid_fields'));
  });

  test('confirming activates, and proves no address', async () => {
    const person = await signUpPerson(roster);
    const { user } = await act(roster, operatorOf(roster), person.id, 'confirm');
    assert.deepEqual([user.status, user.emailProvedAt], ['active', null]);
    await assert.rejects(act(roster, operatorOf(roster), person.id, 'confirm'), code('already_confirmed'));
  });

  test('cancelled and reinstated, and each a second time changes nothing', async () => {
    const person = await signUpPerson(roster);
    const owner = staffOf(roster, 'owner');
    assert.equal((await act(roster, owner, person.id, 'cancel')).isChanged, true);
    const cancelled = await look(roster, owner, person.id);
    assert.deepEqual(cancelled.signIn.reasons[0], {
      code: 'cancelled',
      scope: 'everywhere',
      until: null,
      act: 'reinstate',
    });
    assert.equal(await signInStatus(roster, person.email, person.password), 401);
    await ledger.mark();
    assert.equal((await act(roster, owner, person.id, 'cancel')).isChanged, false);
    await ledger.expect({});
    assert.equal((await act(roster, owner, person.id, 'reinstate')).isChanged, true);
    await ledger.mark();
    assert.equal((await act(roster, owner, person.id, 'reinstate')).isChanged, false);
    await ledger.expect({});
    assert.equal(await signInStatus(roster, person.email, person.password), 201);
  });

  test('rights need a proved email, and the last admin stays', async () => {
    const tenant = await roster.addOrganization();
    const admin = await roster.addAdmin(tenant);
    const owner = staffOf(roster, 'owner', tenant.key);
    const id = idOf(admin);
    for (const [name, values] of [
      ['cancel', {}],
      ['role', { role: 'parent' }],
    ] as const) {
      await assert.rejects(act(roster, owner, id, name, values), code('last_admin'), name);
      assert.equal((await look(roster, owner, id)).acts[name].why, 'last_admin');
    }
    const person = await signUpPerson(roster);
    const here = staffOf(roster, 'owner');
    for (const [name, values] of [
      ['clinical', { isApproved: true }],
      ['role', { role: 'member' }],
    ] as const) {
      await assert.rejects(act(roster, here, person.id, name, values), code('invalid_fields'), name);
      assert.equal((await look(roster, here, person.id)).acts[name].why, 'email_unproved');
    }
    await assert.rejects(act(roster, here, person.id, 'role', { role: 'owner' }), code('invalid_fields'));
  });

  test('edit and rename have the rules of the APIs, in one change', async () => {
    const person = await signUpPerson(roster);
    const other = await signUpPerson(roster);
    const owner = staffOf(roster, 'owner');
    const edit = (change: object) =>
      editPerson(roster.core, owner, { ref: { id: person.id }, change, arrival });
    await ledger.mark();
    const user = await edit({ firstName: 'Ann', timezone: 'Europe/Paris', email: 'new-ann@example.com' });
    assert.deepEqual(
      [user.firstName, user.timezone, user.email, user.emailProvedAt],
      ['Ann', 'Europe/Paris', 'new-ann@example.com', null],
    );
    await ledger.expect({
      audit: [
        { action: 'user.email_changed', actor_kind: 'staff' },
        { action: 'user.updated', actor_kind: 'staff', fields: 'first_name,timezone' },
      ],
      messages: [{ template: 'email_changed', to: person.email }],
      rows: { users: '~1', confirmation_codes: '-1' },
    });
    for (const faulty of [{ email: 'x' }, { email: other.email }, { timezone: 'Mars' }, { phone: '12' }]) {
      await assert.rejects(edit({ lastName: 'Never', ...faulty }), code('invalid_fields'));
    }
    assert.notEqual((await look(roster, owner, person.id)).user.lastName, 'Never');
    assert.equal((await act(roster, owner, person.id, 'rename', { externalId: 'case-1' })).isChanged, true);
    await assert.rejects(
      act(roster, owner, other.id, 'rename', { externalId: 'case-1' }),
      code('external_id_taken'),
    );
    assert.equal((await act(roster, owner, person.id, 'rename', { externalId: null })).user.externalId, null);
  });

  test('what a page offers is what an act does', async () => {
    const people = [
      (await signUpPerson(roster)).id,
      (await signUpPerson(roster, { phone: '+1-555-300-0103' })).id,
      (await invitePerson(roster, 'offer@example.com')).id,
      idOf(await roster.addAdmin()),
    ];
    const values = { role: 'member', isApproved: true, externalId: null };
    for (const step of ['fresh', 'waited', 'cancelled'] as const) {
      if (step === 'waited') roster.clock.advance(2 * hourMs);
      if (step === 'cancelled') await roster.addAdmin();
      const owner = staffOf(roster, 'owner');
      for (const id of people) {
        if (step === 'cancelled') await act(roster, owner, id, 'cancel').catch(() => null);
        for (const name of ['resend', 'send-reset', 'role', 'clinical', 'confirm'] satisfies DoneAct[]) {
          const { isAllowed, why } = (await look(roster, owner, id)).acts[name];
          const refusal = await act(roster, owner, id, name, values).then(
            () => null,
            (error: { code: string }) => error.code,
          );
          assert.equal(refusal === null, isAllowed, `${step} ${name}: ${why} and ${refusal}`);
        }
      }
    }
    roster.clock.advance(dayMs + minuteMs);
  });
});
