/**
 * A repeated request has the effect of one request. The stored outcome holds no personal data: digests of key and body,
 * the status and the user's id; the answer is rendered again. The outcome is written in the transaction of the change,
 * so a change is never committed without it.
 */
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import type { Tx } from '../unit-of-work.ts';
import type { IdempotentOutcome, IdempotentRequest, RunningRequests } from './idempotency-store.ts';

/**
 * Runs `operation`. Refuses with `idempotency_in_progress` while the same request runs in this process. Between
 * processes the store decides: the later request finds the outcome of the earlier one.
 */
export async function alone<T>(
  running: RunningRequests,
  request: IdempotentRequest | null,
  operation: () => Promise<T>,
): Promise<T> {
  if (request === null) return operation();
  if (running.has(request.keyDigest)) throw refuse('idempotency_in_progress', { retryAfterSeconds: 1 });
  running.add(request.keyDigest);
  try {
    return await operation();
  } finally {
    running.delete(request.keyDigest);
  }
}

/**
 * A step: returns the user of an earlier request with this key; otherwise runs `work` and stores its user for the next
 * request. Refuses with `idempotency_key_reused` where the key came with another body.
 */
export async function once(
  tx: Tx,
  request: IdempotentRequest | null,
  outcome: { readonly status: number; readonly now: number },
  work: () => Promise<User>,
): Promise<User> {
  return runOnce(tx, request, outcome, {
    again: ({ userId }) => tx.users.find({ id: userId }),
    work,
    made: (user) => ({ userId: user.id, connectionId: null }),
  });
}

/**
 * A step: as `once`, for any result of a request. `again` finds the result of an earlier request, null where it is
 * gone; `made` returns the ids to store.
 */
export async function runOnce<T>(
  tx: Tx,
  request: IdempotentRequest | null,
  outcome: { readonly status: number; readonly now: number },
  parts: {
    again(kept: IdempotentOutcome): Promise<T | null>;
    work(): Promise<T>;
    made(result: T): Pick<IdempotentOutcome, 'userId' | 'connectionId'>;
  },
): Promise<T> {
  if (request === null) return parts.work();
  const kept = await tx.idempotency.find(request.keyDigest, outcome.now);
  if (kept !== null) {
    if (kept.bodyDigest !== request.bodyDigest) throw refuse('idempotency_key_reused', {});
    const result = await parts.again(kept);
    if (result !== null) return result;
  }
  const result = await parts.work();
  await tx.idempotency.insert({
    ...request,
    ...parts.made(result),
    status: outcome.status,
    createdAt: outcome.now,
  });
  return result;
}
