/**
 * A grant that must end at its provider. The row is all that outlives the deletion of a user: it names no person,
 * and holds, sealed, only what telling the provider needs. It is `confirmed` on the provider's word alone, and then
 * drops the grant; everything else is tried again, for ever. What is not confirmed in time is `overdue`, visibly,
 * keeps the grant and is still tried; only an operator may give it up.
 */

import { type Backoff, backoffMs } from '../backoff.ts';
import type { OrgKey } from '../ids.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';

export const revocationStates = ['pending', 'confirmed', 'overdue', 'abandoned'] as const;
export type RevocationState = (typeof revocationStates)[number];

/** `reopen`: an erasure asks for what was overdue as a disconnect, and gives it its own time. */
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
  /** The connection that the grant was given to; it may be gone. */
  readonly connectionId: string;
  readonly provider: string;
  /** The grant (`grant.ts`), sealed; null once it has ended, or was abandoned. */
  readonly sealedGrant: string | null;
  /** The erasure that waits for it; null for a mere disconnect. */
  readonly erasureId: string | null;
  readonly state: RevocationState;
  /** As of a connection: above 0 the provider may have given tokens that never came here. */
  readonly unanswered: number;
  readonly attempts: number;
  /** When to try next; behind the lease while somebody tries. */
  readonly nextAttemptAt: number;
  /** What came of the last attempt: a short code; null before the first. */
  readonly outcome: string | null;
  /** When it becomes overdue. */
  readonly deadlineAt: number;
  /** Moves with each change, so that of two changes from one state one wins. */
  readonly version: number;
  readonly createdAt: number;
  /** Null also for what was given up after a mere disconnect: it is remembered as long as nobody knows of an end. */
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

/** The revocations of one organization. An open one is `pending` or `overdue`. */
export interface RevocationStore {
  /** Adds a `pending` revocation, which is overdue `revocationDueMs` after its creation. */
  insert(revocation: NewRevocation): Promise<void>;
  find(id: string): Promise<Revocation | null>;
  /** The open ones of a connection, oldest first, held against other changes. */
  lockOpenOf(connectionId: string): Promise<readonly Revocation[]>;
  /** Those of a connection that an operator gave up, oldest first, held against other changes. */
  lockAbandonedOf(connectionId: string): Promise<readonly Revocation[]>;
  /** Every one that the erasure asked for, oldest first. */
  listOfErasure(erasureId: string): Promise<readonly Revocation[]>;
  /** False where the revocation is not as `revocation` says any more. */
  update(revocation: Revocation, changes: RevocationChanges): Promise<boolean>;
  /** Takes the revocation back while it is as `revocation` says: its grant lives on elsewhere. */
  takeBack(revocation: Pick<Revocation, 'id' | 'version'>): Promise<boolean>;
}

/** Revocations across organizations, for the job that works them off and the operator who looks. */
export interface RevocationQueue {
  /**
   * Takes a lease on due revocations of the provider, and counts the attempt: nobody else gets them until `leaseMs`
   * have passed.
   */
  claim(provider: string, now: number, leaseMs: number, limit: number): Promise<readonly Revocation[]>;
  /** Pending revocations that are past their deadline. */
  listMissed(now: number, limit: number): Promise<readonly Revocation[]>;
  /** The open ones by provider: an outage at a glance. */
  summarize(): Promise<readonly RevocationSummary[]>;
}

export interface RevocationSummary {
  readonly provider: string;
  readonly pending: number;
  readonly overdue: number;
  /** When the oldest of them was asked for. */
  readonly since: number;
  readonly attemptsMax: number;
  /** What came of an attempt: a short code; null where there was none. */
  readonly outcome: string | null;
}

/** How long a provider has before a revocation is overdue. */
export const revocationDueMs = 30 * dayMs;
/** Longer than an attempt can take: several calls, each with its own deadline. */
export const revocationLeaseMs = 2 * minuteMs;
/** How long what was confirmed stays, for whoever looks. */
export const revocationMemoryMs = 30 * dayMs;
const revocationBackoff: Backoff = { firstMs: 5 * secondMs, maxMs: hourMs };

/** When to try again after the `attempts`-th attempt: 5 s, doubling, an hour at most, for ever. */
export function nextRevocationAttemptAt(attempts: number, now: number): number {
  return now + backoffMs(attempts, revocationBackoff);
}

/** The text that is bound to a sealed grant, so that it opens only as this revocation's. */
export function revocationContext(revocation: Pick<Revocation, 'orgKey' | 'id'>): string {
  return `revocation ${revocation.orgKey} ${revocation.id}`;
}
