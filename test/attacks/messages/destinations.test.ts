/**
 * One address or number gets five messages of strangers in an hour and ten in a day, whatever the doors, the accounts, the
 * organizations and the spellings; and no stranger and no thief silences by that what the owner must get.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hourMs, minuteMs } from '../../../src/core/time.ts';
import { codeOf, confirm, goodPassword, signUpBody } from '../../contracts/general/sign-up.ts';
import { addPerson } from '../../support/contracts/people.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import type { Roster } from '../../support/server/start.ts';
import {
  type Account,
  changeEmail,
  invite,
  linkOf,
  newEmail,
  newPhone,
  path,
  pressButton,
  put,
  sendCode,
  signIn,
  signUp,
  signUpProved,
  templatesTo,
} from '../support/accounts.ts';
import { defaultBudgets } from '../support/budgets.ts';

const proxied = { ...defaultBudgets, ROSTER_TRUSTED_PROXIES: '127.0.0.1' };

/** A sign-up of a new account in an app, by default in the first one. */
function register(roster: Roster, fields: object, appId?: string): Promise<Reply> {
  const headers = appId === undefined ? {} : { 'x-app-id': appId };
  return roster.call(`POST ${path}`, { json: signUpBody(fields), headers });
}

/** Each from a network of its own, and in a minute of its own. */
async function askForResets(
  roster: Roster,
  email: string,
  times: number,
  from = '198.51.100',
): Promise<void> {
  for (let time = 1; time <= times; time++) {
    const headers = { 'x-forwarded-for': `${from}.${time}` };
    const reply = await roster.call(`POST ${path}/passwords`, { json: { email }, headers });
    assert.deepEqual([reply.status, reply.body], [200, { sent: true }]);
    await roster.settle();
    roster.clock.advance(minuteMs);
  }
}

describe('one address or number', () => {
  const roster = setUpRoster({ env: proxied });
  const other = setUp(() => roster.addOrganization());

  const countTo = async (to: string): Promise<number> => (await roster.outbox(to)).length;

  test('gets five codes of sixty sign-ups, in all spellings and from the apps of two organizations', async () => {
    const phone = newPhone();
    const spellings = [
      phone,
      `${phone.slice(0, 5)} ${phone.slice(5)}`,
      `${phone.slice(0, 2)} (${phone.slice(2, 5)}) ${phone.slice(5)}`,
      `\u200e${phone}`,
    ];
    const replies: Reply[] = [];
    for (let index = 0; index < 60; index++) {
      const appId = index % 2 === 0 ? undefined : other.app.appId;
      replies.push(await register(roster, { phone: spellings[index % spellings.length] }, appId));
    }
    assert.equal(await countTo(phone), 5);
    const shapes = new Set(
      replies.map(({ status, body, headers }) => {
        return JSON.stringify([status, Object.keys(body as object), Object.keys(headers)]);
      }),
    );
    assert.equal(shapes.size, 1);
    assert.equal(replies[0]?.status, 201);
  });

  test('gets five of many sign-ups at the same time', async () => {
    const phone = newPhone();
    await Promise.all(Array.from({ length: 40 }, () => register(roster, { phone })));
    assert.equal(await countTo(phone), 5);
  });

  test('gets ten in a day', async () => {
    const phone = newPhone();
    for (let hour = 0; hour < 24; hour += 6) {
      for (let time = 0; time < 6; time++) await register(roster, { phone });
      roster.clock.advance(6 * hourMs);
    }
    assert.equal(await countTo(phone), 10);
    await register(roster, { phone });
    assert.equal(await countTo(phone), 11);
  });

  test('gets five links of changes of email by twelve accounts, in all spellings of the mailbox', async () => {
    const [name, domain] = [`victim-${crypto.randomUUID()}`, 'bücher.example'];
    const spellings = [
      `${name}@${domain}`,
      `${name.toUpperCase()}@xn--bcher-kva.example`,
      `${name}@BÜCHER.example`,
    ];
    for (let index = 0; index < 12; index++) {
      const reply = await changeEmail(roster, await signUpProved(roster), spellings[index % 3] ?? '');
      assert.deepEqual([reply.status, reply.headers['x-email-pending']], [200, 'true']);
    }
    const all = await roster.outbox();
    assert.equal(all.filter(({ to }) => to.toLowerCase().startsWith(name)).length, 5);
  });

  test('in other variants of its mailbox gets at most twenty messages together, and by itself five', async () => {
    const name = `victim${crypto.randomUUID().replaceAll('-', '')}`;
    const dotted = (index: number): string => `${name.slice(0, index + 1)}.${name.slice(index + 1)}`;
    const variants: Readonly<Record<string, (index: number) => string>> = {
      'example.com': (index) => `${name}+${index}@example.com`,
      'gmail.com': (index) =>
        index % 2 === 0 ? `${name}+${index}@GMAIL.com` : `${dotted(index)}@googlemail.com`,
    };
    for (const [domain, variant] of Object.entries(variants)) {
      const before = (await roster.outbox()).length;
      for (let index = 0; index < 36; index++) {
        assert.equal((await register(roster, { email: variant(index) })).status, 201);
      }
      assert.equal((await roster.outbox()).length - before, 20);
      await register(roster, { email: `${name}@${domain}` });
      assert.equal((await roster.outbox()).length - before, 21);
      roster.clock.advance(hourMs);
    }
  });

  test('gets five of resets, changes and sign-ups together', async () => {
    const { email } = await signUpProved(roster);
    await askForResets(roster, email, 3);
    for (let index = 0; index < 4; index++) await changeEmail(roster, await signUpProved(roster), email);
    // One of the five is the code of the own sign-up.
    assert.equal(await countTo(email), 5);
    await register(roster, { email }, other.app.appId);
    assert.equal(await countTo(email), 5);
  });

  test('that gets too many messages is not invited, and the key learns when it may be', async () => {
    const email = newEmail();
    for (let index = 0; index < 5; index++) await changeEmail(roster, await signUpProved(roster), email);
    const refused = await invite(roster, email);
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.header('retry-after')) <= 3_600);
    roster.clock.advance(hourMs);
    assert.equal((await invite(roster, email)).status, 201);
  });

  test('keeps its present code where a further one is dropped', async () => {
    const phone = newPhone();
    const account = await signUp(roster, { phone });
    const code = await codeOf(roster, phone);
    for (let index = 0; index < 6; index++) await register(roster, { phone });
    roster.clock.advance(minuteMs);
    const again = await roster.call(`POST ${path}/resend_confirmation`, { session: account.session });
    assert.deepEqual([again.status, again.body], [200, { sent: true }]);
    assert.equal(await countTo(phone), 5);
    assert.equal((await sendCode(roster, account.number, code)).status, 200);
  });
});

