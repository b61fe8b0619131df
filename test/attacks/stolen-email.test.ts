/** An owner gets a proved email back that a thief with a session and the password has replaced. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hourMs } from '../../src/core/time.ts';
import { confirm, goodPassword } from '../contracts/general/sign-up.ts';
import type { Reply } from '../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import {
  type Account,
  askForReset,
  changeEmail,
  invite,
  linkOf,
  messageOf,
  newEmail,
  newPhone,
  openLink,
  path,
  pressButton,
  proofsOf,
  put,
  reset,
  signIn,
  signUp,
  signUpProved,
  templatesTo,
  userOf,
} from './support/accounts.ts';

describe('an email that a thief has replaced', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);

  const proved = (): Promise<Account> => signUpProved(roster);
  const change = (account: Account, email: string): Promise<Reply> => changeEmail(roster, account, email);
  const linkTo = (email: string, template: string): Promise<string> => linkOf(roster, email, template);
  const sees = async (account: Account): Promise<number> =>
    (await roster.call(`GET ${path}/${account.number}`, account)).status;

  /** The thief has the account now, with a password and a phone of the thief. */
  async function stolen(): Promise<{ owner: Account; thief: Account; undo: string }> {
    const owner = await proved();
    const thiefEmail = newEmail();
    await change(owner, thiefEmail);
    assert.equal((await pressButton(await linkTo(thiefEmail, 'email_change'))).status, 200);
    const session = (await signIn(roster, thiefEmail, goodPassword)).string('token');
    const phone = newPhone();
    const thief = { ...owner, email: thiefEmail, session, phone };
    const user = { password: 'the thief likes it', current_password: goodPassword, phone };
    assert.equal((await put(roster, thief, session, { user })).status, 200);
    await confirm(roster, thief.number, phone);
    return { owner, thief, undo: await linkTo(owner.email, 'email_undo') };
  }

  test('comes back by the link to it: sessions and password end, and the owner sets a new one', async () => {
    const { owner, thief, undo } = await stolen();
    assert.deepEqual(await templatesTo(roster, owner.email), ['confirmation', 'email_undo']);
    await ledger.mark();
    for (const method of ['GET', 'HEAD', 'GET']) assert.equal((await openLink(undo, method)).status, 200);
    await ledger.expect({});
    assert.equal(await sees(thief), 200);
    roster.clock.advance(72 * hourMs - 1);
    assert.equal((await pressButton(undo)).status, 200);
    assert.equal(await sees(thief), 401);
    const { email } = await userOf(roster, owner);
    assert.equal(email, owner.email);
    assert.deepEqual(await proofsOf(roster, owner), { email: true, phone: false });
    for (const [address, password] of [
      [owner.email, goodPassword],
      [owner.email, 'the thief likes it'],
      [thief.email, 'the thief likes it'],
    ] as const) {
      assert.equal((await signIn(roster, address, password)).status, 401);
    }
    const { token = '' } = await messageOf(roster, owner.email, 'password_reset');
    assert.equal((await reset(roster, token)).status, 200);
    assert.equal((await signIn(roster, owner.email, 'three wild horses')).status, 201);
    assert.equal((await pressButton(undo)).status, 422);
  });

  test('does not come back after 72 hours', async () => {
    const { owner, thief, undo } = await stolen();
    roster.clock.advance(72 * hourMs);
    assert.equal((await pressButton(undo)).status, 422);
    assert.equal((await userOf(roster, owner)).email, thief.email);
  });

  test('comes back also after more changes, a cancelled account, and a sign-up with it', async () => {
    const { owner, thief, undo } = await stolen();
    const further = newEmail();
    roster.clock.advance(1);
    const user = { email: further, current_password: 'the thief likes it' };
    await put(roster, thief, thief.session, { user });
    assert.equal((await pressButton(await linkTo(further, 'email_change'))).status, 200);
    const thiefUndo = await linkTo(thief.email, 'email_undo');
    const squatter = await signUp(roster, { email: owner.email, phone: newPhone() });
    await roster.call(`POST ${path}/${thief.number}/cancel`, { session: thief.session });
    assert.equal((await pressButton(undo)).status, 200);
    assert.equal((await userOf(roster, owner)).email, owner.email);
    assert.equal((await userOf(roster, squatter)).email, null);
    assert.equal((await pressButton(thiefUndo)).status, 422);
    await put(roster, owner, admin.session, { user: { active: true } });
    const token = await askForReset(roster, owner.email);
    assert.equal((await reset(roster, token)).status, 200);
  });

  test('says that support is needed where another person was given the address meanwhile', async () => {
    const { owner, thief, undo } = await stolen();
    assert.equal((await invite(roster, owner.email)).status, 201);
    await ledger.mark();
    for (let press = 0; press < 2; press += 1) {
      const page = await pressButton(undo);
      assert.deepEqual([page.status, /contact support/.test(await page.text())], [422, true]);
    }
    await ledger.expect({});
    assert.equal((await userOf(roster, thief)).email, thief.email);
  });

  test('keeps its way back when the thief undoes a later change, or resets the password', async () => {
    const { owner, thief, undo } = await stolen();
    const further = newEmail();
    roster.clock.advance(1);
    const user = { email: further, current_password: 'the thief likes it' };
    await put(roster, thief, thief.session, { user });
    assert.equal((await pressButton(await linkTo(further, 'email_change'))).status, 200);
    assert.equal((await pressButton(await linkTo(thief.email, 'email_undo'))).status, 200);
    assert.equal((await reset(roster, await askForReset(roster, thief.email))).status, 200);
    assert.equal((await pressButton(undo)).status, 200);
    assert.equal((await userOf(roster, owner)).email, owner.email);
  });

  test('is undone once', async () => {
    const account = await proved();
    const next = newEmail();
    await change(account, next);
    await pressButton(await linkTo(next, 'email_change'));
    const undo = await linkTo(account.email, 'email_undo');
    const answers = await Promise.all(Array.from({ length: 10 }, () => pressButton(undo)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [
      200,
      ...Array.from({ length: 9 }, () => 422),
    ]);
    const resets = (await templatesTo(roster, account.email)).filter((each) => each === 'password_reset');
    assert.equal(resets.length, 1);
    const undone = (await roster.rows.all('audit_events'))
      .filter((event) => event['action'] === 'user.email_change_undone')
      // PostgreSQL gives rows in any order.
      .sort((left, right) => Number(left['seq']) - Number(right['seq']));
    assert.equal(undone.at(-1)?.['fields'], 'email,password');
  });
});
