/** A proved email is replaced only by a proved one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hourMs, minuteMs } from '../../src/core/time.ts';
import { goodPassword } from '../contracts/general/sign-up.ts';
import type { Reply } from '../support/server/http.ts';
import { statusCounts } from '../support/server/parallel.ts';
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

describe('a proved email', () => {
  const roster = setUpRoster();
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);

  const proved = (fields?: { email?: string }): Promise<Account> => signUpProved(roster, fields);
  const change = (account: Account, email: string): Promise<Reply> => changeEmail(roster, account, email);
  const linkTo = (email: string, template: string): Promise<string> => linkOf(roster, email, template);
  const sees = async (account: Account, session = account.session): Promise<number> =>
    (await roster.call(`GET ${path}/${account.number}`, { session })).status;

  test('stays while its replacement is not proved, and the answer says so', async () => {
    const account = await proved();
    const next = newEmail();
    await ledger.mark();
    const reply = await change(account, next);
    assert.deepEqual([reply.status, reply.at('email')], [200, account.email]);
    assert.equal(reply.header('x-email-pending'), 'true');
    await ledger.expect({
      audit: [{ action: 'user.email_change_requested' }],
      messages: [{ template: 'email_change', channel: 'email', to: next }],
      rows: { email_tokens: '+1' },
    });
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
    assert.equal((await signIn(roster, next, goodPassword)).status, 401);
    assert.equal((await signIn(roster, account.email, goodPassword)).status, 201);
  });

  test('is replaced by a press of the button behind the link, and the new one is proved', async () => {
    const account = await proved();
    const next = newEmail();
    await change(account, next);
    const link = await linkTo(next, 'email_change');
    await ledger.mark();
    for (const method of ['GET', 'HEAD', 'GET']) {
      const page = await openLink(link, method);
      assert.equal(page.status, 200);
      assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    }
    await ledger.expect({});
    assert.equal((await pressButton(link)).status, 200);
    await ledger.expect({
      audit: [{ action: 'user.email_changed', actor_kind: 'public', door: 'page', fields: 'email' }],
      messages: [{ template: 'email_undo', channel: 'email', to: account.email }],
      rows: { users: '~1', email_tokens: '+1 -1' },
    });
    const { email, emailProvedAt } = await userOf(roster, account);
    assert.deepEqual([email, typeof emailProvedAt], [next, 'number']);
    assert.equal(await sees(account), 200);
    assert.equal((await signIn(roster, next, goodPassword)).status, 201);
    assert.equal((await signIn(roster, account.email, goodPassword)).status, 401);
    assert.equal((await pressButton(link)).status, 422);
  });

  test('waits alone: the other fields of the same call change at once', async () => {
    const account = await proved();
    const user = { email: newEmail(), first_name: 'Ada', password: 'three wild horses' };
    const reply = await put(roster, account, account.session, { user });
    assert.deepEqual([reply.at('first_name'), reply.at('email')], ['Ada', account.email]);
    assert.equal(reply.header('x-email-pending'), 'true');
    assert.equal((await signIn(roster, account.email, user.password)).status, 201);
    assert.equal((await pressButton(await linkTo(user.email, 'email_change'))).status, 200);
    assert.equal((await userOf(roster, account)).email, user.email);
  });

  test('is no password while it waits to be replaced', async () => {
    const account = await proved();
    for (const [email, password] of [
      [newEmail(), account.email.toUpperCase()],
      [account.email, account.email],
    ]) {
      const reply = await put(roster, account, account.session, { user: { email, password } });
      assert.deepEqual([reply.status, reply.body], [422, { errors: { password: ["can't be the email"] } }]);
    }
  });

  test('is not replaced without the current password in an older session', async () => {
    const account = await proved();
    roster.clock.advance(11 * minuteMs);
    const next = newEmail();
    for (const current_password of [undefined, 'wrong horses here']) {
      const reply = await put(roster, account, account.session, { user: { email: next, current_password } });
      assert.equal(reply.status, 422);
      assert.deepEqual(Object.keys(Object(reply.at('errors'))), ['current_password']);
    }
    assert.deepEqual(await roster.outbox(next), []);
  });

  test('waits for the newest link only, for a day, and an echo of the present email ends nothing', async () => {
    const account = await proved();
    const [first, second, third] = [newEmail(), newEmail(), newEmail()];
    await change(account, first);
    await change(account, second);
    assert.equal((await pressButton(await linkTo(first, 'email_change'))).status, 422);
    const echo = await change(account, account.email);
    assert.deepEqual([echo.status, echo.headers['x-email-pending']], [200, undefined]);
    assert.equal((await pressButton(await linkTo(second, 'email_change'))).status, 200);
    await change(account, third);
    roster.clock.advance(24 * hourMs);
    assert.equal((await pressButton(await linkTo(third, 'email_change'))).status, 422);
    assert.equal((await userOf(roster, account)).email, second);
  });

  test('keeps no change waiting that was asked for before a new password, by reset or by owner', async () => {
    for (const setPassword of [
      async (account: Account) => (await reset(roster, await askForReset(roster, account.email))).status,
      async (account: Account) => {
        const user = { password: 'three wild horses', current_password: goodPassword };
        return (await put(roster, account, account.session, { user })).status;
      },
      async (account: Account) => {
        return (await put(roster, account, admin.session, { user: { password: 'three wild horses' } }))
          .status;
      },
      async (account: Account) =>
        (await roster.call(`POST ${path}/${account.number}/cancel`, account)).status,
    ]) {
      const account = await proved();
      const next = newEmail();
      await change(account, next);
      assert.equal(await setPassword(account), 200);
      assert.equal((await pressButton(await linkTo(next, 'email_change'))).status, 422);
      assert.equal((await userOf(roster, account)).email, account.email);
    }
  });

  test('keeps no change waiting when the owner ends another session', async () => {
    const account = await proved();
    const next = newEmail();
    await change(account, next);
    const session = (await signIn(roster, account.email, goodPassword)).string('token');
    const list = Object((await roster.call('GET /general/v1/sessions', { session })).body);
    for (const { id, current } of list) {
      if (!current) await roster.call(`DELETE /general/v1/sessions/${id}`, { session });
    }
    assert.equal(await sees(account), 401);
    assert.equal((await pressButton(await linkTo(next, 'email_change'))).status, 422);
  });

  test('causes five messages an hour to new addresses', async () => {
    const account = await proved();
    for (let sent = 0; sent < 5; sent += 1) assert.equal((await change(account, newEmail())).status, 200);
    const next = newEmail();
    const refused = await put(roster, account, account.session, { user: { email: next, first_name: 'Ada' } });
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.header('retry-after')) > 0);
    assert.deepEqual(await roster.outbox(next), []);
    assert.notEqual((await userOf(roster, account)).firstName, 'Ada');
    roster.clock.advance(hourMs);
    assert.equal((await change(account, next)).status, 200);
  });

  test('is replaced at once by an admin, unproved, and the former address is told without a link', async () => {
    const account = await proved();
    const [waiting, next] = [newEmail(), newEmail()];
    await change(account, waiting);
    const reply = await put(roster, account, admin.session, { user: { email: next } });
    assert.deepEqual([reply.at('email'), reply.headers['x-email-pending']], [next, undefined]);
    assert.deepEqual(await proofsOf(roster, account), { email: false, phone: false });
    assert.equal((await pressButton(await linkTo(waiting, 'email_change'))).status, 422);
    const { body } = await messageOf(roster, account.email, 'email_changed');
    assert.doesNotMatch(body, /https?:/);
  });

  test('of an admin waits for its link as well', async () => {
    const { number, session } = await roster.addAdmin();
    const { email } = await userOf(roster, { number });
    const reply = await put(roster, { number, session, email: '', phone: undefined }, session, {
      user: { email: newEmail() },
    });
    const isProved = (await userOf(roster, { number })).emailProvedAt !== null;
    assert.deepEqual([isProved, reply.at('email')], [true, email]);
  });

  describe('that is taken', () => {
    test('is told to its holder, and to the person who asks neither that it is taken nor by whom', async () => {
      const holder = await proved();
      const account = await proved();
      await ledger.mark();
      const reply = await change(account, holder.email.toUpperCase());
      const free = await change(await proved(), newEmail());
      assert.deepEqual([reply.status, reply.header('x-email-pending')], [200, 'true']);
      assert.deepEqual(Object.keys(Object(reply.body)), Object.keys(Object(free.body)));
      const link = await linkTo(holder.email.toUpperCase(), 'email_change');
      assert.equal((await openLink(link)).status, 200);
      const page = await pressButton(link);
      const text = await page.text();
      assert.equal(page.status, 422);
      assert.ok(!text.includes(holder.email) && !text.includes('John'));
      await messageOf(roster, holder.email, 'email_taken');
      assert.equal((await pressButton(link)).status, 422);
      assert.equal(
        (await templatesTo(roster, holder.email)).filter((each) => each === 'email_taken').length,
        1,
      );
      assert.equal((await userOf(roster, account)).email, account.email);
      assert.equal((await userOf(roster, holder)).email, holder.email);
    });

    test('is taken from a user who only claims it', async () => {
      const account = await proved();
      const next = newEmail();
      await change(account, next);
      const squatter = await signUp(roster, { email: next, phone: newPhone() });
      assert.equal((await pressButton(await linkTo(next, 'email_change'))).status, 200);
      assert.equal((await userOf(roster, account)).email, next);
      const { email } = await userOf(roster, squatter);
      assert.deepEqual([email, await sees(squatter)], [null, 200]);
    });

    test('stays with the person who signed up with it meanwhile and proved it, or was invited', async () => {
      const account = await proved();
      const [next, invited] = [newEmail(), newEmail()];
      await change(account, next);
      const link = await linkTo(next, 'email_change');
      const other = await proved({ email: next });
      assert.equal((await pressButton(link)).status, 422);
      assert.equal((await userOf(roster, other)).email, next);
      await change(account, invited);
      const second = await linkTo(invited, 'email_change');
      assert.equal((await invite(roster, invited)).status, 201);
      assert.equal((await pressButton(second)).status, 422);
      assert.equal((await userOf(roster, account)).email, account.email);
    });
  });

  describe('its links', () => {
    test('are for their purpose, their account and their address', async () => {
      const account = await proved();
      const [next, other] = [newEmail(), await proved()];
      await change(account, next);
      const link = await linkTo(next, 'email_change');
      const token = new URL(link).searchParams.get('token') ?? '';
      const at = (page: string, text: string): string => {
        const url = new URL(link);
        url.pathname = page;
        url.searchParams.set('token', text);
        return url.href;
      };
      for (const [page, text] of [
        ['/prove-email', token],
        ['/undo-email-change', token],
        ['/undo-email-change', token.replace('ec_', 'eu_')],
        ['/change-email', token.replace('ec_', 'eu_')],
        ['/change-email', `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`],
        ['/change-email', ''],
        ['/change-email', 'ec_1_x'],
      ] as const) {
        assert.equal((await openLink(at(page, text))).status, 422);
        assert.equal((await pressButton(at(page, text))).status, 422);
      }
      assert.equal((await reset(roster, token)).status, 422);
      // A session beside the link changes nothing.
      assert.equal((await pressButton(link, { 'x-user-token': other.session })).status, 200);
      assert.equal((await userOf(roster, other)).email, other.email);
      assert.equal((await userOf(roster, account)).email, next);
    });

    test('have a page that works with a slash at its end too', async () => {
      const account = await proved();
      const next = newEmail();
      await change(account, next);
      const url = new URL(await linkTo(next, 'email_change'));
      url.pathname += '/';
      const [, source = ''] = /<script src="([^"]+)"/.exec(await (await openLink(url.href)).text()) ?? [];
      assert.equal((await fetch(new URL(source, url))).status, 200);
      assert.equal((await pressButton(url.href)).status, 200);
      assert.equal((await userOf(roster, account)).email, next);
    });
  });

  describe('with many presses at the same time', () => {
    test('goes to one of two accounts that change to it', async () => {
      for (let round = 0; round < 3; round += 1) {
        const next = newEmail();
        const pair = [await proved(), await proved()];
        const links: string[] = [];
        for (const account of pair) {
          await change(account, next);
          links.push(await linkTo(next, 'email_change'));
        }
        const answers = await Promise.all([...links, ...links].map((link) => pressButton(link)));
        const statuses = answers.map(({ status }) => status).sort();
        assert.deepEqual(statuses, [200, 422, 422, 422]);
        const emails = await Promise.all(pair.map(async (each) => (await userOf(roster, each)).email));
        assert.equal(emails.filter((email) => email === next).length, 1);
      }
    });

    test('waits for one link, whichever request was last', async () => {
      const account = await proved();
      const emails = Array.from({ length: 4 }, newEmail);
      const replies = await Promise.all(emails.map((email) => change(account, email)));
      assert.deepEqual(statusCounts(replies), { 200: 4 });
      const presses: number[] = [];
      for (const email of emails) {
        presses.push((await pressButton(await linkTo(email, 'email_change'))).status);
      }
      assert.deepEqual(presses.sort(), [200, 422, 422, 422]);
    });

    test('is erased with its user: a press beside the deletion leaves nothing and is no fault', async () => {
      for (let round = 0; round < 2; round += 1) {
        const account = await proved();
        const next = newEmail();
        await change(account, next);
        const link = await linkTo(next, 'email_change');
        const remove = () => roster.call(`DELETE ${path}/${account.number}`, { session: admin.session });
        const [removed, pressed] = await Promise.all([remove(), pressButton(link)]);
        assert.equal(removed.status, 204);
        assert.ok([200, 422].includes(pressed.status));
        assert.equal((await pressButton(link)).status, 422);
        const find = (email: string) =>
          roster.core.work.read(roster.organization.key, (tx) => tx.users.findByEmail(email));
        assert.deepEqual([await find(next), await find(account.email)], [null, null]);
      }
    });
  });
});
