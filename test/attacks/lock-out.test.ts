/**
 * A stranger who knows an address tries wrong passwords from elsewhere. The owner is not delayed on a network from which
 * the account has signed in, with a session, or after a reset; the stranger is, from one network and from many.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sessionWrongPasswordsMax } from '../../src/core/access/session.ts';
import { dayMs, hourMs, minuteMs } from '../../src/core/time.ts';
import { type SignedUp, signUp, tokenOf } from '../contracts/general/sign-up.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUpRoster } from '../support/server/set-up.ts';

const path = '/general/v1/sessions';
const home = '198.51.100.7';

/** Headers of a request from that address; the proxy in front is trusted. */
const from = (address: string) => ({ 'X-Forwarded-For': address });

/** Few guesses, so that the test is quick; the default is a hundred an hour. */
const env = { ROSTER_TRUSTED_PROXIES: '127.0.0.1', ROSTER_LIMIT_GUESSES: '20' };

describe('a stranger keeps no owner out', () => {
  const roster = setUpRoster({ env });

  async function signIn(
    person: SignedUp,
    address: string,
    ask: { password?: string; session?: string } = {},
  ) {
    const { session, password = person.password } = ask;
    const json = { email: person.email, password };
    return (await roster.call(`POST ${path}`, { json, headers: from(address), session })).status;
  }

  /** Someone who has signed up at home, and wrong tries of a stranger from one network and from many others. */
  async function attacked(): Promise<SignedUp> {
    const person = await signUp(roster, {}, { ask: { headers: from(home) } });
    for (let guess = 0; guess < 6; guess += 1)
      await signIn(person, '203.0.113.1', { password: 'a wrong one' });
    assert.equal(await signIn(person, '203.0.113.1', { password: 'a wrong one' }), 429);
    const json = { email: person.email, password: 'a wrong one' };
    await callAtOnce(roster.client, 25, (index) => [
      `POST ${path}`,
      { json, headers: from(`203.0.113.${10 + index}`) },
    ]);
    return person;
  }

  test('on a network from which the account has signed in', async () => {
    const person = await attacked();
    assert.equal(await signIn(person, home), 201);
    roster.clock.advance(90 * dayMs - 1);
    assert.equal(await signIn(person, home), 201);
  });

  test('who has a session of the account, on any network', async () => {
    const person = await attacked();
    assert.equal(await signIn(person, '192.0.2.55', { session: person.session }), 201);
  });

  test('and wrong passwords in a session, sent at once, get one answer, also after they have ended it', async () => {
    const person = await signUp(roster, {}, { ask: { headers: from(home) } });
    const json = { email: person.email, password: 'a wrong one' };
    const replies = await callAtOnce(roster.client, 3 * sessionWrongPasswordsMax, () => [
      `POST ${path}`,
      { json, headers: from(home), session: person.session },
    ]);
    const { session } = person;
    assert.equal(
      (await roster.call('GET /general/v1/users', { session })).status,
      401,
      'the session goes on',
    );
    const said = new Set(replies.filter(({ status }) => status !== 429).map(({ text }) => text));
    assert.equal(said.size, 1, [...said].join());
    const alone = await roster.call(`POST ${path}`, { json, headers: from('192.0.2.99') });
    assert.deepEqual([alone.status, alone.text], [401, [...said][0]]);
  });

  test('who has just reset the password, and the answer to the reset is a session', async () => {
    const person = await attacked();
    await roster.call('POST /general/v1/users/passwords', { json: { email: person.email } });
    const token = await tokenOf(roster, person.email);
    const password = 'another-good-one-7';
    const reset = await roster.call('POST /general/v1/users/passwords/reset', {
      json: { token, password },
      headers: from('192.0.2.77'),
    });
    const session = reset.header('x-user-token');
    assert.equal((await roster.call('GET /general/v1/users', { session })).status, 200);
    const json = { email: person.email, password: 'a wrong one' };
    await callAtOnce(roster.client, 25, (index) => [
      `POST ${path}`,
      { json, headers: from(`203.0.113.${10 + index}`) },
    ]);
    assert.equal(await signIn(person, '192.0.2.77', { password }), 201);
  });

  test('on the same IPv6 /64, which is one network', async () => {
    const ask = { headers: from('2001:db8:1:2::7') };
    const person = await signUp(roster, {}, { ask });
    for (let guess = 0; guess < 6; guess += 1)
      await signIn(person, '2001:db8:9::1', { password: 'wrong one' });
    assert.equal(await signIn(person, '2001:db8:9::2'), 429);
    assert.equal(await signIn(person, '2001:db8:1:2:99::1'), 201);
  });

  test('and no stranger gets more tries behind a proxy that reports ports', async () => {
    const person = await signUp(roster, {}, { ask: { headers: from(`${home}:40001`) } });
    for (let guess = 0; guess < 5; guess += 1)
      await signIn(person, `203.0.113.1:${5000 + guess}`, { password: 'wrong one' });
    assert.equal(await signIn(person, '203.0.113.1:6000', { password: 'wrong one' }), 429);
    assert.equal(await signIn(person, '[::ffff:203.0.113.1]:6001', { password: 'wrong one' }), 429);
    assert.equal(await signIn(person, `${home}:40002`), 201);
  });
});

describe('guesses from many networks', () => {
  const roster = setUpRoster({ env });
  const json = (email: string) => ({ email, password: 'a wrong one' });

  /** 40 guesses at the same time, each from a network of its own. */
  async function guess(email: string) {
    return statusCounts(
      await callAtOnce(roster.client, 40, (index) => [
        `POST ${path}`,
        { json: json(email), headers: from(`10.${index}.0.1`) },
      ]),
    );
  }

  for (const who of ['a person', 'no account']) {
    test(`at the password of ${who} are twenty at once, and then one per three minutes`, async () => {
      const email = who === 'a person' ? (await signUp(roster)).email : 'stranger@example.com';
      assert.deepEqual(await guess(email), { 401: 20, 429: 20 });
      const late = { json: json(email), headers: from('172.16.0.1') };
      const refused = await roster.call(`POST ${path}`, late);
      assert.deepEqual([refused.status, refused.header('retry-after')], [429, '180']);
      roster.clock.advance(3 * minuteMs);
      assert.equal((await roster.call(`POST ${path}`, late)).status, 401);
      assert.equal((await roster.call(`POST ${path}`, late)).status, 429);
      roster.clock.advance(hourMs + minuteMs);
      assert.deepEqual(await guess(email), { 401: 20, 429: 20 });
    });
  }
});

describe('the database', () => {
  const roster = setUpRoster({ env });

  test('has no address of a caller, and the same network of two accounts is not the same digest', async () => {
    const people = [];
    for (const _ of [1, 2]) people.push(await signUp(roster, {}, { ask: { headers: from(home) } }));
    const rows = await roster.rows.all('known_networks');
    assert.equal(rows.length, people.length);
    assert.ok(!JSON.stringify(rows).includes('198.51'));
    for (const column of ['network', 'site']) assert.equal(new Set(rows.map((row) => row[column])).size, 2);
  });
});
