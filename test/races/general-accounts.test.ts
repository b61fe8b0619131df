/** Many requests of the consumer app at the same time, each over a connection of its own: exactly one succeeds. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { minuteMs } from '../../src/core/time.ts';
import { addPerson, type Person } from '../support/contracts/people.ts';
import { countHashes } from '../support/server/hash-count.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';

const path = '/general/v1/users';
const many = 50;
const password = 'securepassword123';
const underWay = { errors: 'Another change of this account is under way' };

describe('many requests at the same time', () => {
  const roster = setUpRoster();
  const hashes = setUp(() => countHashes(roster));

  /** How many rows a table has. */
  async function count(table: string, where?: string): Promise<number> {
    return roster.rows.count(table, where);
  }

  function sessionsOf(email: string): Promise<number> {
    return count('sessions', `user_id = (select id from users where email_canonical = '${email}')`);
  }

  test('50 sign-ups with one email give one 201 and 49 times 422', async () => {
    const before = await count('users');
    const user = { email: 'one@example.com', password, first_name: 'John', last_name: 'Doe' };
    const replies = await callAtOnce(roster.client, many, (index) => {
      const email = index % 2 === 0 ? user.email : user.email.toUpperCase();
      return [`POST ${path}`, { json: { user: { ...user, email } } }];
    });
    assert.deepEqual(statusCounts(replies), { 201: 1, 422: many - 1 });
    const taken = { errors: { email: ['has already been taken'] } };
    for (const { status, body } of replies) if (status === 422) assert.deepEqual(body, taken);
    assert.equal(await count('users'), before + 1);
    assert.equal((await roster.outbox()).filter(({ to }) => to.toLowerCase() === user.email).length, 1);
  });

  test('of 50 users who change to one email one gets it', async () => {
    const people: Person[] = [];
    for (let index = 0; index < many; index += 1) {
      people.push(await addPerson(roster, { email: `before-${index}@example.com` }));
    }
    const json = { user: { email: 'after@example.com' } };
    const replies = await callAtOnce(roster.client, many, (index) => {
      const { number, session } = people[index] ?? { number: 0, session: '' };
      return [`PUT ${path}/${number}`, { session, json }];
    });
    assert.deepEqual(statusCounts(replies), { 200: 1, 422: many - 1 });
    assert.equal(await count('users', "email_canonical = 'after@example.com'"), 1);
  });

  test('50 uses of one confirmation code give one success', async () => {
    const user = { email: 'code@example.com', password, first_name: 'John', last_name: 'Doe' };
    const signedUp = await roster.call(`POST ${path}`, { json: { user } });
    const { code } = await roster.lastMessage(user.email);
    const json = { user_id: signedUp.number('id'), confirmation_code: code };
    const replies = await callAtOnce(roster.client, many, () => [`POST ${path}/confirmation`, { json }]);
    assert.deepEqual(statusCounts(replies), { 200: 1, 401: many - 1 });
    assert.equal(await count('audit_events', "action = 'user.confirmed'"), 1);
  });

  test('of 50 wrong codes at the same time five are tried, and then the right one is refused', async () => {
    const user = { email: 'void@example.com', password, first_name: 'John', last_name: 'Doe' };
    const signedUp = await roster.call(`POST ${path}`, { json: { user } });
    const { code = '' } = await roster.lastMessage(user.email);
    const json = {
      user_id: signedUp.number('id'),
      confirmation_code: String((Number(code) + 1) % 1_000_000).padStart(6, '0'),
    };
    const replies = await callAtOnce(roster.client, many, () => [`POST ${path}/confirmation`, { json }]);
    assert.deepEqual(statusCounts(replies), { 401: many });
    const right = await roster.call(`POST ${path}/confirmation`, {
      json: { ...json, confirmation_code: code },
    });
    assert.equal(right.status, 401);
  });

  test('50 uses of one reset token at the same time give one success, and only its password signs in', async () => {
    const person = await addPerson(roster, { email: 'reset@example.com' });
    await roster.call(`POST ${path}/passwords`, { json: { email: 'reset@example.com' } });
    const { token } = await roster.lastMessage('reset@example.com');
    const passwordOf = (index: number): string => `a-good-password-${index}`;
    const replies = await hashes.callDuringHash(many, (index) => [
      `POST ${path}/passwords/reset`,
      { json: { token, password: passwordOf(index) } },
    ]);
    assert.deepEqual(statusCounts(replies), { 200: 1, 409: many - 1 });
    for (const { status, body } of replies) if (status === 409) assert.deepEqual(body, underWay);
    const spent = await roster.call(`POST ${path}/passwords/reset`, { json: { token, password } });
    assert.deepEqual([spent.status, spent.body], [422, { errors: { token: ['is invalid or has expired'] } }]);
    const winner = replies.findIndex(({ status }) => status === 200);
    const json = { email: 'reset@example.com', password: passwordOf(winner) };
    const signedIn = await roster.call('POST /general/v1/sessions', { json });
    assert.deepEqual([signedIn.status, signedIn.at('user.id')], [201, person.number]);
  });

  test('50 resends at the same time send one code', async () => {
    const { session } = await addPerson(roster, { email: 'again@example.com' });
    const replies = await callAtOnce(roster.client, many, () => [
      `POST ${path}/resend_confirmation`,
      { session },
    ]);
    assert.deepEqual(statusCounts(replies), { 200: 1, 429: many - 1 });
    assert.equal((await roster.outbox('again@example.com')).length, 1);
  });

  test('of 50 wrong passwords at the same time no more than five are checked', async () => {
    await roster.call(`POST ${path}`, {
      json: { user: { email: 'guess@example.com', password, first_name: 'John', last_name: 'Doe' } },
    });
    const json = { email: 'guess@example.com', password: 'not the password' };
    const replies = await callAtOnce(roster.client, many, () => ['POST /general/v1/sessions', { json }]);
    assert.deepEqual(statusCounts(replies), { 401: 5, 429: many - 5 });
  });

  test('30 right passwords at the same time all sign in', async () => {
    const user = { email: 'right@example.com', password, first_name: 'John', last_name: 'Doe' };
    await roster.call(`POST ${path}`, { json: { user } });
    const json = { email: user.email, password };
    const replies = await callAtOnce(roster.client, 30, () => ['POST /general/v1/sessions', { json }]);
    assert.deepEqual(statusCounts(replies), { 201: 30 });
    assert.equal(new Set(replies.map((reply) => reply.string('token'))).size, 30);
  });

  test('of two sessions that set a password at the same time one succeeds, and the other has then ended', async () => {
    const email = 'two@example.com';
    const signedUp = await roster.call(`POST ${path}`, {
      json: { user: { email, password, first_name: 'John', last_name: 'Doe' } },
    });
    const other = await roster.call('POST /general/v1/sessions', { json: { email, password } });
    const sessions = [signedUp.header('x-user-token'), other.string('token')];
    const replies = await hashes.callDuringHash(2, (index) => [
      `PUT ${path}/${signedUp.number('id')}`,
      { session: sessions[index], json: { user: { password: `a-good-password-${index}` } } },
    ]);
    assert.deepEqual(statusCounts(replies), { 200: 1, 409: 1 });
    const winner = replies.findIndex(({ status }) => status === 200);
    const loser = sessions[1 - winner];
    assert.equal((await roster.call(`GET ${path}`, { session: loser })).status, 401);
    const json = { email, password: `a-good-password-${winner}` };
    assert.equal((await roster.call('POST /general/v1/sessions', { json })).status, 201);
  });

  test('the present password is accepted for one of ten new ones, and its session stays', async () => {
    const user = { email: 'proof@example.com', password, first_name: 'John', last_name: 'Doe' };
    const signedUp = await roster.call(`POST ${path}`, { json: { user } });
    const session = signedUp.header('x-user-token');
    roster.clock.advance(10 * minuteMs);
    const replies = await hashes.callDuringHash(10, (index) => {
      const change = { password: `a-good-password-${index}`, current_password: password };
      return [`PUT ${path}/${signedUp.number('id')}`, { session, json: { user: change } }];
    });
    assert.deepEqual(statusCounts(replies), { 200: 1, 409: 9 });
    for (const reply of replies) {
      if (reply.status !== 409) continue;
      assert.deepEqual([reply.body, reply.header('retry-after')], [underWay, '1']);
    }
    // No password of the others is counted as a wrong one.
    assert.equal(await count('sessions', 'wrong_passwords > 0'), 0);
    assert.equal((await roster.call(`GET ${path}`, { session })).status, 200);
  });

  test('a sign-in during a cancellation leaves no session', async () => {
    // When the passwords are checked depends on the machine, so the cancellation is sent at several times.
    for (const delayMs of [20, 40, 80, 160]) {
      const email = `overtaken-${delayMs}@example.com`;
      const user = { email, password, first_name: 'John', last_name: 'Doe' };
      const signedUp = await roster.call(`POST ${path}`, { json: { user } });
      const session = signedUp.header('x-user-token');
      const signIns = callAtOnce(roster.client, 5, () => [
        'POST /general/v1/sessions',
        { json: { email, password } },
      ]);
      await sleep(delayMs);
      await roster.call(`POST ${path}/${signedUp.number('id')}/cancel`, { session });
      for (const { status } of await signIns) assert.ok(status === 201 || status === 401, String(status));
      assert.equal(await sessionsOf(email), 0);
    }
  });

  test('a sign-in during a change of the password leaves no session', async () => {
    const email = 'outrun@example.com';
    const user = { email, password, first_name: 'John', last_name: 'Doe' };
    const signedUp = await roster.call(`POST ${path}`, { json: { user } });
    const session = signedUp.header('x-user-token');
    const changed = roster.call(`PUT ${path}/${signedUp.number('id')}`, {
      session,
      json: { user: { password: 'another-good-one-7' } },
    });
    // Their passwords are checked after the new one is hashed, against the former hash.
    const signIns = callAtOnce(roster.client, 5, () => [
      'POST /general/v1/sessions',
      { json: { email, password } },
    ]);
    assert.equal((await changed).status, 200);
    for (const { status } of await signIns) assert.ok(status === 201 || status === 401, String(status));
    assert.equal(await sessionsOf(email), 1);
  });

  test('50 cancellations at the same time have the effect of one', async () => {
    const admin = await roster.addAdmin();
    const { number } = await addPerson(roster);
    const before = await count('audit_events', "action = 'user.cancelled'");
    const replies = await callAtOnce(roster.client, many, () => [
      `POST ${path}/${number}/cancel`,
      { session: admin.session },
    ]);
    assert.deepEqual(statusCounts(replies), { 200: many });
    assert.equal(await count('audit_events', "action = 'user.cancelled'"), before + 1);
  });

  test('50 deletions at the same time have the effect of one', async () => {
    const admin = await roster.addAdmin();
    const { number } = await addPerson(roster);
    const replies = await callAtOnce(roster.client, many, () => [
      `DELETE ${path}/${number}`,
      { session: admin.session },
    ]);
    assert.deepEqual(statusCounts(replies), { 204: 1, 404: many - 1 });
  });
});
