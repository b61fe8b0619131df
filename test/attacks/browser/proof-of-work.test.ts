/**
 * A script signs up in masses and asks for masses of reset links. A deployment with `ROSTER_CHALLENGE=proof-of-work` lets it pay for
 * each call, and nobody else.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { challengeLifeMs } from '../../../src/core/access/humanity.ts';
import { dayMs } from '../../../src/core/time.ts';
import { signUpBody } from '../../contracts/general/sign-up.ts';
import { browserTest } from '../../support/machine/browser.ts';
import type { Reply } from '../../support/server/http.ts';
import { callAtOnce, statusCounts } from '../../support/server/parallel.ts';
import { setUpRoster } from '../../support/server/set-up.ts';

const path = '/general/v1/users';
const isAsked = { errors: 'A proof of work is required' };
const answerHeader = 'x-challenge-answer';

/** What a client sends after it has solved the challenge of a refusal. */
async function answerTo(refusal: Reply): Promise<string> {
  const challenge: Challenge = JSON.parse(Buffer.from(refusal.header('x-challenge'), 'base64').toString());
  const solution = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
}

interface Forgeable {
  readonly challenge: {
    signature: unknown;
    parameters: { nonce: string; cost: number; data: { expires: number } } | null;
  };
  readonly solution: { counter: number; derivedKey: unknown };
}

/** Changes one part of a solved answer. */
function forged(answer: string, change: (payload: Forgeable) => void): string {
  const payload: Forgeable = JSON.parse(Buffer.from(answer, 'base64').toString());
  change(payload);
  return Buffer.from(JSON.stringify(payload)).toString('base64');
}

describe('a stranger proves work for each sign-up and each request of a new password', () => {
  const roster = setUpRoster({ env: { ROSTER_CHALLENGE: 'proof-of-work' } });

  const signUp = (answer?: string): Promise<Reply> =>
    roster.call(`POST ${path}`, {
      json: signUpBody(),
      ...(answer === undefined ? {} : { headers: { [answerHeader]: answer } }),
    });

  test('without an answer nothing is created, hashed or sent', async () => {
    const users = await roster.rows.count('users');
    const refused = await signUp();
    assert.deepEqual([refused.status, refused.body], [403, isAsked]);
    const reset = await roster.call(`POST ${path}/passwords`, { json: { email: 'ann@example.com' } });
    assert.deepEqual([reset.status, reset.body], [403, isAsked]);
    assert.equal(await roster.rows.count('users'), users);
    assert.equal(await roster.rows.count('password_requests'), 0);
    assert.notEqual(refused.header('x-challenge'), reset.header('x-challenge'));
  });

  test('an answer is good for one call, also of many at the same time', async () => {
    const answer = await answerTo(await signUp());
    const replies = await callAtOnce(roster.client, 10, () => [
      `POST ${path}`,
      { json: signUpBody(), headers: { [answerHeader]: answer } },
    ]);
    assert.deepEqual(statusCounts(replies), { 201: 1, 403: 9 });
  });

  test('a challenge of a clock that was wrong is answered for no longer than any other', async () => {
    roster.clock.jump(400 * dayMs);
    const answer = await answerTo(await signUp());
    roster.clock.jump(-400 * dayMs);
    const refused = await signUp(answer);
    assert.deepEqual([refused.status, refused.body], [403, isAsked]);
    assert.equal((await signUp(await answerTo(refused))).status, 201);
  });

  test('an answer that is wrong, forged, late or rubbish is refused with a new challenge', async () => {
    const answer = await answerTo(await signUp());
    const rubbish = [
      ...['', 'x', '{}', 'bnVsbA==', Buffer.from('{"challenge":{},"solution":{}}').toString('base64')],
      'A'.repeat(4_000),
      forged(answer, ({ solution }) => {
        solution.counter += 1;
        solution.derivedKey = '00'.repeat(32);
      }),
      forged(answer, ({ challenge }) => {
        if (challenge.parameters !== null) challenge.parameters.data.expires += 1;
      }),
      forged(answer, ({ challenge }) => {
        if (challenge.parameters !== null) challenge.parameters.nonce = '00'.repeat(16);
      }),
      forged(answer, ({ challenge }) => {
        if (challenge.parameters !== null) challenge.parameters.cost = 1;
      }),
      forged(answer, ({ challenge }) => {
        challenge.signature = { length: 64 };
      }),
      forged(answer, (payload) => {
        payload.challenge.parameters = null;
      }),
      forged(answer, ({ solution }) => {
        solution.derivedKey = {};
      }),
    ];
    for (const text of rubbish) {
      const refused = await signUp(text);
      assert.deepEqual([refused.status, refused.body], [403, isAsked], text.slice(0, 60));
      assert.ok(refused.header('x-challenge').length > 100);
    }
    roster.clock.advance(challengeLifeMs);
    assert.equal((await signUp(answer)).status, 403);
  });

  test('a session of a parent does not replace the answer, one of an admin does', async () => {
    const made = await signUp(await answerTo(await signUp()));
    assert.equal(made.status, 201);
    const asParent = { json: signUpBody(), session: made.header('x-user-token') };
    assert.equal((await roster.call(`POST ${path}`, asParent)).status, 403);
    const admin = await roster.addAdmin();
    assert.equal(
      (await roster.call(`POST ${path}`, { json: signUpBody(), session: admin.session })).status,
      201,
    );
    const json = { email: admin.email };
    const byAdmin = await roster.call(`POST ${path}/passwords`, { json, session: admin.session });
    assert.equal(byAdmin.status, 200);
  });

  browserTest(
    'a person asks for a new password on the page, whose script solves the challenge',
    async ({ page }) => {
      const admin = await roster.addAdmin(undefined, 'page@example.com');
      await page.goto(`${roster.baseUrl}/request-password`);
      await page.getByLabel('Email address').fill(admin.email);
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
      const { token = '' } = await roster.lastMessage(admin.email);
      assert.ok(token.startsWith('pr_'));
    },
  );
});
