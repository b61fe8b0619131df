/**
 * One act on many people. It is planned first, with what would be refused; after a confirmation it runs part by part, and whoever made
 * it can go on after an interruption. The people who are left to do are rows: a run claims some with a lease, so that two runs never
 * do one person at the same time, and one that was killed is done again.
 */
import type { OrgKey, UserId } from '../ids.ts';
import { dayMs, minuteMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';

/** The acts that need no value of their own. */
export const bulkActs = ['resend', 'send-reset', 'end-sessions', 'unlock', 'cancel', 'reinstate'] as const;
export type BulkActName = (typeof bulkActs)[number];

export const bulkStates = ['planned', 'running', 'complete', 'discarded'] as const;
export type BulkState = (typeof bulkStates)[number];
export type BulkEvent = 'confirm' | 'finish' | 'discard';

/** The life of a bulk act. Drawn in `docs/states.md`. */
export const bulkTransitions: Transitions<BulkState, BulkEvent> = {
  planned: { confirm: 'running', discard: 'discarded' },
  running: { finish: 'complete', discard: 'discarded' },
  complete: {},
  discarded: {},
};

/** The state after the event; refuses with `wrong_state` where the table has no such edge. */
export function nextBulkState(from: BulkState, event: BulkEvent): BulkState {
  return nextState(bulkTransitions, from, event);
}

/** How many people were or would be refused, by the reason. */
export type BulkRefusals = Readonly<Record<string, number>>;

export interface BulkAct {
  readonly orgKey: OrgKey;
  /** `blk_` and 32 hex digits. */
  readonly id: string;
  readonly act: BulkActName;
  /** The staff account that made it, the only one that goes on with it. */
  readonly madeBy: string;
  readonly state: BulkState;
  readonly total: number;
  /** What was refused when it was planned. */
  readonly planned: BulkRefusals;
  readonly changed: number;
  /** What was refused when it was a person's turn. */
  readonly failed: BulkRefusals;
  readonly createdAt: number;
}

export type BulkChanges = Partial<Pick<BulkAct, 'state' | 'changed' | 'failed'>>;

export interface BulkActStore {
  insert(bulk: Omit<BulkAct, 'orgKey'>, userIds: readonly UserId[]): Promise<void>;
  find(id: string): Promise<BulkAct | null>;
  /** As `find`; no other change of the bulk act runs until the transaction ends. */
  lock(id: string): Promise<BulkAct | null>;
  /** Those of a staff account that are planned or running, newest first; at most `limit`. */
  listOpen(madeBy: string, limit: number): Promise<readonly BulkAct[]>;
  update(id: string, changes: BulkChanges): Promise<void>;
  /** How many people are left to do. */
  countLeft(id: string): Promise<number>;
  /** Claims people who are left; no other claim gets them for `leaseMs`. */
  claim(
    id: string,
    claim: { readonly now: number; readonly leaseMs: number; readonly limit: number },
  ): Promise<readonly UserId[]>;
  /** Takes a person from those who are left; false where the person is none of them any more. */
  settle(id: string, userId: UserId): Promise<boolean>;
}

/** A bulk act takes at most so many people. */
export const bulkMax = 500;
/** Longer than the acts of one part take. */
export const bulkLeaseMs = minuteMs;
/** How long it stays for a look, whatever became of it. */
export const bulkRetentionMs = 30 * dayMs;
