/**
 * A revocation: the durable task to end a grant at its provider. Its row outlives the deletion of the user: it names
 * no person and holds only the sealed grant. A revocation is `confirmed` only when the provider says that access has
 * ended; then the grant is dropped. Every other answer is retried without an end. A revocation that is not confirmed
 * before its deadline is `overdue`: operators see it, it keeps the grant and is still retried. Only an operator abandons
 * a revocation.
 */

import { type Backoff, backoffMs } from '../backoff.ts';
import type { OrgKey } from '../ids.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';

export const revocationStates = ['pending', 'confirmed', 'overdue', 'abandoned'] as const;
export type RevocationState = (typeof revocationStates)[number];

/** `reopen`: an erasure takes over the overdue revocation of a disconnect and gives it a new deadline. */
export type RevocationEvent = 'retry' | 'confirm' | 'miss' | 'reopen' | 'abandon';

/** The life of a revocation: state, event, next state. Drawn in `docs/states.md`. */
export const revocationTransitions: Transitions<RevocationState, RevocationEvent> = {
  pending: { retry: 'pending', confirm: 'confirmed', miss: 'overdue', abandon: 'abandoned' },
  overdue: { retry: 'overdue', reopen: 'pending', confirm: 'confirmed', abandon: 'abandoned' },
  confirmed: {},
  abandoned: {},
};

/** The state after the event; refuses with `wrong_state` where the table has no such edge. */
export function nextRevocationState(from: RevocationState, event: RevocationEvent): RevocationState {
  return nextState(revocationTransitions, from, event);
}

export interface Revocation {
  readonly orgKey: OrgKey;
  /** `rev_` and 32 hex digits. */
  readonly id: string;
  /** The connection of the grant; it may be deleted. */
  readonly connectionId: string;
  readonly provider: string;
  /** The grant (`grant.ts`), sealed; null once the revocation is confirmed or abandoned. */
  readonly sealedGrant: string | null;
  /** The erasure that waits for this revocation; null after a disconnect. */
  readonly erasureId: string | null;
  readonly state: RevocationState;
  /** Calls since the last known answer: above 0 the provider may have given tokens whose answer was lost. */
  readonly unanswered: number;
  readonly attempts: number;
  /** When the next attempt is due; the end of the lease during an attempt. */
  readonly nextAttemptAt: number;
  /** The result of the last attempt: a short code; null before the first. */
  readonly outcome: string | null;
  /** When the revocation becomes overdue. */
  readonly deadlineAt: number;
  /** Rises with each change, so that of two concurrent changes exactly one succeeds. */
  readonly version: number;
  readonly createdAt: number;
  /** Null also for an abandoned revocation of a disconnect: its row stays, because no end was confirmed. */
  readonly endedAt: number | null;
}

/** Whether the provider has not yet confirmed the end and the revocation was not abandoned. */
export function isOpen({ state }: Pick<Revocation, 'state'>): boolean {
  return state === 'pending' || state === 'overdue';
}

export type NewRevocation = Pick<
  Revocation,
  'id' | 'connectionId' | 'provider' | 'erasureId' | 'unanswered' | 'nextAttemptAt' | 'createdAt'
> & { readonly sealedGrant: string };

export type RevocationChanges = Partial<
  Pick<
    Revocation,
    | 'state'
    | 'sealedGrant'
    | 'erasureId'
    | 'unanswered'
    | 'nextAttemptAt'
    | 'outcome'
    | 'deadlineAt'
    | 'endedAt'
  >
>;

/** The revocations of one organization. Open means `pending` or `overdue`. */
export interface RevocationStore {
  /** Adds a `pending` revocation with a deadline `revocationDueMs` after its creation. */
  insert(revocation: NewRevocation): Promise<void>;
  find(id: string): Promise<Revocation | null>;
  /** The open revocations of a connection, oldest first, locked against other changes. */
  lockOpenOf(connectionId: string): Promise<readonly Revocation[]>;
  /** The abandoned revocations of a connection, oldest first, locked against other changes. */
  lockAbandonedOf(connectionId: string): Promise<readonly Revocation[]>;
  /** Every revocation of the erasure, oldest first. */
  listOfErasure(erasureId: string): Promise<readonly Revocation[]>;
  /** False where its version is no longer that of `revocation`. */
  update(revocation: Revocation, changes: RevocationChanges): Promise<boolean>;
  /** Deletes the revocation, because a connection stores its grant. False where its version has changed. */
  withdraw(revocation: Pick<Revocation, 'id' | 'version'>): Promise<boolean>;
}

/** Revocations across organizations, for the job that attempts them and for the operator. */
export interface RevocationQueue {
  /**
   * Claims due revocations of the provider and counts the attempt. For `leaseMs` no other claim returns them.
   */
  claim(provider: string, now: number, leaseMs: number, limit: number): Promise<readonly Revocation[]>;
  /** Pending revocations that are past their deadline. */
  listMissed(now: number, limit: number): Promise<readonly Revocation[]>;
  /** The open revocations by provider. */
  summarize(): Promise<readonly RevocationSummary[]>;
}

export interface RevocationSummary {
  readonly provider: string;
  readonly pending: number;
  readonly overdue: number;
  /** When the oldest of them was created. */
  readonly since: number;
  readonly attemptsMax: number;
  /** The result of one of the last attempts: a short code; null where there was none. */
  readonly outcome: string | null;
}

/** How long after its creation a revocation becomes overdue. */
export const revocationDueMs = 30 * dayMs;
/** Longer than an attempt can take: several calls, each with its own deadline. */
export const revocationLeaseMs = 2 * minuteMs;
/** How long the row of a confirmed revocation stays, for the operator. */
export const revocationRetentionMs = 30 * dayMs;
/** The longest wait before another attempt, also where a provider asks for a longer one. */
export const revocationWaitMaxMs = hourMs;
const revocationBackoff: Backoff = { firstMs: 5 * secondMs, maxMs: revocationWaitMaxMs };

/** When to retry after the `attempts`-th attempt: after 5 s, doubling, at most an hour, without an end. */
export function nextRevocationAttemptAt(attempts: number, now: number): number {
  return now + backoffMs(attempts, revocationBackoff);
}

/** The context that a sealed grant is bound to, so that it opens only as the grant of this revocation. */
export function revocationContext(revocation: Pick<Revocation, 'orgKey' | 'id'>): string {
  return `revocation ${revocation.orgKey} ${revocation.id}`;
}
