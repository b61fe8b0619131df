/** The record of an idempotent request and its store. */
import type { UserId } from '../ids.ts';
import { dayMs } from '../time.ts';

export const idempotencyLifeMs = dayMs;

/** A request that must have its effect once. */
export interface IdempotentRequest {
  /** A keyed digest of method, path and the caller's key. */
  readonly keyDigest: string;
  /** A keyed digest of the body's bytes. */
  readonly bodyDigest: string;
}

export interface IdempotentOutcome extends IdempotentRequest {
  readonly userId: UserId;
  /** The connection that the request created, where the answer shows it. */
  readonly connectionId: string | null;
  readonly status: number;
  readonly createdAt: number;
}

export interface IdempotencyStore {
  /** The outcome of that key where it is not older than 24 hours, locked against other requests. */
  find(keyDigest: string, now: number): Promise<IdempotentOutcome | null>;
  /** Stores an outcome. Refuses with `idempotency_in_progress` where another request stored one first. */
  insert(outcome: IdempotentOutcome): Promise<void>;
}

/** The key digests of requests that run in this process. */
export type RunningRequests = Set<string>;
