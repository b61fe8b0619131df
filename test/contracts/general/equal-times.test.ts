/**
 * The time of an answer does not tell whether an account exists. The test measures both kinds of call in turn, so
 * that the load of the machine affects both alike, and compares medians within a generous bound: a missing
 * password check makes a difference of ten times and more. Other programs may take the processor from one kind of call
 * more than from the other, so a difference counts when three measurements in a row have it.
 */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { minuteMs } from '../../../src/core/time.ts';
import { slowTest as test } from '../../support/effort.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUpRoster } from '../../support/server/set-up.ts';
import { signUp } from './sign-up.ts';

describe('the time of an answer', () => {
  const roster = setUpRoster({ hasStandardHashes: true });

  async function timeOf(call: () => Promise<Reply>): Promise<number> {
    // Jobs of an earlier call would slow down the wrong call.
    await roster.settle();
    const started = performance.now();
    await call();
    return performance.now() - started;
  }

  /** Fails if each of three measurements finds that one kind of call takes twice as long as the other, or longer. */
  async function assertAlike(
    rounds: number,
    one: () => Promise<Reply>,
    other: () => Promise<Reply>,
  ): Promise<void> {
    const differing: string[] = [];
    while (differing.length < 3) {
      const times = await medians(rounds, one, other);
      if (Math.max(...times) / Math.min(...times) < 2) return;
      differing.push(times.map((ms) => `${ms.toFixed(2)} ms`).join(' and '));
    }
    assert.fail(`medians of ${differing.join(', then ')}`);
  }

  /** Medians of two kinds of call, measured in turn. */
  async function medians(
    rounds: number,
    one: () => Promise<Reply>,
    other: () => Promise<Reply>,
  ): Promise<[number, number]> {
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      // Long enough for the next try of the same account.
      roster.clock.advance(2 * minuteMs);
      times[0].push(await timeOf(one));
      times[1].push(await timeOf(other));
    }
    return [median(times[0]), median(times[1])];
  }

  test('a wrong password takes as long without an account as with one', async () => {
    const { email } = await signUp(roster);
    const signIn = (address: string) => () =>
      roster.call('POST /general/v1/sessions', { json: { email: address, password: 'not the password' } });
    await assertAlike(15, signIn(email), signIn('stranger@example.com'));
    const { number, session } = await signUp(roster, { email: 'gone@example.com' });
    await roster.call(`POST /general/v1/users/${number}/cancel`, { session });
    await assertAlike(15, signIn('gone@example.com'), signIn('nobody@example.com'));
  });

  test('a request for a reset takes the same time with and without an account', async () => {
    const { email } = await signUp(roster);
    const ask = (address: string) => () =>
      roster.call('POST /general/v1/users/passwords', { json: { email: address } });
    await assertAlike(60, ask(email), ask('stranger@example.com'));
  });
});

function median(times: readonly number[]): number {
  const sorted = [...times].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