describe('one account', () => {
  const roster = setUpRoster({ env: proxied });

  test('causes ten messages in an hour, and is then told to wait', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    const statuses: number[] = [];
    for (let time = 0; time < 8; time++) {
      statuses.push((await put(roster, account, account.session, { user: { phone: newPhone() } })).status);
      statuses.push((await changeEmail(roster, account, newEmail())).status);
    }
    assert.equal((await roster.outbox()).length, 10);
    assert.ok(statuses.includes(429) && statuses.every((status) => status === 200 || status === 429));
    const refused = await put(roster, account, account.session, { user: { phone: newPhone() } });
    assert.equal(refused.status, 429);
    assert.deepEqual(refused.body, { errors: 'Too many requests, try again later' });
    assert.ok(Number(refused.header('retry-after')) > 0);
  });

  test('sends at most ten in an hour to emails of other people that it takes and leaves', async () => {
    const before = (await roster.outbox()).length;
    const account = await signUp(roster);
    for (let time = 0; time < 20; time++) {
      assert.ok([200, 429].includes((await changeEmail(roster, account, newEmail())).status));
      roster.clock.advance(minuteMs);
    }
    const sent = (await roster.outbox()).length - before;
    assert.ok(sent > 5 && sent <= 10, String(sent));
  });
});

