/**
 * The same request twice has the effect of one. What is kept holds no personal data: digests of key and body,
 * the status and the user's id; the answer is rendered anew. It is written in the transaction of the change,
 * so there is no moment at which the change stands and its memory does not.
 */
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
  readonly status: number;
  readonly createdAt: number;
}

export interface IdempotencyStore {
  /** What was kept under that key and is not older than 24 hours, held against others. */
  find(keyDigest: string, now: number): Promise<IdempotentOutcome | null>;
  /** Keeps an outcome. Refuses with `idempotency_in_progress` where another request was quicker. */
  insert(outcome: IdempotentOutcome): Promise<void>;
}
