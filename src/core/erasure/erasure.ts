/**
 * What an erasure is: the forgetting of one person, which begins in the transaction that deletes the user and ends
 * with a receipt. Pure: nothing here waits or writes.
 *
 * The person's own data is gone at once in every state. `running`: traces are still looked for, or a provider has
 * not confirmed yet that access has ended. `overdue`: the same after 30 days, and it is still tried. `complete`:
 * nothing is left to do, and the receipt says what was done. The table below is the whole life.
 */
import { hash } from 'node:crypto';
import type { Door, Principal } from '../access/principal.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';

export const erasureStates = ['running', 'overdue', 'complete'] as const;
export type ErasureState = (typeof erasureStates)[number];

/** `miss`: it is not complete within the time it has. */
export type ErasureEvent = 'miss' | 'complete';

/** The life of an erasure: state, event, next state. Drawn in `docs/states.md`. */
export const erasureTransitions: Transitions<ErasureState, ErasureEvent> = {
  running: { miss: 'overdue', complete: 'complete' },
  overdue: { complete: 'complete' },
  complete: {},
};

/** The state after the event; refuses with `wrong_state` where the table has no such edge. */
export function nextErasureState(from: ErasureState, event: ErasureEvent): ErasureState {
  return nextState(erasureTransitions, from, event);
}

/** How many rows were removed, by table; tables without any are not named. */
export type RemovedRows = Readonly<Record<string, number>>;

/** The erasure of one person. Names no person: the user is known by a digest of its random id. */
export interface Erasure {
  readonly orgKey: OrgKey;
  /** `era_` and 32 hex digits. */
  readonly id: string;
  /** SHA-256 of the user id's 32 hex digits, in hex. */
  readonly userDigest: string;
  readonly requestedAt: number;
  readonly requestedBy: Principal['kind'];
  readonly door: Door;
  readonly state: ErasureState;
  readonly removed: RemovedRows;
  /** What the second pass looks for (`traces.ts`), sealed; null once it has looked. */
  readonly sealedTraces: string | null;
  /** When the job looks at it next. */
  readonly dueAt: number;
  /** Why an operator no longer waits for a provider; null unless one gave up. */
  readonly abandonReason: string | null;
  /** When the ledger had it done again on a database that came from a backup; null where that never was. */
  readonly replayedAt: number | null;
  readonly completedAt: number | null;
  /** A compact JWS (`receipt.ts`); null until complete. */
  readonly receipt: string | null;
}

export type NewErasure = Omit<Erasure, 'orgKey'>;

export type ErasureChanges = Partial<
  Pick<Erasure, 'state' | 'removed' | 'sealedTraces' | 'dueAt' | 'abandonReason' | 'completedAt' | 'receipt'>
>;

/** What of a person stays, and why. */
export interface Kept {
  readonly table: string;
  readonly why: string;
}

/** The erasures of one organization. */
export interface ErasureStore {
  /** The tables of which rows stay that know a person by a bare id. */
  readonly kept: readonly Kept[];
  insert(erasure: NewErasure): Promise<void>;
  find(id: string): Promise<Erasure | null>;
  /** As `find`, held against other changes. */
  lock(id: string): Promise<Erasure | null>;
  /** False where the erasure is no longer in the state of `erasure`. */
  update(erasure: Erasure, changes: ErasureChanges): Promise<boolean>;
  /**
   * The second pass: removes whatever still names a person who was erased, by id or by keyed digest, and says how
   * many rows that were. Digests of an address that somebody has again are left alone.
   */
  sweep(trace: { readonly userId: UserId; readonly digests: readonly string[] }): Promise<RemovedRows>;
}

/** Erasures across organizations, for the job that completes them and the operator who looks. */
export interface ErasureQueue {
  /** Takes a lease on erasures that are due: nobody else gets them until `leaseMs` have passed. Longest due first. */
  claim(now: number, leaseMs: number, limit: number): Promise<readonly Erasure[]>;
  find(id: string): Promise<Erasure | null>;
  /** Newest first; null: of any state. */
  list(state: ErasureState | null, limit: number): Promise<readonly Erasure[]>;
  /** How many are not complete, and since when the oldest of them is asked for; null for none. */
  summarize(): Promise<ErasureSummary>;
}

export interface ErasureSummary {
  readonly running: number;
  readonly overdue: number;
  readonly since: number | null;
}

/** How long an erasure has before it is overdue. */
export const erasureDueMs = 30 * dayMs;
/** Longer than one round of the job takes. */
export const erasureLeaseMs = 2 * minuteMs;
/** How long one that waits for a provider is left alone, unless the provider's answer wakes it. */
export const erasureWaitMs = hourMs;

/** The digest by which an erasure knows its user. */
export function userDigestOf(userId: UserId): string {
  return hash('sha256', userId);
}
