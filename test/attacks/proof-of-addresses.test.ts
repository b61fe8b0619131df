/** A code or a link proves the address that it was sent to, and nothing else proves one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf, newToken } from '../../src/core/secret.ts';
import { dayMs } from '../../src/core/time.ts';
import { confirm } from '../contracts/general/sign-up.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import {
  askForReset,
  linkIn,
  messageOf,
  newEmail,
  newPhone,
  openLink,
  pressButton,
  proofsOf,
  put,
  reset,
  sendCode,
  signUp,
  userOf,
} from './support/accounts.ts';

const none = { email: false, phone: false };

describe('a proof', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());

  test('of the phone is the code that went to it, and it proves no email', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    assert.deepEqual(await proofsOf(roster, account), none);
    await confirm(roster, account.number, account.phone ?? '');
    assert.deepEqual(await proofsOf(roster, account), { email: false, phone: true });
  });

  test('of the email is the code that went to it, and it proves no phone', async () => {
    const account = await signUp(roster);
    await confirm(roster, account.number, account.email);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
    // The phone that is added afterwards is not the one that was proved.
    await put(roster, account, account.session, { user: { phone: newPhone() } });
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
  });

  test('of a new phone is no code that went to the former one, or to the email', async () => {
    const phone = newPhone();
    const account = await signUp(roster, { phone });
    const { code: old } = await roster.lastMessage(phone);
    await put(roster, account, account.session, { user: { phone: newPhone() } });
    assert.equal((await sendCode(roster, account.number, old)).status, 401);
    const byEmail = await signUp(roster);
    const { code: mailed } = await roster.lastMessage(byEmail.email);
    await put(roster, byEmail, byEmail.session, { user: { phone: newPhone() } });
    assert.equal((await sendCode(roster, byEmail.number, mailed)).status, 401);
    for (const each of [account, byEmail]) assert.deepEqual(await proofsOf(roster, each), none);
  });

  test('of the email is no code that went to a phone which was removed', async () => {
    const phone = newPhone();
    const account = await signUp(roster, { phone });
    const { code } = await roster.lastMessage(phone);
    await put(roster, account, account.session, { user: { phone: null } });
    assert.equal((await sendCode(roster, account.number, code)).status, 401);
    assert.deepEqual(await proofsOf(roster, account), none);
  });

  test('ends with every change of the address, also by an admin, and stays in another spelling', async () => {
    const account = await signUp(roster);
    await confirm(roster, account.number, account.email);
    const spelled = account.email.toUpperCase();
    for (const session of [account.session, admin.session]) {
      assert.equal((await put(roster, account, session, { user: { email: spelled } })).status, 200);
      assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
    }
    await put(roster, account, admin.session, { user: { email: newEmail() } });
    assert.deepEqual(await proofsOf(roster, account), none);

    const withPhone = await signUp(roster, { phone: newPhone() });
    await confirm(roster, withPhone.number, withPhone.phone ?? '');
    await put(roster, withPhone, admin.session, { user: { phone: newPhone() } });
    assert.deepEqual(await proofsOf(roster, withPhone), none);
  });
});

describe('the link that proves an email', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());

  async function signUpWithLink() {
    const account = await signUp(roster, { phone: newPhone() });
    return { account, link: linkIn(await messageOf(roster, account.email, 'email_proof')) };
  }

  test('does nothing when a mail scanner opens it', async () => {
    const { account, link } = await signUpWithLink();
    for (const method of ['GET', 'HEAD', 'GET']) {
      const answer = await openLink(link, method);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
      assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    }
    assert.deepEqual(await proofsOf(roster, account), none);
    assert.equal((await pressButton(link)).status, 200);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
  });

  test('works once, also for many presses at the same time', async () => {
    const { account, link } = await signUpWithLink();
    const answers = await Promise.all(Array.from({ length: 10 }, () => pressButton(link)));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, ...Array.from({ length: 9 }, () => 422)]);
    assert.equal((await openLink(link)).status, 422);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
  });

  test('proves no address that came after it, also not the former one again', async () => {
    const { account, link } = await signUpWithLink();
    assert.equal((await put(roster, account, account.session, { user: { email: newEmail() } })).status, 200);
    assert.equal((await pressButton(link)).status, 422);
    await put(roster, account, admin.session, { user: { email: account.email } });
    assert.equal((await pressButton(link)).status, 422);
    assert.deepEqual(await proofsOf(roster, account), none);
  });

  test('goes to an address that replaces an unproved one, also of an account with a phone', async () => {
    const { account, link } = await signUpWithLink();
    await confirm(roster, account.number, account.phone ?? '');
    const email = newEmail();
    const change = await put(roster, account, account.session, { user: { email } });
    assert.deepEqual([change.status, change.at('email')], [200, email]);
    assert.deepEqual(await proofsOf(roster, account), { email: false, phone: true });
    assert.equal((await pressButton(link)).status, 422);
    assert.equal((await pressButton(linkIn(await messageOf(roster, email, 'email_proof')))).status, 200);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: true });
  });

  test('proves the account that it was sent to, not the one of a session beside it', async () => {
    const { account, link } = await signUpWithLink();
    const other = await signUp(roster, { phone: newPhone() });
    assert.equal((await pressButton(link, { 'x-user-token': other.session })).status, 200);
    assert.deepEqual(await proofsOf(roster, other), none);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
  });

  test('is no link that sets a password, and such a link is none that proves an email', async () => {
    const { account, link } = await signUpWithLink();
    const token = new URL(link).searchParams.get('token') ?? '';
    assert.equal((await reset(roster, token)).status, 422);
    const resetToken = await askForReset(roster, account.email);
    assert.equal((await pressButton(link.replace(token, resetToken))).status, 422);
    assert.deepEqual(await proofsOf(roster, account), none);
  });

  test('does nothing for a cancelled account, after seven days, or with a changed token', async () => {
    const { account, link } = await signUpWithLink();
    for (const wrong of [
      '',
      'ep_1_x',
      `${link.slice(0, -1)}${link.endsWith('x') ? 'y' : 'x'}`.split('=')[1],
    ]) {
      const other = new URL(link);
      other.searchParams.set('token', wrong ?? '');
      assert.equal((await pressButton(other.href)).status, 422);
    }
    await roster.call(`POST /general/v1/users/${account.number}/cancel`, { session: account.session });
    assert.equal((await pressButton(link)).status, 422);
    await put(roster, account, admin.session, { user: { active: true } });
    assert.equal((await pressButton(link)).status, 422);
    const old = await signUpWithLink();
    roster.clock.advance(7 * dayMs);
    assert.equal((await pressButton(old.link)).status, 422);
    for (const each of [account, old.account]) assert.deepEqual(await proofsOf(roster, each), none);
  });
});

describe('a reset link', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());

  test('proves the email that it went to', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    assert.equal((await reset(roster, await askForReset(roster, account.email))).status, 200);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
  });

  test('and an invitation prove it also where an earlier version has sent them', async () => {
    for (const purpose of ['reset', 'invitation'] as const) {
      const account = await signUp(roster, { phone: newPhone() });
      const { id } = await userOf(roster, account);
      const token = newToken(purpose === 'reset' ? 'pr' : 'inv', roster.organization.key);
      const link = { userId: id, purpose, emailDigest: null, expiresAt: roster.clock.now() + 1_000 };
      await roster.core.work.change(roster.organization.key, (tx) =>
        tx.passwordTokens.insert(link, digestOf(token)),
      );
      assert.equal((await reset(roster, token)).status, 200);
      assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
    }
  });

  test('proves no email that came after it', async () => {
    const account = await signUp(roster);
    const token = await askForReset(roster, account.email);
    await put(roster, account, admin.session, { user: { email: newEmail() } });
    assert.equal((await reset(roster, token)).status, 422);
    assert.deepEqual(await proofsOf(roster, account), none);
  });
});

describe('an owner whose address a stranger has registered', () => {
  const roster = setUpRoster();

  test('ends the sessions and the phone of the stranger with the first reset', async () => {
    const phone = newPhone();
    const stranger = await signUp(roster, { phone });
    await confirm(roster, stranger.number, phone);
    assert.deepEqual(await proofsOf(roster, stranger), { email: false, phone: true });
    const token = await askForReset(roster, stranger.email);
    assert.equal((await reset(roster, token)).status, 200);
    const asStranger = { session: stranger.session };
    assert.equal((await roster.call(`GET /general/v1/users/${stranger.number}`, asStranger)).status, 401);
    assert.deepEqual(await proofsOf(roster, stranger), { email: true, phone: false });
  });

  test('ends an open code to the phone of the stranger with it', async () => {
    const phone = newPhone();
    const stranger = await signUp(roster, { phone });
    const { code } = await roster.lastMessage(phone);
    await reset(roster, await askForReset(roster, stranger.email));
    assert.equal((await sendCode(roster, stranger.number, code)).status, 401);
    assert.deepEqual(await proofsOf(roster, stranger), { email: true, phone: false });
  });

  test('keeps a proved phone with a later reset', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    assert.equal(
      (await pressButton(linkIn(await messageOf(roster, account.email, 'email_proof')))).status,
      200,
    );
    await confirm(roster, account.number, account.phone ?? '');
    await reset(roster, await askForReset(roster, account.email));
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: true });
  });
});
