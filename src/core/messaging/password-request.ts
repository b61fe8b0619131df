/**
 * Requests for a reset link. A request is a row, and a job looks up later whether an account exists. So the answer
 * follows the same work for every address, and its time does not disclose accounts.
 */
import type { OrgKey } from '../ids.ts';

export interface PasswordRequest {
  readonly orgKey: OrgKey;
  readonly id: string;
  /** A keyed digest of the address; an erasure finds the row by it. */
  readonly emailDigest: string;
  /** The address as it was given and the caller's network, a line each, sealed. Rows of earlier versions have no network. */
  readonly sealedEmail: string;
  readonly door: string;
  readonly createdAt: number;
}

export interface PasswordRequestStore {
  insert(request: Omit<PasswordRequest, 'orgKey'>): Promise<void>;
  /** Consumes the request: exactly one caller gets true. */
  consume(requestId: string): Promise<boolean>;
}

export interface PasswordRequestQueue {
  /** Waiting requests, oldest first. */
  list(limit: number): Promise<readonly PasswordRequest[]>;
}

export function passwordRequestContext(request: Pick<PasswordRequest, 'orgKey' | 'id'>): string {
  return `password request ${request.orgKey} ${request.id}`;
}
