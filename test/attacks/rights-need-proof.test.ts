/** Rights are given on purpose, and only to a user whose email is proved. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { confirm } from '../contracts/general/sign-up.ts';
import { addPerson } from '../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import {
  approve,
  askForReset,
  invite,
  messageOf,
  newEmail,
  newPhone,
  path,
  put,
  reset,
  signUp,
  tokenOf,
  userOf,
} from './support/accounts.ts';

const notVerified = { errors: { email: ['is not verified'] } };

describe('rights', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);
  const asAdmin = {
    get session() {
      return admin.session;
    },
  };

  const sees = async (session: string): Promise<number> =>
    (await roster.call(`GET ${path}`, { session })).number('meta.total');

  test('come from no wish that an admin sends back from a list', async () => {
    const account = await signUp(roster);
    await confirm(roster, account.number, account.email);
    const wish = { clinical: true, user: { clinical: true } };
    assert.equal((await put(roster, account, admin.session, wish)).at('clinical'), true);
    const list = await roster.call(`GET ${path}?page_size=100`, asAdmin);
    const shown = Object(list.at('users')).find(({ id }: { id: number }) => id === account.number);
    assert.equal(shown.clinical, true);
    // The body of a document's example, with the whole user as the list shows it.
    for (const json of [{ user: shown }, { user: shown, clinical: true }, shown]) {
      assert.equal((await put(roster, account, admin.session, json)).status, 200);
    }
    assert.equal((await userOf(roster, account)).isClinicalApproved, false);
    assert.equal(await sees(account.session), 1);
  });

  test('of a clinician come from the approval, for a proved email, with an event of the record', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    await confirm(roster, account.number, account.phone ?? '');
    await ledger.mark();
    const refused = await approve(roster, account, admin.session);
    assert.deepEqual([refused.status, refused.body], [422, notVerified]);
    await ledger.expect({});
    await reset(roster, await askForReset(roster, account.email));
    await ledger.mark();
    const approved = await approve(roster, account, admin.session);
    assert.deepEqual(
      [approved.status, approved.at('id'), approved.at('clinical')],
      [200, account.number, true],
    );
    await ledger.expect({ audit: [{ action: 'user.clinical_approved' }], rows: { users: '~1' } });
    assert.equal((await approve(roster, account, admin.session)).status, 200);
    await ledger.expect({});
    const json = { email: account.email, password: 'three wild horses' };
    const session = (await roster.call('POST /general/v1/sessions', { json })).string('token');
    assert.ok((await sees(session)) > 1);
    assert.equal((await put(roster, account, admin.session, { clinical: false })).at('clinical'), false);
    assert.equal(await sees(session), 1);
  });

  test('are approved by admins only: 403, whether the user exists or not', async () => {
    const account = await signUp(roster);
    await confirm(roster, account.number, account.email);
    const clinician = await addPerson(roster, { isClinical: true, isClinicalApproved: true });
    const member = await addPerson(roster, { role: 'member' });
    for (const { session } of [account, clinician, member]) {
      assert.equal((await approve(roster, account, session)).status, 403);
      assert.equal((await approve(roster, { ...account, number: 1 }, session)).status, 403);
    }
    assert.equal((await roster.call(`POST ${path}/${account.number}/approve_clinical`)).status, 401);
    assert.equal((await approve(roster, { ...account, number: 1 }, admin.session)).status, 404);
    const abroad = await roster.addAdmin(await roster.addOrganization());
    assert.equal((await approve(roster, account, abroad.session)).status, 404);
    assert.equal((await userOf(roster, account)).isClinicalApproved, false);
  });

  test('of a role are given to no user whose email is unproved', async () => {
    const account = await signUp(roster);
    for (const role of ['member', 'admin']) {
      const refused = await put(roster, account, admin.session, { user: { role } });
      assert.deepEqual([refused.status, refused.body], [422, notVerified]);
    }
    await confirm(roster, account.number, account.email);
    // An email that the same request changes is not the proved one.
    const both = { user: { role: 'admin', email: newEmail() } };
    assert.deepEqual((await put(roster, account, admin.session, both)).body, notVerified);
    assert.equal((await userOf(roster, account)).email, account.email);
    const respelled = { user: { role: 'member', email: account.email.toUpperCase() } };
    assert.equal((await put(roster, account, admin.session, respelled)).at('role'), 'member');
    assert.equal(
      (await put(roster, account, admin.session, { user: { role: 'admin' } })).at('role'),
      'admin',
    );
  });

  test('are refused together with the other faults of the request', async () => {
    const account = await signUp(roster);
    const json = { user: { role: 'admin', first_name: '' } };
    const { status, body } = await put(roster, account, admin.session, json);
    assert.deepEqual(
      [status, body],
      [422, { errors: { first_name: ["can't be blank"], email: ['is not verified'] } }],
    );
  });

  test('of an invitation begin when it is accepted, which proves the email', async () => {
    const email = newEmail();
    assert.equal((await invite(roster, email)).status, 201);
    const token = tokenOf(await messageOf(roster, email, 'invitation'));
    const accepted = await reset(roster, token);
    assert.deepEqual([accepted.status, accepted.at('role')], [200, 'member']);
    const account = { number: accepted.number('id'), email, phone: undefined, session: '' };
    assert.equal((await approve(roster, account, admin.session)).status, 200);
    assert.equal((await put(roster, account, admin.session, { user: { role: 'admin' } })).status, 200);
  });

  test('are not refused to a user without an email, and a lower role to none', async () => {
    const person = await addPerson(roster);
    const account = { ...person, email: '', phone: undefined };
    assert.equal((await approve(roster, account, admin.session)).status, 200);
    assert.equal((await put(roster, account, admin.session, { user: { role: 'admin' } })).status, 200);
    const earlier = await addPerson(roster, { email: newEmail(), role: 'admin' });
    const demoted = { ...earlier, email: '', phone: undefined };
    assert.equal((await put(roster, demoted, admin.session, { user: { role: 'member' } })).status, 200);
    assert.equal((await put(roster, demoted, admin.session, { user: { role: 'parent' } })).status, 200);
  });

  test('that a user has stay when an admin changes the email', async () => {
    const account = await signUp(roster);
    await confirm(roster, account.number, account.email);
    await approve(roster, account, admin.session);
    await put(roster, account, admin.session, { user: { role: 'member' } });
    await put(roster, account, admin.session, { user: { email: newEmail() } });
    const { role, isClinicalApproved } = await userOf(roster, account);
    assert.deepEqual([role, isClinicalApproved], ['member', true]);
    assert.deepEqual(
      (await put(roster, account, admin.session, { user: { role: 'admin' } })).body,
      notVerified,
    );
  });
});
