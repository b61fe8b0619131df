/** A change of phone, password or email is told to the proved addresses, whatever door it came through. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hourMs } from '../../src/core/time.ts';
import { confirm, goodPassword } from '../contracts/general/sign-up.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import {
  type Account,
  askForReset,
  changeEmail,
  linkOf,
  newEmail,
  newPhone,
  path,
  pressButton,
  put,
  reset,
  signUp,
  userOf,
} from './support/accounts.ts';

const nextPassword = 'three wild horses';

describe('the proved addresses', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());

  interface Reachable extends Account {
    readonly phone: string;
  }

  /** An account whose email and phone are proved. */
  async function reachable(): Promise<Reachable> {
    const phone = newPhone();
    const account = await signUp(roster, { phone });
    await confirm(roster, account.number, phone);
    assert.equal((await pressButton(await linkOf(roster, account.email, 'email_proof'))).status, 200);
    return { ...account, phone };
  }

  /** The templates of the messages to the addresses of an account while `change` happens, in order. */
  async function toldDuring({ email, phone }: Account, change: () => Promise<unknown>) {
    const read = async (to: string | undefined): Promise<string[]> =>
      to === undefined ? [] : (await roster.outbox(to)).map(({ template }) => template).reverse();
    const before = [(await read(email)).length, (await read(phone)).length];
    await change();
    return { email: (await read(email)).slice(before[0]), sms: (await read(phone)).slice(before[1]) };
  }

  const change = (account: Account, user: object, session = account.session) =>
    put(roster, account, session, { user: { current_password: goodPassword, ...user } });
  const asAdmin = (account: Account, user: object) => put(roster, account, admin.session, { user });

  test('learn of a new password: by the owner, by an admin, and by a reset', async () => {
    for (const set of [
      (account: Account) => change(account, { password: nextPassword }),
      (account: Account) => asAdmin(account, { password: nextPassword }),
    ]) {
      const account = await reachable();
      const told = await toldDuring(account, () => set(account));
      assert.deepEqual(told, { email: ['password_changed'], sms: ['password_changed'] });
    }
    const account = await reachable();
    const token = await askForReset(roster, account.email);
    const told = await toldDuring(account, () => reset(roster, token));
    assert.deepEqual(told, { email: ['password_changed'], sms: ['password_changed'] });
  });

  test('learn of a new phone, also the former phone and of a first phone, by owner and admin', async () => {
    for (const set of [change, asAdmin]) {
      const account = await reachable();
      const phone = newPhone();
      const told = await toldDuring(account, () => set(account, { phone }));
      assert.deepEqual(told, { email: ['phone_changed'], sms: ['phone_changed'] });
      // The new one is unproved.
      assert.deepEqual(
        (await roster.outbox(phone)).map(({ template }) => template),
        ['confirmation'],
      );
      const removed = await reachable();
      const gone = await toldDuring(removed, () => set(removed, { phone: null }));
      assert.deepEqual(gone, { email: ['phone_changed'], sms: ['phone_changed'] });
    }
    const byEmail = await signUp(roster);
    await confirm(roster, byEmail.number, byEmail.email);
    const told = await toldDuring(byEmail, () => change(byEmail, { phone: newPhone() }));
    assert.deepEqual(told, { email: ['phone_changed'], sms: [] });
  });

  test('learn of a new email: by the link of the owner, by an admin, and by its undoing', async () => {
    const account = await reachable();
    const next = newEmail();
    await changeEmail(roster, account, next);
    const link = await linkOf(roster, next, 'email_change');
    const told = await toldDuring(account, () => pressButton(link));
    assert.deepEqual(told, { email: ['email_undo'], sms: ['email_changed'] });
    const undo = await linkOf(roster, account.email, 'email_undo');
    const undone = await toldDuring({ ...account, email: next }, () => pressButton(undo));
    assert.deepEqual(undone, { email: ['email_changed'], sms: ['email_changed'] });

    const other = await reachable();
    const changed = await toldDuring(other, () => asAdmin(other, { email: newEmail() }));
    assert.deepEqual(changed, { email: ['email_changed'], sms: ['email_changed'] });
  });

  test('learn of each change of one call, and of none that changes nothing', async () => {
    const account = await reachable();
    const both = { password: nextPassword, phone: newPhone() };
    const told = await toldDuring(account, () => change(account, both));
    assert.deepEqual(told, {
      email: ['phone_changed', 'password_changed'],
      sms: ['phone_changed', 'password_changed'],
    });
    const quiet = await reachable();
    const spelled = { email: quiet.email.toUpperCase(), phone: quiet.phone, first_name: 'Ada' };
    assert.deepEqual(await toldDuring(quiet, () => change(quiet, spelled)), { email: [], sms: [] });
    const json = { email: quiet.email, password: goodPassword };
    const signIn = () => roster.call('POST /general/v1/sessions', { json });
    assert.deepEqual((await toldDuring(quiet, signIn)).sms, []);
  });

  test('are the only ones that learn of it: an unproved one may be of a stranger', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    const told = await toldDuring(account, async () => {
      await change(account, { password: nextPassword });
      await put(roster, account, admin.session, { user: { password: goodPassword } });
      await change(account, { phone: newPhone() });
    });
    assert.deepEqual(told, { email: [], sms: [] });
  });

  test('learn of a password at most five times an hour', async () => {
    const account = await reachable();
    const passwords = Array.from({ length: 7 }, (_, index) => `${nextPassword} ${index}`);
    const told = await toldDuring(account, async () => {
      for (const password of passwords) assert.equal((await asAdmin(account, { password })).status, 200);
    });
    assert.equal(told.email.length, 5);
    roster.clock.advance(hourMs);
    const later = await toldDuring(account, () => asAdmin(account, { password: nextPassword }));
    assert.deepEqual(later.email, ['password_changed']);
  });

  test('are told what to do, in the language of the user', async () => {
    const account = await reachable();
    await change(account, { language: 'es', password: nextPassword });
    const [message] = await roster.outbox(account.email);
    assert.match(message?.body ?? '', /establezca ahora una contraseña nueva/);
    const [sms] = await roster.outbox(account.phone);
    assert.match(sms?.body ?? '', /Si no ha sido usted/);
  });

  test('of a template user get nothing through a real sender', async () => {
    const account = await reachable();
    await put(roster, account, admin.session, { template: true });
    await change(account, { password: nextPassword, phone: newPhone() });
    const { id } = await userOf(roster, account);
    const rows = await roster.rows.all('messages');
    const notices = rows.filter(
      ({ user_id, template }) =>
        user_id === id && ['password_changed', 'phone_changed'].includes(String(template)),
    );
    assert.equal(notices.length, 4);
    assert.ok(notices.every(({ is_outbox_only }) => Number(is_outbox_only) === 1));
  });

  test('learn nothing after the user is deleted: the messages go with the user', async () => {
    const account = await reachable();
    await change(account, { password: nextPassword });
    await roster.call(`DELETE ${path}/${account.number}`, { session: admin.session });
    assert.deepEqual(await roster.outbox(account.email), []);
  });
});