describe('a stranger who uses up the budget of an address', () => {
  const roster = setUpRoster({ env: proxied });

  /** An account with proved addresses, to whose email strangers have sent all that they may in a day. */
  async function flooded(): Promise<Account & { readonly phone: string }> {
    const phone = newPhone();
    const account = await signUp(roster, { phone });
    await confirm(roster, account.number, phone);
    await pressButton(await linkOf(roster, account.email, 'email_proof'));
    for (let hour = 0; hour < 2; hour++) {
      for (let index = 0; index < 6; index++) {
        await changeEmail(roster, await signUpProved(roster), account.email);
        await register(roster, { phone });
      }
      roster.clock.advance(hourMs);
    }
    assert.equal((await roster.outbox(account.email)).length, 10);
    assert.equal((await roster.outbox(phone)).length, 10);
    return { ...account, phone };
  }

  test('silences no notice to the owner, and not the link that undoes a change', async () => {
    const owner = await flooded();
    const thief = newEmail();
    const password = 'three wild horses';
    const changes = { user: { password, current_password: goodPassword } };
    assert.equal((await put(roster, owner, owner.session, changes)).status, 200);
    assert.equal((await changeEmail(roster, { ...owner }, thief)).status, 422);
    const wish = { user: { email: thief, current_password: password } };
    assert.equal((await put(roster, owner, owner.session, wish)).status, 200);
    await pressButton(await linkOf(roster, thief, 'email_change'));
    const told = await templatesTo(roster, owner.email);
    assert.deepEqual(told.slice(-2), ['password_changed', 'email_undo']);
    assert.deepEqual((await templatesTo(roster, owner.phone)).slice(-2), [
      'password_changed',
      'email_changed',
    ]);
    // The link to set a new password reaches the owner too.
    await pressButton(await linkOf(roster, owner.email, 'email_undo'));
    assert.equal((await templatesTo(roster, owner.email)).at(-1), 'password_reset');
  });

  test('as a thief with the password silences no other notice by changes in a row', async () => {
    const owner = await flooded();
    for (const letter of 'abcdefgh') {
      const password = `three wild horses ${letter}`;
      const present =
        letter === 'a' ? goodPassword : `three wild horses ${String.fromCharCode(letter.charCodeAt(0) - 1)}`;
      const change = { user: { password, current_password: present } };
      assert.equal((await put(roster, owner, owner.session, change)).status, 200);
    }
    const thief = newEmail();
    const wish = { user: { email: thief, current_password: 'three wild horses h' } };
    assert.equal((await put(roster, owner, owner.session, wish)).status, 200);
    await pressButton(await linkOf(roster, thief, 'email_change'));
    const told = await templatesTo(roster, owner.email);
    assert.equal(told.filter((template) => template === 'password_changed').length, 5);
    assert.equal(told.at(-1), 'email_undo');
  });

  test('stops no reset link that the owner asks for from a known network', async () => {
    const owner = await flooded();
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    const credentials = { email: owner.email, password: goodPassword };
    assert.equal(
      (await roster.call('POST /general/v1/sessions', { json: credentials, headers })).status,
      201,
    );
    await askForResets(roster, owner.email, 2);
    assert.ok(!(await templatesTo(roster, owner.email)).includes('password_reset'));
    await roster.call(`POST ${path}/passwords`, { json: { email: owner.email }, headers });
    assert.equal((await templatesTo(roster, owner.email)).at(-1), 'password_reset');
  });

  test('does not get the budget of an owner by an own account with the address', async () => {
    const victim = newEmail();
    const account = await signUp(roster, { email: victim });
    assert.equal((await signIn(roster, victim, goodPassword)).status, 201);
    for (let hour = 0; hour < 6; hour++) {
      for (let time = 0; time < 5; time++) {
        await roster.call(`POST ${path}/passwords`, { json: { email: victim } });
        await roster.settle();
        roster.clock.advance(minuteMs);
      }
      roster.clock.advance(hourMs);
    }
    assert.equal((await roster.outbox(account.email)).length, 10);
  });
});

describe('an erased user', () => {
  const roster = setUpRoster({ env: { ...defaultBudgets, ROSTER_TELL_ACCOUNTS: 'off' } });
  const admin = setUp(() => roster.addAdmin());

  test('leaves no count of messages to the addresses, also of a requested one', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    await put(roster, account, account.session, {
      user: { email: newEmail(), current_password: goodPassword },
    });
    const kept = await signUp(roster, { phone: newPhone() });
    await roster.settle();
    const counted = await roster.rows.count('message_hits');
    assert.ok(counted >= 5);
    const removed = await roster.call(`DELETE ${path}/${account.number}`, { session: admin.session });
    assert.equal(removed.status, 204);
    // The counts go with the pass that completes the erasure.
    await roster.settle();
    // What is left: the code and the link of the other account, and the link to the address that was requested first.
    assert.equal(await roster.rows.count('message_hits'), 3);
    assert.equal((await roster.outbox(kept.email)).length, 1);
  });
});

describe('where a deployment tells no accounts', () => {
  const roster = setUpRoster({
    env: { ...proxied, ROSTER_TELL_ACCOUNTS: 'off', ROSTER_LIMIT_ADDRESS_HOUR: '1' },
  });

  test('a spent budget does not tell whether an address has an account', async () => {
    const known = newEmail();
    await addPerson(roster, { email: known, emailProvedAt: 1 });
    const unknown = newEmail();
    for (const email of [known, unknown]) {
      await askForResets(roster, email, 1);
      const before = (await roster.outbox(email)).length;
      assert.equal((await register(roster, { email, phone: newPhone() })).status, 201);
      assert.equal(
        (await roster.outbox(email)).length,
        before,
        'the mail of the sign-up is dropped for both',
      );
    }
  });
});
