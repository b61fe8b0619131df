/**
 * The same request twice has the effect of one. What is kept holds no personal data: digests of key and body,
 * the status and the user's id; the answer is rendered anew. It is written in the transaction of the change,
 * so there is no moment at which the change stands and its memory does not.
 */
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import type { Tx } from '../unit-of-work.ts';
import type { IdempotentOutcome, IdempotentRequest, RunningRequests } from './idempotency-store.ts';

/**
 * Runs `operation` unless the same request runs already, which is refused with `idempotency_in_progress`.
 * Between processes the store decides: the later of two finds what the earlier one kept.
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
 * A step: the user that an earlier request of this key ended with, or else what `work` makes now, kept for the
 * next one. Refuses with `idempotency_key_reused` where the key came with another body.
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
 * A step: as `once`, for whatever a request makes. `again` finds what an earlier one made, null where that is gone;
 * `made` tells by which ids.
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
