/**
 * Somebody asked for a reset link. The asking is a row, and whether an account exists is looked up later by a
 * job: the answer goes out after the same work whoever asks, so its time tells nothing.
 */
import type { OrgKey } from '../ids.ts';

export interface PasswordRequest {
  readonly orgKey: OrgKey;
  readonly id: string;
  /** A keyed digest of the address, by which an erasure finds the row. */
  readonly emailDigest: string;
  /** The canonical address, sealed. */
  readonly sealedEmail: string;
  readonly door: string;
  readonly createdAt: number;
}

export interface PasswordRequestStore {
  insert(request: Omit<PasswordRequest, 'orgKey'>): Promise<void>;
  /** Takes the request: exactly one caller gets true. */
  consume(requestId: string): Promise<boolean>;
}

export interface PasswordRequestQueue {
  /** Waiting requests, oldest first. */
  list(limit: number): Promise<readonly PasswordRequest[]>;
}

export function passwordRequestContext(request: Pick<PasswordRequest, 'orgKey' | 'id'>): string {
  return `password request ${request.orgKey} ${request.id}`;
}
