/** What is kept of deletions that were refused after their commit; `refused-deletion.ts` says why. */
import type { OrgKey } from '../ids.ts';
import { dayMs } from '../time.ts';
import type { BegunErasure } from './ledger.ts';

export interface RefusedDeletion {
  readonly erasureId: string;
  readonly userDigest: string;
  readonly userNumber: number;
  readonly appId: string;
  readonly refusedAt: number;
}

/** How a repeated deletion names the user. */
export type RefusedRef = ({ readonly userDigest: string } | { readonly userNumber: number }) & {
  readonly appId?: string;
};

/** The refused deletions of one organization. */
export interface RefusedDeletionStore {
  insert(refused: RefusedDeletion): Promise<void>;
  /** The id of the erasure; null where no deletion of that user was refused. */
  find(ref: RefusedRef): Promise<string | null>;
  drop(erasureId: string): Promise<void>;
}

/** How long a repeated deletion finds the first one. */
export const refusedDeletionLifeMs = dayMs;

/** What this process knows of refused deletions beside their rows. */
export class RefusedDeletions {
  /** Those whose row could not be written, by the id of the erasure. */
  readonly unwritten = new Map<string, RefusedDeletion & { readonly orgKey: OrgKey }>();
  /** Those that are not in the ledger, by the same id. */
  readonly unaccepted = new Map<string, BegunErasure>();
  /** Those whose commit was sent and not answered, by the same id; `until` is on the clock that cannot be set. */
  readonly uncertain = new Map<string, { readonly erasure: BegunErasure; readonly until: number }>();
  /** The attempt to accept them that runs. */
  accepting: Promise<void> | null = null;
}
