/**
 * What an erasure is: the removal of one person's data. It begins in the transaction that deletes the user and ends
 * with a receipt. Pure: nothing here waits or writes.
 *
 * The person's own data is gone immediately, in every state. `running`: traces are still searched for, or a provider
 * has not yet confirmed that access has ended. `overdue`: the same after 30 days; the attempts go on. `complete`:
 * nothing is left to do, and the receipt says what was done. The table below is the whole life.
 */
import { hash } from 'node:crypto';
import type { Door, Principal } from '../access/principal.ts';
import { type OrgKey, parseHumanId, parseUserIdText, type UserId } from '../ids.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';

export const erasureStates = ['running', 'overdue', 'complete'] as const;
export type ErasureState = (typeof erasureStates)[number];

/** `miss`: the erasure is not complete within its time. */
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
  /** What the second pass searches for (`traces.ts`), sealed; null once nothing of it is found. */
  readonly sealedTraces: string | null;
  /** When the job claims it next. */
  readonly dueAt: number;
  /** Why an operator gave up waiting for a provider; null unless one did. */
  readonly abandonReason: string | null;
  /** When a replay of the ledger repeated it on a restored database; null where that never happened. */
  readonly replayedAt: number | null;
  readonly completedAt: number | null;
  /** A compact JWS (`receipt.ts`); null until complete. */
  readonly receipt: string | null;
}

export type NewErasure = Omit<Erasure, 'orgKey'>;

export type ErasureChanges = Partial<
  Pick<Erasure, 'state' | 'removed' | 'sealedTraces' | 'dueAt' | 'abandonReason' | 'completedAt' | 'receipt'>
>;

/** Which data of a person stays, and why. */
export interface Kept {
  readonly table: string;
  readonly why: string;
}

/** Which erasures a list shows; null: of any state, of any person. */
export interface ErasureFilter {
  readonly state: ErasureState | null;
  readonly userDigest: string | null;
}

/** Erasures by state, each with a number that may be one at which the store stopped counting. */
export type ErasureCounts = Readonly<Record<ErasureState, number>>;

/** Counting stops at so many erasures of a state, and a list ends there. */
export const erasureCountMax = 100_000;

/** The erasures of one organization. */
export interface ErasureStore {
  /** The tables that keep rows with a bare id of an erased person. */
  readonly kept: readonly Kept[];
  insert(erasure: NewErasure): Promise<void>;
  find(id: string): Promise<Erasure | null>;
  /** As `find`, and locks the row against other changes. */
  lock(id: string): Promise<Erasure | null>;
  /** How many there are of each state, of one person where a digest is given; at most one more than `erasureCountMax`. */
  count(userDigest: string | null): Promise<ErasureCounts>;
  /** Those of a state, newest first, from the one at `offset`. */
  list(
    filter: ErasureFilter & { readonly state: ErasureState },
    offset: number,
    limit: number,
  ): Promise<readonly Erasure[]>;
  /** False where the erasure is no longer in the state of `erasure`. Ends a claim. */
  update(erasure: Erasure, changes: ErasureChanges): Promise<boolean>;
  /** Notes that the ledger does not have the end of the erasure yet; `pass` names those that are written together. */
  noteUnwritten(id: string, pass: string): Promise<void>;
  /** The ids of such erasures. */
  listUnwritten(pass: string, limit: number): Promise<readonly string[]>;
  /** Notes that the ledger has the ends of a pass. */
  noteWritten(pass: string): Promise<void>;
  /**
   * The second pass: removes rows that still name an erased person by id or by keyed digest, and returns how many,
   * by table. The caller leaves out the digest of an address that another user has by now.
   */
  eraseRows(trace: PersonDigests): Promise<RemovedRows>;
}

/** By what rows name a person. */
export interface PersonDigests {
  readonly userId: UserId;
  /** Every keyed digest. */
  readonly digests: readonly string[];
  /** Those of them by which messages to a mailbox or a number are counted. */
  readonly destinations: readonly string[];
}

/** Erasures across organizations, for the job that completes them and for the operator. */
export interface ErasureQueue {
  /** Takes a lease on due erasures: no other process gets them until `leaseMs` have passed. Longest due first. */
  claim(now: number, leaseMs: number, limit: number): Promise<readonly Erasure[]>;
  find(id: string): Promise<Erasure | null>;
  /** Users whose deletion was refused after its commit, by their digests. There are none as long as the disk works. */
  listRefused(limit: number): Promise<readonly { readonly orgKey: OrgKey; readonly userDigest: string }[]>;
  /** Newest first; null: of any state. */
  list(state: ErasureState | null, limit: number): Promise<readonly Erasure[]>;
  /** Those of a person in any organization, newest first. */
  listOfPerson(userDigest: string, limit: number): Promise<readonly Erasure[]>;
  /** The passes whose ends the ledger may not have, by organization. */
  listUnwrittenPasses(limit: number): Promise<readonly UnwrittenPass[]>;
  /** How many are not complete, and when the oldest of them was requested; null for none. */
  summarize(): Promise<ErasureSummary>;
}

export interface UnwrittenPass {
  readonly orgKey: OrgKey;
  readonly pass: string;
}

export interface ErasureSummary {
  readonly running: number;
  readonly overdue: number;
  readonly since: number | null;
}

/** How long an erasure has before it is overdue. */
export const erasureDueMs = 30 * dayMs;
/** Longer than one pass of the job takes. */
export const erasureLeaseMs = 2 * minuteMs;
/** How long an erasure that waits for a provider is left alone, unless the provider's answer makes it due. */
export const erasureWaitMs = hourMs;

/** The digest by which an erasure knows its user. */
export function userDigestOf(userId: UserId): string {
  return hash('sha256', userId);
}

/** What names an erasure: its own id, or the digest of its user's. */
export type ErasureReference = { readonly userDigest: string } | { readonly erasureId: string };

/** Reads the id of a user or an erasure as a person writes it, or the SHA-256 of a user's id; null for anything else. */
export function readErasureReference(written: string): ErasureReference | null {
  const text = written.trim().toLowerCase();
  const userId = parseUserIdText(text) ?? parseHumanId(text);
  if (userId !== null) return { userDigest: userDigestOf(userId) };
  if (/^[0-9a-f]{64}$/.test(text)) return { userDigest: text };
  return /^era_[0-9a-f]{32}$/.test(text) ? { erasureId: text } : null;
}

/** When the erasure is overdue, unless it is complete by then. */
export function deadlineOf({ requestedAt, replayedAt }: Pick<Erasure, 'requestedAt' | 'replayedAt'>): number {
  return (replayedAt ?? requestedAt) + erasureDueMs;
}
