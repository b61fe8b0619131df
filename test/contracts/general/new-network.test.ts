/** What an owner gets when the account is signed in to from a network that it has not used lately. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { siteOf } from '../../../src/core/access/sign-in-network.ts';
import { dayMs } from '../../../src/core/time.ts';
import { setUpRoster } from '../../support/server/set-up.ts';
import { codeOf, type SignedUp, signUp } from './sign-up.ts';

const path = '/general/v1';
const home = '198.51.100.7';
const from = (address: string) => ({ 'X-Forwarded-For': address });

describe('a sign-in from a new network', () => {
  const roster = setUpRoster({ env: { ROSTER_TRUSTED_PROXIES: '127.0.0.1' } });

  /** Someone who has signed up at home, with a proved email or a proved phone. */
  async function addProved(fields: { phone?: string; language?: string } = {}): Promise<SignedUp> {
    const person = await signUp(roster, fields, { ask: { headers: from(home) } });
    const confirmation_code = await codeOf(roster, fields.phone ?? person.email);
    const json = { user_id: person.number, confirmation_code };
    assert.equal((await roster.call(`POST ${path}/users/confirmation`, { json })).status, 200);
    return person;
  }

  async function signIn({ email, password }: SignedUp, address: string, session?: string): Promise<void> {
    const json = { email, password };
    const reply = await roster.call(`POST ${path}/sessions`, { json, headers: from(address), session });
    assert.equal(reply.status, 201);
  }

  async function notices(to: string): Promise<number> {
    return (await roster.outbox(to)).filter(({ template }) => template === 'new_network').length;
  }

  test('is told to the proved email, with what to do, and one in a known /24 is not', async () => {
    const person = await addProved();
    await signIn(person, home);
    await signIn(person, '198.51.100.99');
    assert.equal(await notices(person.email), 0);
    await signIn(person, '203.0.113.5');
    const { subject, body } = await roster.lastMessage(person.email);
    assert.match(subject, /^Default: a sign-in from a new network$/);
    assert.match(body, /set a new password/);
    assert.ok(!body.includes('203.0.113'));
    assert.equal(await notices(person.email), 1);
  });

  test('is told once a day, also with a session of the account', async () => {
    const person = await addProved();
    for (const third of [1, 2, 3]) await signIn(person, `203.0.${third}.5`, person.session);
    assert.equal(await notices(person.email), 1);
    roster.clock.advance(dayMs);
    await signIn(person, '203.0.1.5');
    assert.equal(await notices(person.email), 1);
    await signIn(person, '203.0.4.5');
    assert.equal(await notices(person.email), 2);
  });

  test('is told again for a network that was not used in 90 days', async () => {
    const person = await addProved();
    roster.clock.advance(90 * dayMs - 1);
    await signIn(person, home);
    assert.equal(await notices(person.email), 0);
    roster.clock.advance(90 * dayMs);
    await signIn(person, home);
    assert.equal(await notices(person.email), 1);
  });

  test('is told to the proved phone in one text message, and never to an unproved address', async () => {
    const person = await addProved({ phone: '+15551234567', language: 'es' });
    const unproved = await signUp(roster, {}, { ask: { headers: from(home) } });
    for (const each of [person, unproved]) await signIn(each, '203.0.113.5');
    const { channel, body } = await roster.lastMessage('+15551234567');
    assert.equal(channel, 'sms');
    assert.match(body, /^Default: acceso a su cuenta desde una red nueva\./);
    assert.ok(body.length <= 160);
    assert.deepEqual([await notices(person.email), await notices(unproved.email)], [0, 0]);
  });

  test('is not told when the password was wrong', async () => {
    const person = await addProved();
    const json = { email: person.email, password: 'a wrong one' };
    await roster.call(`POST ${path}/sessions`, { json, headers: from('203.0.113.5') });
    assert.equal(await notices(person.email), 0);
  });
});

test('the site of a network is its /24 or /48', () => {
  assert.equal(siteOf('198.51.100.7'), siteOf('198.51.100.255'));
  assert.notEqual(siteOf('198.51.100.7'), siteOf('198.51.101.7'));
  assert.equal(siteOf('2001:db8:1:2::/64'), siteOf('2001:db8:1:ffff::/64'));
  assert.notEqual(siteOf('2001:db8:1:2::/64'), siteOf('2001:db8:2:2::/64'));
  assert.equal(siteOf('unknown'), 'unknown');
});
