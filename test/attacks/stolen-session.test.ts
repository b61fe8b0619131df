/**
 * A thief has a session of another person, and wants the password. Five wrong guesses in a row end the session, with every
 * call that takes a password, one after the other and at the same time. The owner sees the thief's session, and ends it.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { minuteMs } from '../../src/core/time.ts';
import { askToken } from '../connect-page/connect-calls.ts';
import { type SignedUp, signUp } from '../contracts/general/sign-up.ts';
import { addPerson, bareId } from '../support/contracts/people.ts';
import { approachDemo, type Jar, visit } from '../support/server/demo-person.ts';
import type { Reply } from '../support/server/http.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { askForReset, newEmail, reset } from './support/accounts.ts';

const path = '/general/v1';
const wrong = { errors: { current_password: ['is invalid'] } };

describe('a thief with a session does not guess the password', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);

  const put = ({ number, session }: SignedUp, user: object): Promise<Reply> =>
    roster.call(`PUT ${path}/users/${number}`, { session, json: { user } });
  const isAlive = async ({ session }: SignedUp): Promise<boolean> =>
    (await roster.call(`GET ${path}/users`, { session })).status === 200;

  for (const [what, change] of [
    ['a change that needs the password', { password: 'another-good-one-7' }],
    ['a change that needs none', { first_name: 'Jo' }],
    ['a request that changes nothing', {}],
    ['a change of the phone', { phone: '+1-555-123-4567' }],
  ] as const) {
    test(`by ${what}`, async () => {
      const person = await signUp(roster);
      roster.clock.advance(10 * minuteMs);
      for (let guess = 0; guess < 5; guess += 1) {
        const reply = await put(person, { ...change, current_password: `a wrong one ${guess}` });
        assert.deepEqual([reply.status, reply.body], [422, wrong]);
      }
      assert.equal((await put(person, { ...change, current_password: person.password })).status, 401);
      assert.equal(await isAlive(person), false);
    });
  }

  test('by a password beside the user', async () => {
    const person = await signUp(roster);
    roster.clock.advance(10 * minuteMs);
    const beside = (current_password: unknown): Promise<Reply> =>
      roster.call(`PUT ${path}/users/${person.number}`, {
        session: person.session,
        json: { user: { password: 'another-good-one-7' }, current_password },
      });
    const reply = await beside('a wrong one');
    assert.deepEqual([reply.status, reply.body], [422, wrong]);
    assert.equal((await beside(person.password)).status, 200);
  });

  test('in a session that is younger than ten minutes', async () => {
    const person = await signUp(roster);
    const reply = await put(person, { password: 'another-good-one-7', current_password: 'a wrong one' });
    assert.deepEqual([reply.status, reply.body], [422, wrong]);
  });

  test('by many changes at the same time', async () => {
    const person = await signUp(roster);
    const replies = await callAtOnce(roster.client, 30, (index) => [
      `PUT ${path}/users/${person.number}`,
      { session: person.session, json: { user: { current_password: `a wrong one ${index}` } } },
    ]);
    assert.deepEqual(statusCounts(replies), { 401: 25, 422: 5 });
  });

  test('by signing in with it, which then counts as any caller', async () => {
    const person = await signUp(roster);
    await ledger.mark();
    const json = { email: person.email, password: 'a wrong one' };
    for (let guess = 0; guess < 5; guess += 1) {
      assert.equal(
        (await roster.call(`POST ${path}/sessions`, { session: person.session, json })).status,
        401,
      );
    }
    await ledger.expect({
      audit: [{ action: 'session.ended', actor_kind: 'user' }],
      rows: { sessions: '-1' },
    });
    const replies = await callAtOnce(roster.client, 30, () => [
      `POST ${path}/sessions`,
      { session: person.session, json },
    ]);
    assert.deepEqual(statusCounts(replies), { 401: 5, 429: 25 });
  });

  test('and an owner who mistypes now and then keeps the session', async () => {
    const person = await signUp(roster);
    for (let round = 0; round < 3; round += 1) {
      for (let guess = 0; guess < 4; guess += 1) await put(person, { current_password: 'a wrong one' });
      assert.equal((await put(person, { current_password: person.password })).status, 200);
    }
    assert.equal(await isAlive(person), true);
  });

  test('by the session of an admin who changes another user, for whom no password is read', async () => {
    const admin = await roster.addAdmin();
    const person = await signUp(roster);
    for (const current_password of [person.password, admin.password, 'a wrong one']) {
      const reply = await put({ ...person, session: admin.session }, { first_name: 'Jo', current_password });
      assert.equal(reply.status, 200);
    }
  });

  test('and a reset ends the Connect page and the flows that the thief has open', async () => {
    const email = newEmail();
    for (const emailProvedAt of [null, 1]) {
      const traits = { email: `${emailProvedAt}-${email}`, emailProvedAt, externalId: randomUUID() };
      const { userId } = await addPerson(roster, traits);
      const issued = await askToken(roster, { type: 'session', client_user_id: traits.externalId });
      const bearer = issued.string('session_token');
      const ask = { bearer, json: { provider: 'demo' } };
      const jar: Jar = new Map();
      const start = (await roster.call('POST /connect/api/connections', ask)).string('authUrl');
      const { callback } = await approachDemo(start, jar);
      assert.equal((await roster.call('GET /connect/api/session', { bearer })).status, 200);
      await reset(roster, await askForReset(roster, traits.email));
      assert.equal((await roster.call('GET /connect/api/session', { bearer })).status, 401);
      assert.notEqual((await visit(start, new Map())).status, 200);
      await visit(callback, jar);
      const { key } = roster.organization;
      const id = bareId(userId);
      const connections = await roster.core.work.read(key, (tx) => tx.connections.listOf(id));
      assert.ok(connections.every(({ status }) => status === 'pending'));
      // The app, whose tokens are its own, opens the page again for the person.
      const again = await askToken(roster, { type: 'session', client_user_id: traits.externalId });
      const opened = await roster.call('GET /connect/api/session', { bearer: again.string('session_token') });
      assert.equal(opened.status, 200);
    }
  });

  test('and the owner sees the session of the thief, and ends it', async () => {
    const person = await signUp(roster);
    const json = { email: person.email, password: person.password };
    const session = (await roster.call(`POST ${path}/sessions`, { json })).string('token');
    const list = await roster.call(`GET ${path}/sessions`, { session });
    const thief = [list.at('0'), list.at('1')].map(Object).find(({ current }) => !current);
    assert.equal((await roster.call(`DELETE ${path}/sessions/${thief.id}`, { session })).status, 204);
    assert.equal(await isAlive(person), false);
  });
});
