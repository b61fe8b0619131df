/**
 * Throttles: at most a number of hits in any window of time, by subject. Counters are rows, so they survive a restart
 * and all processes share them. Subjects are keyed digests, never the network address or email itself. A refused hit is
 * not counted.
 */
import { type Backoff, backoffMs } from '../backoff.ts';
import { refuse } from '../errors.ts';
import { minuteMs, secondMs } from '../time.ts';

/** At most `limit` hits in any span of `windowMs`. */
export interface Quota {
  readonly limit: number;
  readonly windowMs: number;
}

export interface ThrottleStore {
  /**
   * Counts one hit if the quotas allow it. Null when it was counted; otherwise the milliseconds until the next hit is
   * allowed.
   */
  hit(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<number | null>;
  /** The wrong passwords in a row of a subject; null for none. */
  findFailures(subject: string): Promise<LoginFailures | null>;
  addFailure(subject: string, now: number): Promise<void>;
  clearFailures(subject: string): Promise<void>;
}

export interface LoginFailures {
  readonly count: number;
  readonly lastAt: number;
}

/** From this number of wrong passwords in a row on, the next attempt is delayed. */
export const freeFailures = 5;
const signInBackoff: Backoff = { firstMs: 2 * secondMs, maxMs: minuteMs };

/** The delay before the next attempt: none, then 2, 4, 8 … 60 seconds after the last wrong password. */
export function failureDelayMs(failures: LoginFailures | null, now: number): number {
  if (failures === null || failures.count < freeFailures) return 0;
  const delay = backoffMs(failures.count - freeFailures + 1, signInBackoff);
  return Math.max(0, failures.lastAt + delay - now);
}

/** Refuses with `rate_limited` where there is a wait, in whole seconds, rounded up. */
export function refuseWait(waitMs: number | null): void {
  if (waitMs === null || waitMs <= 0) return;
  throw refuse('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / secondMs)) });
}
