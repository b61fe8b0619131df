/** A stranger who signs up with another person's address does not keep that person out of the organization. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { confirm, goodPassword } from '../contracts/general/sign-up.ts';
import { addPerson } from '../support/contracts/people.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import {
  askForReset,
  invite,
  linkIn,
  messageOf,
  newEmail,
  newPhone,
  openLink,
  path,
  pressButton,
  proofsOf,
  put,
  reset,
  sendCode,
  signUp,
  tokenOf,
  userOf,
} from './support/accounts.ts';

describe('an unproved address', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);

  test('blocks no invitation: the stranger keeps an account without the address', async () => {
    const email = newEmail();
    const stranger = await signUp(roster, { email, phone: newPhone() });
    await confirm(roster, stranger.number, stranger.phone ?? '');
    await ledger.mark();
    const invited = await invite(roster, email.toUpperCase());
    assert.equal(invited.status, 201, invited.text);
    await ledger.expect({
      audit: [{ action: 'user.email_released' }, { action: 'user.created' }],
      messages: [{ template: 'invitation', channel: 'email' }],
      rows: { users: '+1 ~1', email_tokens: '-1', password_tokens: '+1' },
    });
    const own = await roster.call(`GET ${path}/${stranger.number}`, { session: stranger.session });
    assert.deepEqual([own.status, own.at('email'), own.at('confirmed')], [200, null, true]);
    const signIn = { json: { email, password: goodPassword } };
    assert.equal((await roster.call('POST /general/v1/sessions', signIn)).status, 401);
    // The person who was invited accepts, and has the address.
    const token = tokenOf(await messageOf(roster, email.toUpperCase(), 'invitation'));
    const accepted = await reset(roster, token);
    assert.equal(accepted.status, 200);
    assert.deepEqual(await proofsOf(roster, { number: accepted.number('id') }), {
      email: true,
      phone: false,
    });
  });

  test('lost to an invitation is proved by no earlier link or code of the stranger', async () => {
    const withPhone = await signUp(roster, { phone: newPhone() });
    const link = linkIn(await messageOf(roster, withPhone.email, 'email_proof'));
    const token = await askForReset(roster, withPhone.email);
    assert.equal((await invite(roster, withPhone.email)).status, 201);
    assert.equal((await pressButton(link)).status, 422);
    assert.equal((await reset(roster, token)).status, 422);
    const byEmail = await signUp(roster);
    const { code } = await messageOf(roster, byEmail.email, 'confirmation');
    assert.equal((await invite(roster, byEmail.email)).status, 201);
    assert.equal((await sendCode(roster, byEmail.number, code)).status, 401);
    for (const account of [withPhone, byEmail]) {
      assert.deepEqual(await proofsOf(roster, account), { email: false, phone: false });
    }
  });

  test('stays with every other holder: 409', async () => {
    const byCode = await signUp(roster);
    await confirm(roster, byCode.number, byCode.email);
    const byLink = await signUp(roster, { phone: newPhone() });
    assert.equal(
      (await pressButton(linkIn(await messageOf(roster, byLink.email, 'email_proof')))).status,
      200,
    );
    const invited = newEmail();
    assert.equal((await invite(roster, invited)).status, 201);
    // From before the upgrade, and from an import.
    const earlier = newEmail();
    await addPerson(roster, { email: earlier });
    const setByStaff = newEmail();
    const account = await signUp(roster);
    assert.equal((await put(roster, account, admin.session, { user: { email: setByStaff } })).status, 200);
    const byStaff = newEmail();
    const json = { user: { email: byStaff, password: goodPassword, first_name: 'A', last_name: 'B' } };
    assert.equal((await roster.call(`POST ${path}`, { session: admin.session, json })).status, 201);
    const withRights = newEmail();
    await addPerson(roster, { email: withRights, isSelfRegistered: true, isClinicalApproved: true });
    for (const email of [byCode.email, byLink.email, invited, earlier, setByStaff, byStaff, withRights]) {
      const reply = await invite(roster, email);
      assert.equal(reply.status, 409, email);
    }
  });

  test('is taken once more by no second sign-up: 422', async () => {
    const { email } = await signUp(roster);
    const json = { user: { email, password: goodPassword, first_name: 'A', last_name: 'B' } };
    const reply = await roster.call(`POST ${path}`, { json });
    assert.deepEqual([reply.status, reply.body], [422, { errors: { email: ['has already been taken'] } }]);
  });

  test('of another organization is not touched', async () => {
    const other = await roster.addOrganization();
    const email = newEmail();
    await roster.core.work.change(other.key, (tx) =>
      tx.users.insert({ ...newUserOf(other.app.appId, 1), email, isSelfRegistered: true }),
    );
    assert.equal((await invite(roster, email)).status, 201);
    const kept = await roster.core.work.read(other.key, (tx) => tx.users.findByEmail(email));
    assert.equal(kept?.email, email);
  });

  test('is given to one of many invitations that come at the same time', async () => {
    const stranger = await signUp(roster, { phone: newPhone() });
    const json = { email: stranger.email, name: 'Ann Lee', role: 'member' };
    const bearer = roster.organization.apiKeys.admin;
    const replies = await callAtOnce(roster.client, 20, () => [
      'POST /organization/api/v1/users',
      { bearer, json },
    ]);
    assert.deepEqual(statusCounts(replies), { 201: 1, 409: 19 });
    assert.equal((await userOf(roster, stranger)).email, null);
  });

  test('belongs to one of two where a proof and an invitation come at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const account = await signUp(roster, { phone: newPhone() });
      const link = linkIn(await messageOf(roster, account.email, 'email_proof'));
      assert.equal((await openLink(link)).status, 200);
      const [pressed, invited] = await Promise.all([pressButton(link), invite(roster, account.email)]);
      const isProved = pressed.status === 200;
      assert.deepEqual([pressed.status, invited.status], isProved ? [200, 409] : [422, 201]);
      const { email } = await userOf(roster, account);
      assert.equal(email, isProved ? account.email : null);
    }
  });
});
