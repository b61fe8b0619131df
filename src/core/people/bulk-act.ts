/**
 * One act on many people. It is planned first, with what would be refused; after a confirmation it runs part by part, and whoever made
 * it can go on after an interruption. The people who are left to do are rows: a run claims some with a lease, so that two runs never
 * do one person at the same time, and one that was killed is done again.
 */
import { type UserRole, userRoles } from '../directory/user.ts';
import { FieldReader, readBoolean, readChoice } from '../directory/user-fields.ts';
import { refuseFaults } from '../errors.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { dayMs, minuteMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';

export const bulkActs = [
  ...(['resend', 'send-reset', 'end-sessions', 'unlock', 'cancel', 'reinstate'] as const),
  ...(['role', 'clinical', 'delete'] as const),
] as const;
export type BulkActName = (typeof bulkActs)[number];

/** What an act gives to each person: a role for `role`, whether it is approved for `clinical`; null for the other acts. */
export type BulkValue = UserRole | boolean | null;

/** The value of an act as it came. Refuses with `invalid_fields`, also for a faulty value that the act does not take. */
export function readBulkValue(act: BulkActName, { role, isApproved }: BulkValues): BulkValue {
  const fields = new FieldReader();
  const isAbsent = (value: unknown, of: BulkActName) => value === undefined && act !== of;
  const given = isAbsent(role, 'role') ? undefined : fields.take('role', readChoice(role, userRoles));
  const approval = isAbsent(isApproved, 'clinical')
    ? undefined
    : fields.take('isApproved', readBoolean(isApproved));
  refuseFaults(fields.faults);
  if (act === 'role') return given ?? null;
  return act === 'clinical' ? (approval ?? null) : null;
}

export interface BulkValues {
  readonly role?: unknown;
  readonly isApproved?: unknown;
}

/** What the maker types to confirm the plan. A deletion is not confirmed by a number alone, which a reader may type by habit. */
export function bulkConfirmationOf({ act, total }: Pick<BulkAct, 'act' | 'total'>): string {
  return act === 'delete' ? `delete ${total}` : String(total);
}

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
  readonly value: BulkValue;
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
  /** Forgets who is left to do. */
  dropLeft(id: string): Promise<void>;
  /** Takes a person from those who are left; false where the person is none of them any more. */
  settle(id: string, userId: UserId): Promise<boolean>;
}

/** A bulk act takes at most so many people. */
export const bulkMax = 500;
/** Longer than the acts of one part take. */
export const bulkLeaseMs = minuteMs;
/** How long it stays for a look, whatever became of it. */
export const bulkRetentionMs = 30 * dayMs;
