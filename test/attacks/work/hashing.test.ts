/**
 * A caller sends many changes of one password at the same time, or changes that no rule allows, so that the server hashes
 * passwords for nothing. One change of an account is made at a time, and every rule is checked before a hash.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authenticateSession } from '../../../src/core/access/authentication.ts';
import { passwordLeaseMs } from '../../../src/core/access/password-change.ts';
import { PasswordChanges } from '../../../src/core/access/password-changes.ts';
import { updateProfile } from '../../../src/core/directory/profile.ts';
import { noEchoes } from '../../../src/core/directory/user-lifecycle.ts';
import { isRefusal } from '../../../src/core/errors.ts';
import { minuteMs } from '../../../src/core/time.ts';
import { type SignedUp, signUp } from '../../contracts/general/sign-up.ts';
import { countHashes } from '../../support/server/hash-count.ts';
import type { Reply } from '../../support/server/http.ts';
import { callAtOnce, statusCounts } from '../../support/server/parallel.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';

const path = '/general/v1/users';
const many = 40;
/** A request that arrived before the end of a right check makes none of its own. On a busy machine some arrive later. */
const checksMax = 5;
const underWay = { errors: 'Another change of this account is under way' };

describe('a flood of changes of one password', () => {
  const roster = setUpRoster({ hasStandardHashes: true });
  const hashes = setUp(() => countHashes(roster));

  const put = ({ number, session }: SignedUp, user: object): Promise<Reply> =>
    roster.call(`PUT ${path}/${number}`, { session, json: { user } });

  /** Sends the changes at once. One is made and the rest are told so; returns the index of the one. */
  async function race(line: string, ask: (index: number) => object): Promise<number> {
    const replies = await hashes.callDuringHash(many, (index) => [line, ask(index)]);
    assert.deepEqual(statusCounts(replies), { 200: 1, 409: many - 1 });
    for (const reply of replies) {
      if (reply.status !== 409) continue;
      assert.deepEqual([reply.body, reply.header('retry-after')], [underWay, '1']);
    }
    return replies.findIndex(({ status }) => status === 200);
  }

  for (const [what, ageMs, proof, cost] of [
    ['with the present password', 10 * minuteMs, true, 2],
    ['in a young session', 0, false, 1],
  ] as const) {
    test(`by its owner ${what} costs ${cost} hashes at most, and the session stays`, async () => {
      const person = await signUp(roster);
      roster.clock.advance(ageMs);
      hashes.taken();
      const winner = await race(`PUT ${path}/${person.number}`, (index) => ({
        session: person.session,
        json: {
          user: {
            password: `a-good-password-${index}`,
            ...(proof ? { current_password: person.password } : {}),
          },
        },
      }));
      assert.equal(hashes.taken(), cost);
      const next = { password: 'another-good-one-7', current_password: `a-good-password-${winner}` };
      assert.equal((await put(person, next)).status, 200);
    });
  }

  test('by an admin costs one hash', async () => {
    const admin = await roster.addAdmin();
    const person = await signUp(roster);
    hashes.taken();
    await race(`PUT ${path}/${person.number}`, (index) => ({
      session: admin.session,
      json: { user: { password: `a-good-password-${index}` } },
    }));
    assert.equal(hashes.taken(), 1);
  });

  test('by one link costs one hash', async () => {
    const { email } = await signUp(roster);
    await roster.call(`POST ${path}/passwords`, { json: { email } });
    const { token } = await roster.lastMessage(email);
    hashes.taken();
    await race(`POST ${path}/passwords/reset`, (index) => ({
      json: { token, password: `a-good-password-${index}` },
    }));
    assert.equal(hashes.taken(), 1);
  });

  for (const [what, again] of [
    ['the same password', 'a-good-password-1'],
    ['a wrong one', 'another-good-one-7'],
  ] as const) {
    test(`by a link that the page has used, with ${what}, costs few hashes`, async () => {
      const { email } = await signUp(roster);
      await roster.call(`POST ${path}/passwords`, { json: { email } });
      const { token = '' } = await roster.lastMessage(email);
      const press = async (password: string): Promise<number> => {
        const body = new URLSearchParams({ token, password, password_repeat: password });
        return (await fetch(`${roster.baseUrl}/set-password`, { method: 'POST', body })).status;
      };
      assert.equal(await press('a-good-password-1'), 200);
      hashes.taken();
      const statuses = await Promise.all(Array.from({ length: many }, () => press(again)));
      assert.deepEqual([...new Set(statuses)], [again === 'a-good-password-1' ? 200 : 422]);
      const taken = hashes.taken();
      assert.ok(taken <= checksMax, `${taken} hashes`);
    });
  }

  test('by a link and by a session at the same time costs one hash', async () => {
    const person = await signUp(roster);
    await roster.call(`POST ${path}/passwords`, { json: { email: person.email } });
    const { token } = await roster.lastMessage(person.email);
    hashes.taken();
    const replies = await callAtOnce(roster.client, many, (index) => {
      const password = `a-good-password-${index}`;
      return index % 2 === 0
        ? [`PUT ${path}/${person.number}`, { session: person.session, json: { user: { password } } }]
        : [`POST ${path}/passwords/reset`, { json: { token, password } }];
    });
    // A change by the session ends the link, which a late use of it then finds invalid.
    const { 200: made, 409: refused = 0, 422: late = 0 } = statusCounts(replies);
    assert.deepEqual([made, refused + late], [1, many - 1]);
    assert.equal(hashes.taken(), 1);
  });

  test('by many processes at the same time costs one hash', async () => {
    const person = await signUp(roster);
    const principal = await authenticateSession(roster.core, 'general', person.session);
    hashes.taken();
    const outcomes = await Promise.allSettled(
      Array.from({ length: many }, (_, index) =>
        // The memory of a process of its own, so that the lease alone decides.
        updateProfile({ ...roster.core, passwordChanges: new PasswordChanges() }, principal, {
          ref: { number: person.number },
          change: { password: `a-good-password-${index}` },
          currentPassword: undefined,
          echoes: noEchoes,
          arrival: { network: `${index}`, arrivedAt: performance.now() },
        }),
      ),
    );
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.ok(isRefusal(outcome.reason, 'change_in_progress'));
    }
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(hashes.taken(), 1);
  });

  test('in another process is refused by a lease, which ends when that process has died', async () => {
    const person = await signUp(roster);
    const { key } = roster.organization;
    await roster.core.work.change(key, async (tx) => {
      const user = await tx.users.find({ number: person.number });
      const now = roster.clock.now();
      assert.ok(await tx.passwordLeases.claim(user?.id ?? '', 'another process', now, now + passwordLeaseMs));
    });
    hashes.taken();
    const refused = await put(person, { password: 'another-good-one-7' });
    assert.deepEqual([refused.status, refused.body], [409, underWay]);
    assert.equal((await put(person, { first_name: 'Ada' })).status, 200);
    assert.equal(hashes.taken(), 0);
    roster.clock.advance(passwordLeaseMs);
    assert.equal((await put(person, { password: 'another-good-one-7' })).status, 200);
    assert.equal(await roster.rows.count('password_leases'), 0);
  });

  test('of other fields with the present password, and of sign-ins, shares the checks of a password', async () => {
    const person = await signUp(roster);
    roster.clock.advance(10 * minuteMs);
    hashes.taken();
    const changes = await callAtOnce(roster.client, many, () => [
      `PUT ${path}/${person.number}`,
      { session: person.session, json: { user: { first_name: 'Ada', current_password: person.password } } },
    ]);
    assert.deepEqual(statusCounts(changes), { 200: many });
    assert.ok(hashes.taken() <= checksMax);
    for (const [email, status] of [
      [person.email, 201],
      ['nobody@example.com', 401],
    ] as const) {
      const signIns = await callAtOnce(roster.client, 5, () => [
        'POST /general/v1/sessions',
        { json: { email, password: person.password } },
      ]);
      assert.deepEqual(statusCounts(signIns), { [status]: 5 });
      assert.ok(hashes.taken() <= 2, email);
    }
  });

  for (const [what, ageMs, proof] of [
    ['with the present password shares its check', 10 * minuteMs, true],
    ['in a young session costs no hash', 0, false],
  ] as const) {
    test(`of the email ${what}, and is no fault of the server`, async () => {
      const person = await signUp(roster);
      roster.clock.advance(ageMs);
      hashes.taken();
      const replies = await callAtOnce(roster.client, many, (index) => {
        const user = { email: `${what.length}-${index}@example.com` };
        const json = { user: { ...user, ...(proof ? { current_password: person.password } : {}) } };
        return [`PUT ${path}/${person.number}`, { session: person.session, json }];
      });
      const { 200: made = 0, 409: refused = 0 } = statusCounts(replies);
      assert.deepEqual([made > 0, made + refused], [true, many], JSON.stringify(statusCounts(replies)));
      for (const { status, body } of replies) if (status === 409) assert.deepEqual(body, underWay);
      const taken = hashes.taken();
      assert.ok(taken <= (proof ? checksMax : 0), `${taken} hashes`);
    });
  }

  test('with one wrong present password costs few hashes, and ends the session', async () => {
    const person = await signUp(roster);
    roster.clock.advance(10 * minuteMs);
    hashes.taken();
    const replies = await callAtOnce(roster.client, many, () => [
      `PUT ${path}/${person.number}`,
      { session: person.session, json: { user: { first_name: 'Ada', current_password: 'a wrong one' } } },
    ]);
    assert.deepEqual(Object.keys(statusCounts(replies)), ['401', '422']);
    assert.ok(hashes.taken() <= 5);
    assert.equal((await put(person, { first_name: 'Ada' })).status, 401);
  });

  test('that no rule allows costs no hash', async () => {
    const person = await signUp(roster);
    const other = await signUp(roster);
    roster.clock.advance(10 * minuteMs);
    await roster.call(`POST ${path}/passwords`, { json: { email: person.email } });
    const { token } = await roster.lastMessage(person.email);
    const proof = { current_password: person.password };
    const password = 'another-good-one-7';
    hashes.taken();
    for (const [status, change] of [
      [422, { password }],
      [422, { password: 'short', ...proof }],
      [422, { password: 'password123', ...proof }],
      [422, { password: person.email, ...proof }],
      [422, { password, password_confirmation: 'another one', ...proof }],
      [422, { password, phone: 'no phone', ...proof }],
      [422, { password, email: other.email, ...proof }],
      [422, { password, current_password: {} }],
      [403, { password, role: 'admin', ...proof }],
      [422, { first_name: '', ...proof }],
    ] as const) {
      const reply = await put(person, change);
      assert.equal(reply.status, status, JSON.stringify([change, reply.body]));
    }
    assert.equal((await put({ ...person, number: other.number }, { password, ...proof })).status, 404);
    for (const [link, json] of [
      [`${token}x`, { password }],
      [token, { password: 'short' }],
      [token, { password: 'password123' }],
      [token, { password: person.email }],
      [token, { password, password_confirmation: 'another one' }],
    ] as const) {
      const reply = await roster.call(`POST ${path}/passwords/reset`, { json: { token: link, ...json } });
      assert.equal(reply.status, 422, JSON.stringify(json));
    }
    const taken = { email: person.email, password, first_name: 'Jo', last_name: 'Doe' };
    assert.equal((await roster.call(`POST ${path}`, { json: { user: taken } })).status, 422);
    assert.equal(hashes.taken(), 0);
  });
});
