/** Acts on many people, as the server writes and the pages read them. Times are ISO 8601 in UTC. */
import type { PeopleQuery, PersonRole } from './people.ts';

/** Acts that may be done to many. */
export type BulkAct =
  | 'resend'
  | 'send-reset'
  | 'end-sessions'
  | 'unlock'
  | 'cancel'
  | 'reinstate'
  | 'role'
  | 'clinical'
  | 'delete';

/** Who is selected: rows by their ids (at most 500), or everyone that a query finds, where its total is exact. */
export type BulkSelection = { readonly ids: readonly string[] } | { readonly query: PeopleQuery };

/** `POST /bulk-acts`: makes a plan and changes nothing. Answers 201 with the `BulkPlan`. */
export type BulkRequest = {
  readonly act: BulkAct;
  /** Of `role`. */
  readonly role?: PersonRole;
  /** Of `clinical`. */
  readonly isApproved?: boolean;
  readonly selection: BulkSelection;
};

/**
 * The state of a bulk act. `planned`: waits for the confirmation. `running`: has begun; it goes on with each
 * `POST /bulk-acts/:id/run`. `complete`: every person has an outcome. `discarded`: will not go on.
 */
export interface BulkPlan {
  /** `blk_` and 32 hex digits. */
  readonly id: string;
  readonly act: BulkAct;
  /** Of `role`: the new one. */
  readonly role: PersonRole | null;
  /** Of `clinical`: whether it is approved. */
  readonly isApproved: boolean | null;
  readonly state: 'planned' | 'running' | 'complete' | 'discarded';
  readonly total: number;
  /** How many of them the act would be refused for now, by reason; counted when the plan is made. */
  readonly refusals: readonly BulkRefusal[];
  /** How many have an outcome, and of these how many were changed. */
  readonly done: number;
  readonly changed: number;
  /** Those that were refused when it was their turn, by reason. */
  readonly failed: readonly BulkRefusal[];
  /** What the reader types to confirm: the number of people; for a deletion with a word before it. */
  readonly confirmation: string;
  readonly createdAt: string;
}

/** `why`: an `ActRefusal`, a code of the API such as `rate_limited`, or `gone` for people who were deleted meanwhile. */
export type BulkRefusal = { readonly why: string; readonly count: number };

/**
 * `POST /bulk-acts/:id/run`: does the next part (some dozens) and answers with the `BulkPlan`; the page repeats it until
 * `complete`. The same call resumes an act that was left. `confirmation` is needed while `planned`.
 * `GET /bulk-acts` lists those that are not complete, `GET /bulk-acts/:id` shows one, `DELETE /bulk-acts/:id` discards it.
 */
export type BulkRunRequest = { readonly confirmation?: string };
