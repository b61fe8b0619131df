/** With `ROSTER_TELL_ACCOUNTS=off` a stranger or a free account learns from no call whether an address has an account. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { User } from '../../src/core/directory/user.ts';
import { findDossiers } from '../../src/core/directory/user-dossier.ts';
import { dayMs } from '../../src/core/time.ts';
import { confirm, goodPassword } from '../contracts/general/sign-up.ts';
import { addPerson } from '../support/contracts/people.ts';
import type { Reply } from '../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import {
  type Account,
  askForReset,
  invite,
  linkIn,
  messageOf,
  newEmail,
  newPhone,
  openLink,
  path,
  pressButton,
  put,
  reset,
  signUp,
  userOf,
} from './support/accounts.ts';

describe('where a deployment tells no accounts', () => {
  const roster = setUpRoster({ env: { ROSTER_TELL_ACCOUNTS: 'off', ROSTER_TRUSTED_PROXIES: '127.0.0.1' } });
  const admin = setUp(() => roster.addAdmin());
  const ledger = setUpLedger(roster);

  const read = (account: Account, session = account.session): Promise<Reply> =>
    roster.call(`GET ${path}/${account.number}`, { session });

  const signIn = async (email: string, password = goodPassword): Promise<number> =>
    (await roster.call('POST /general/v1/sessions', { json: { email, password } })).status;

  /** A person who has signed up and proved the address by the link. */
  async function proved(): Promise<Account> {
    const account = await signUp(roster, { phone: newPhone() });
    const page = await pressButton(linkIn(await messageOf(roster, account.email, 'email_proof')));
    assert.equal(page.status, 200);
    return account;
  }

  test('a sign-up with a taken address makes a pending user, as one with a free address does', async () => {
    const holder = await proved();
    for (const phone of [undefined, newPhone()]) {
      const replies: Reply[] = [];
      for (const email of [newEmail(), holder.email, holder.email.toUpperCase()]) {
        await ledger.mark();
        const user = { email, password: goodPassword, first_name: 'Ann', last_name: 'Lee', phone };
        const reply = await roster.call(`POST ${path}`, { json: { user } });
        assert.deepEqual([reply.status, reply.at('email')], [201, email]);
        await ledger.expect({
          audit: [{ action: 'user.created' }, { action: 'session.started' }],
          messages: [{ channel: 'email' }, { template: 'confirmation' }],
          rows: {
            users: '+1',
            sessions: '+1',
            confirmation_codes: '+1',
            email_tokens: '+1',
            known_networks: '+1',
          },
        });
        replies.push(reply);
      }
      const shapes = replies.map(({ body, headers }) => [Object.keys(body as object), Object.keys(headers)]);
      assert.deepEqual(shapes[1], shapes[0]);
      assert.deepEqual(shapes[2], shapes[0]);
    }
  });

  test('the holder gets a mail without a link, and stays the holder', async () => {
    const holder = await proved();
    const stranger = await signUp(roster, { email: holder.email });
    const notice = await messageOf(roster, holder.email, 'sign_up_attempt');
    assert.doesNotMatch(notice.body, /https?:/);
    // Not even the code from the mailbox gives the address away.
    await confirm(roster, stranger.number, holder.email);
    assert.equal((await userOf(roster, stranger)).email, null);
    assert.equal((await userOf(roster, holder)).email, holder.email);
    assert.equal(await signIn(holder.email), 201);
  });

  test('a requested address is shown to the own session only', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    assert.equal((await read(account)).at('email'), account.email);
    const own = await roster.call(`GET ${path}`, { session: account.session });
    assert.equal(own.at('users.0.email'), account.email);
    const change = await put(roster, account, account.session, {
      user: { email: account.email, first_name: 'Eve' },
    });
    assert.deepEqual(
      [change.status, change.at('email'), change.at('first_name')],
      [200, account.email, 'Eve'],
    );
    const seen = await read(account, admin.session);
    assert.deepEqual([seen.status, seen.at('email')], [200, null]);
    const list = await roster.call(`GET ${path}?page_size=100`, { session: admin.session });
    assert.ok(!list.text.includes(account.email));
    const bearer = roster.organization.apiKeys.admin;
    const members = await roster.call('GET /organization/api/v1/users?limit=100', { bearer });
    assert.ok(!members.text.includes(account.email));
    await confirm(roster, account.number, account.phone ?? '');
    const cancelled = await roster.call(`POST ${path}/${account.number}/cancel`, {
      session: account.session,
    });
    assert.equal(cancelled.at('email'), account.email);
  });

  test('signing in is 401 until the link has proved the address', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    await confirm(roster, account.number, account.phone ?? '');
    assert.equal(await signIn(account.email), 401);
    const link = linkIn(await messageOf(roster, account.email, 'email_proof'));
    assert.equal((await openLink(link)).status, 200);
    assert.equal(await signIn(account.email), 401);
    assert.equal((await pressButton(link)).status, 200);
    assert.equal(await signIn(account.email), 201);
    assert.equal((await read(account, admin.session)).at('email'), account.email);
    // An account from before, with a password that the person knows.
    const earlier = await addPerson(roster, { email: newEmail(), status: 'active' });
    assert.equal((await userOf(roster, earlier)).emailProvedAt, null);
    const hash = await roster.core.hasher.hash(goodPassword);
    const { id, email } = await userOf(roster, earlier);
    await roster.core.work.change(roster.organization.key, async (tx) => {
      const user = await tx.users.lock({ id });
      if (user !== null) await tx.users.update(user, { passwordHash: hash });
    });
    assert.equal(await signIn(email ?? ''), 401);
    await reset(roster, await askForReset(roster, email ?? ''));
    assert.equal(await signIn(email ?? '', 'three wild horses'), 201);
  });

  test('the code proves the address of an account without a phone, where the address is free', async () => {
    const account = await signUp(roster);
    await confirm(roster, account.number, account.email);
    assert.equal(await signIn(account.email), 201);
  });

  test('the link decides between two who request one address, and no invitation is kept out', async () => {
    const email = newEmail();
    const first = await signUp(roster, { email, phone: newPhone() });
    const link = linkIn(await messageOf(roster, email, 'email_proof'));
    const second = await signUp(roster, { email, phone: newPhone() });
    assert.equal((await pressButton(link)).status, 200);
    assert.equal((await userOf(roster, first)).email, email);
    assert.equal((await userOf(roster, second)).email, null);
    // The second link was sent while the address was free; by now it has a proved holder.
    const links = (await roster.outbox(email))
      .filter(({ template }) => template === 'email_proof')
      .map(linkIn);
    assert.equal(links.length, 2);
    for (const each of links) assert.equal((await pressButton(each)).status, 422);
    const requested = await signUp(roster, { phone: newPhone() });
    assert.equal((await invite(roster, requested.email)).status, 201);
    assert.equal((await read(requested)).at('email'), requested.email);
  });

  test('a new email of a free account is a request, whether or not it is taken', async () => {
    const holder = await proved();
    const account = await signUp(roster, { phone: newPhone() });
    for (const email of [newEmail(), holder.email]) {
      await ledger.mark();
      const reply = await put(roster, account, account.session, { user: { email } });
      assert.deepEqual([reply.status, reply.at('email')], [200, email]);
      await ledger.expect({
        audit: [{ action: 'user.email_changed', fields: 'email' }],
        messages: [{ channel: 'email' }],
        rows: { users: '~1', email_tokens: '+1 -1' },
      });
      assert.equal((await userOf(roster, account)).email, null);
    }
    assert.equal((await userOf(roster, holder)).email, holder.email);
    // The mails to strangers are bounded.
    const statuses: number[] = [];
    for (let more = 0; more < 5; more += 1) {
      statuses.push((await put(roster, account, account.session, { user: { email: newEmail() } })).status);
    }
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  });

  test('a reset by the owner ends no delay of a stranger, and delays no owner', async () => {
    const holder = await proved();
    const guess = async (): Promise<number> => {
      const json = { email: holder.email, password: 'a wrong one' };
      const headers = { 'X-Forwarded-For': '203.0.113.9' };
      return (await roster.call('POST /general/v1/sessions', { json, headers })).status;
    };
    for (let tries = 0; tries < 5; tries += 1) assert.equal(await guess(), 401);
    assert.equal(await guess(), 429);
    await reset(roster, await askForReset(roster, holder.email));
    assert.equal(await guess(), 429);
    assert.equal(await signIn(holder.email, 'three wild horses'), 201);
  });

  test('another spelling of an international address is the same address', async () => {
    const mailbox = 'ana@xn--bcher-8-n2a.example';
    const holder = await signUp(roster, { email: 'ana@bücher-8.example', phone: newPhone() });
    const link = linkIn(
      (await roster.outbox()).find(({ template }) => template === 'email_proof') ?? { body: '' },
    );
    assert.equal((await pressButton(link)).status, 200);
    const stranger = await signUp(roster, { email: mailbox, phone: newPhone() });
    assert.equal(await signIn(mailbox), 201);
    // The notice goes to the mailbox as its holder spells it.
    await messageOf(roster, 'ana@bücher-8.example', 'sign_up_attempt');
    assert.equal((await userOf(roster, stranger)).email, null);
    assert.equal((await userOf(roster, holder)).email, 'ana@bücher-8.example');
  });

  test('the operator finds a user by the address that the user requests, but its holder first', async () => {
    const find = async (reference: string) =>
      (await findDossiers(roster.core, reference)).map(({ user }) => user.number);
    const one = await signUp(roster, { phone: newPhone() });
    assert.deepEqual(await find(one.email.toUpperCase()), [one.number]);
    const other = await signUp(roster, { email: one.email, phone: newPhone() });
    assert.deepEqual(await find(one.email), [one.number, other.number]);
    const international = await signUp(roster, { email: 'Ana@bücher-9.example', phone: newPhone() });
    for (const email of ['ana@BÜCHER-9.example', 'ana@xn--bcher-9-n2a.example']) {
      assert.deepEqual(await find(email), [international.number], email);
    }
    const holder = await proved();
    await signUp(roster, { email: holder.email, phone: newPhone() });
    assert.deepEqual(await find(holder.email), [holder.number]);
  });

  test('staff learn that an address is taken', async () => {
    const holder = await proved();
    const conflict = await invite(roster, holder.email);
    assert.equal(conflict.status, 409);
    const user = { email: holder.email, password: goodPassword, first_name: 'Ann', last_name: 'Lee' };
    const registered = await roster.call(`POST ${path}`, { session: admin.session, json: { user } });
    assert.deepEqual([registered.status, registered.at('errors.email.0')], [422, 'has already been taken']);
    const account = await signUp(roster, { phone: newPhone() });
    const change = await put(roster, account, admin.session, { user: { email: holder.email } });
    assert.equal(change.status, 422);
    const email = newEmail();
    assert.equal((await put(roster, account, admin.session, { user: { email } })).at('email'), email);
    const { requestedEmail, emailRequestedAt } = await userOf(roster, account);
    assert.deepEqual([requestedEmail, emailRequestedAt], [null, null]);
  });

  test('no rights come without a proof', async () => {
    const account = await signUp(roster, { phone: newPhone() });
    const approval = await roster.call(`POST ${path}/${account.number}/approve_clinical`, {
      session: admin.session,
    });
    assert.equal(approval.status, 422);
    assert.equal((await put(roster, account, admin.session, { user: { role: 'member' } })).status, 422);
  });

  test('a request ends after seven days, with the account if it was never confirmed', async () => {
    const pending = await signUp(roster, { phone: newPhone() });
    const active = await signUp(roster, { phone: newPhone() });
    await confirm(roster, active.number, active.phone ?? '');
    roster.clock.advance(7 * dayMs + 1);
    await roster.core.work.readSystem('job', async (tx) => {
      assert.equal((await tx.emailRequests.list(roster.clock.now() - 7 * dayMs, 100)).length >= 2, true);
    });
    await endAll();
    assert.equal((await read(pending)).status, 401);
    const kept = await read(active);
    assert.deepEqual([kept.status, kept.at('email')], [200, null]);
    const { requestedEmail } = await userOf(roster, active);
    assert.equal(requestedEmail, null);
  });

  test('a request that ends takes no account along that has rights, is known to a backend, or was used', async () => {
    const traits: readonly Partial<User>[] = [
      ...([{ role: 'member' }, { isClinicalApproved: true }, { externalId: 'known' }] as const),
      ...[{ confirmedAt: 1 }, { wasActive: true }, { isSelfRegistered: false }],
    ];
    const accounts = [];
    for (const trait of traits) {
      const account = await signUp(roster, { phone: newPhone() });
      const user = await userOf(roster, account);
      await roster.core.work.change(user.orgKey, (tx) => tx.users.update(user, trait));
      accounts.push(account);
    }
    const unused = await signUp(roster, { phone: newPhone() });
    roster.clock.advance(7 * dayMs + 1);
    await endAll();
    for (const [at, account] of accounts.entries()) {
      const { requestedEmail } = await userOf(roster, account);
      assert.equal(requestedEmail, null, `${JSON.stringify(traits[at])}: the request goes on`);
    }
    await assert.rejects(userOf(roster, unused), 'the account that was never used is still there');
  });

  async function endAll(): Promise<void> {
    const { endEmailRequests } = await import('../../src/core/verification/end-email-requests.ts');
    while ((await endEmailRequests(roster.core, 100)) > 0);
  }
});
