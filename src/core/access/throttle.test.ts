import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRefusal } from '../errors.ts';
import { debtOf, failureDelayMs, guessesLeft, refuseWait } from './throttle.ts';

const now = Date.UTC(2026, 0, 1);

describe('wrong passwords in a row', () => {
  test('the first four cause no wait', () => {
    for (const count of [0, 1, 2, 3, 4])
      assert.equal(failureDelayMs({ count, lastAt: now, debtUntil: 0, debtFrom: now }, now), 0);
  });

  test('from the fifth on the next attempt waits 2, 4, 8 ... and at most 60 seconds', () => {
    const delays = [5, 6, 7, 8, 9, 10, 11, 1_000_000].map((count) => {
      return failureDelayMs({ count, lastAt: now, debtUntil: 0, debtFrom: now }, now) / 1_000;
    });
    assert.deepEqual(delays, [2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test('the wait counts from the last wrong password and ends', () => {
    const failures = { count: 6, lastAt: now, debtUntil: 0, debtFrom: now };
    assert.equal(failureDelayMs(failures, now + 1_000), 3_000);
    assert.equal(failureDelayMs(failures, now + 4_000), 0);
    assert.equal(failureDelayMs(failures, now + 400_000), 0);
  });
});

describe('wrong passwords from many networks', () => {
  const quota = { limit: 100, windowMs: 3_600_000 };
  const left = (debtUntil: number): number =>
    guessesLeft({ count: 0, lastAt: now, debtUntil, debtFrom: now }, quota, now);

  test('may be as many as the quota at once, and are forgotten one after the other', () => {
    assert.equal(debtOf(quota), 36_000);
    assert.deepEqual([0, now, now + 36_000, now + 99 * 36_000].map(left), [100, 100, 99, 1]);
    assert.equal(left(now + 99.5 * 36_000), 0.5);
  });
});

describe('waiting', () => {
  test('without a wait there is no refusal', () => {
    refuseWait(null);
    refuseWait(0);
    refuseWait(-5);
  });

  test('a wait is stated in whole seconds, rounded up', () => {
    for (const [waitMs, seconds] of [
      [1, 1],
      [1_000, 1],
      [1_001, 2],
      [59_999, 60],
    ] as const) {
      assert.throws(
        () => refuseWait(waitMs),
        (error) => isRefusal(error, 'rate_limited') && error.details.retryAfterSeconds === seconds,
      );
    }
  });
});
