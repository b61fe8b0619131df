/**
 * How often something may happen: at most so many hits in any window of time, by subject. Counters are rows,
 * so a restart forgets nothing and every process counts together. Subjects are keyed digests, never the
 * address or email itself. A refused hit is not counted.
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
   * Counts one hit if the quotas allow it. Null when it was counted; otherwise how many milliseconds until
   * the next hit would be.
   */
  hit(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<number | null>;
  /** Wrong passwords in a row for a subject, and when the last one was. */
  findFailures(subject: string): Promise<LoginFailures | null>;
  addFailure(subject: string, now: number): Promise<void>;
  clearFailures(subject: string): Promise<void>;
}

export interface LoginFailures {
  readonly count: number;
  readonly lastAt: number;
}

/** Wrong passwords in a row that cost nothing; from this one on, tries are spaced out. */
export const freeFailures = 5;
const signInBackoff: Backoff = { firstMs: 2 * secondMs, maxMs: minuteMs };

/** How long to wait before the next try: none, then 2, 4, 8 … 60 seconds. */
export function failureDelayMs(failures: LoginFailures | null, now: number): number {
  if (failures === null || failures.count < freeFailures) return 0;
  const delay = backoffMs(failures.count - freeFailures + 1, signInBackoff);
  return Math.max(0, failures.lastAt + delay - now);
}

/** Refuses with `rate_limited`, whole seconds rounded up, where there is something to wait for. */
export function refuseWait(waitMs: number | null): void {
  if (waitMs === null || waitMs <= 0) return;
  throw refuse('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / secondMs)) });
}
