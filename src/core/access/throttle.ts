/**
 * Throttles: at most a number of hits in any window of time, by subject. Counters are rows, so they survive a restart
 * and all processes share them. Subjects are keyed digests, never the network address or email itself. A refused hit is
 * not counted.
 */
import { type Backoff, backoffMs } from '../backoff.ts';
import { refuse } from '../errors.ts';
import { dayMs, hourMs, minuteMs, notBeyond, secondMs } from '../time.ts';

/** No quota has a longer window. */
export const throttleWindowMaxMs = dayMs;
/** The window of the quota of wrong passwords from unknown networks. */
export const guessWindowMs = hourMs;

/** At most `limit` hits in any span of `windowMs`. */
export interface Quota {
  readonly limit: number;
  readonly windowMs: number;
}

/** A subject with the number of hits that it may have. */
export interface SubjectQuota {
  /** A keyed digest. */
  readonly subject: string;
  readonly quota: Quota;
}

/** A hit that was refused. */
export interface RefusedHit {
  /** The milliseconds until the next hit is allowed. */
  readonly waitMs: number;
  /** The index of the subject whose quota demands this wait. */
  readonly at: number;
}

/** A hit that still counts. */
export interface Hit {
  readonly subject: string;
  readonly bucket: string;
  readonly at: number;
}

export interface ThrottleStore {
  /**
   * Counts one hit if the quotas allow it. Null when it was counted; otherwise the milliseconds until the next hit is
   * allowed.
   */
  hit(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<number | null>;
  /** As `hit`, without counting. Only a caller that keeps all others from counting the subject may count it afterwards. */
  findWait(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<number | null>;
  /** Counts the hit for which `findWait` was null. */
  count(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<void>;
  /**
   * Counts one hit of up to three subjects, each of which is a part of the next one, if every quota allows it. Null when it
   * was counted. A refused hit counts for none of them.
   */
  hitNested(bucket: string, subjects: readonly SubjectQuota[], now: number): Promise<RefusedHit | null>;
  /** The wrong passwords of a subject from a network, with those of each group. */
  findFailures(subject: string, network: string): Promise<Readonly<Record<NetworkGroup, LoginFailures>>>;
  /** Counts one wrong password, of the network and of its group; each makes the debt of the group `debtMs` longer. */
  addFailure(subject: string, from: GuessSource, now: number, debtMs: number): Promise<void>;
  /** The hits of the subjects whose end is after `now`. */
  listHits(subjects: readonly string[], now: number): Promise<readonly Hit[]>;
  /** The wrong passwords of the subjects, by network, and by group under its name. */
  listFailures(
    subjects: readonly string[],
  ): Promise<readonly (LoginFailures & { readonly network: string })[]>;
  /** Forgets the hits and the wrong passwords of the subjects. Returns how many rows these were. */
  clear(subjects: readonly string[]): Promise<number>;
  /** Forgets the wrong passwords from a network, by default from all networks. */
  clearFailures(subject: string, network?: string): Promise<void>;
}

/** Where passwords are tried. */
export interface GuessSource {
  /** A keyed digest. */
  readonly network: string;
  /** The networks that are counted together. */
  readonly group: NetworkGroup;
}

/** Whether the account has signed in from the network lately. */
export const networkGroups = ['known', 'unknown'] as const;
export type NetworkGroup = (typeof networkGroups)[number];

export interface LoginFailures {
  /** In a row, from the network. */
  readonly count: number;
  readonly lastAt: number;
  /** When the wrong passwords of the group would be forgotten, one after the other. */
  readonly debtUntil: number;
  /** When the last wrong password of the group came. */
  readonly debtFrom: number;
}

/** From this number of wrong passwords in a row on, the next attempt is delayed. */
export const freeFailures = 5;
const signInBackoff: Backoff = { firstMs: 2 * secondMs, maxMs: minuteMs };

/** The delay before the next attempt: none, then 2, 4, 8 … 60 seconds after the last wrong password. */
export function failureDelayMs(failures: LoginFailures, now: number): number {
  if (failures.count < freeFailures) return 0;
  const delay = backoffMs(failures.count - freeFailures + 1, signInBackoff);
  return Math.max(0, notBeyond(failures.lastAt, 0, now) + delay - now);
}

/** How much longer each wrong password makes the debt: as many as the quota allows are forgotten in its window. */
export function debtOf({ limit, windowMs }: Quota): number {
  return Math.ceil(windowMs / limit);
}

/**
 * How many more wrong passwords the group may try now; a fraction below one is a part of the wait for the next. A group that
 * has a limit never has a debt that is longer than the window after its last wrong password.
 */
export function guessesLeft({ debtUntil, debtFrom }: LoginFailures, quota: Quota, now: number): number {
  const until = notBeyond(debtUntil, quota.windowMs, notBeyond(debtFrom, 0, now));
  return quota.limit - Math.max(0, until - now) / debtOf(quota);
}

/** Refuses with `rate_limited` where there is a wait, in whole seconds, rounded up. */
export function refuseWait(waitMs: number | null): void {
  if (waitMs === null || waitMs <= 0) return;
  throw refuse('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / secondMs)) });
}
