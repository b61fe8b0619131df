/** What is kept of a request that is to have its effect once, and where. */
import type { UserId } from '../ids.ts';
import { dayMs } from '../time.ts';

export const idempotencyLifeMs = dayMs;

/** What a caller asked to be done once. */
export interface IdempotentRequest {
  /** A keyed digest of method, path and the caller's key. */
  readonly keyDigest: string;
  /** A keyed digest of the body's bytes. */
  readonly bodyDigest: string;
}

export interface IdempotentOutcome extends IdempotentRequest {
  readonly userId: UserId;
  /** What else was made, where the answer shows it. */
  readonly connectionId: string | null;
  readonly status: number;
  readonly createdAt: number;
}

export interface IdempotencyStore {
  /** What was kept under that key and is not older than 24 hours, held against others. */
  find(keyDigest: string, now: number): Promise<IdempotentOutcome | null>;
  /** Keeps an outcome. Refuses with `idempotency_in_progress` where another request was quicker. */
  insert(outcome: IdempotentOutcome): Promise<void>;
}

/** The keys of requests that have begun in this process and have not ended. */
export type RunningRequests = Set<string>;
