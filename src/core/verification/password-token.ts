/**
 * Tokens that set a password: of a reset (one hour) and of an invitation (seven days). Both are sent as a link, stored
 * as digests and consumed once.
 */
import type { UserId } from '../ids.ts';
import { dayMs, hourMs } from '../time.ts';

export type PasswordTokenPurpose = 'reset' | 'invitation';

export const passwordTokenLifeMs: Readonly<Record<PasswordTokenPurpose, number>> = {
  reset: hourMs,
  invitation: 7 * dayMs,
};

export interface PasswordToken {
  readonly userId: UserId;
  readonly purpose: PasswordTokenPurpose;
  /** `addressDigest` of the token and the address that it went to; null for a token from before proofs were stored. */
  readonly emailDigest: string | null;
  readonly expiresAt: number;
}

/** A token as it is stored. A decoy has no user: no link with it was sent, and it is never valid. */
export type StoredPasswordToken = Omit<PasswordToken, 'userId'> & { readonly userId: UserId | null };

export interface PasswordTokenStore {
  insert(token: StoredPasswordToken, digest: string): Promise<void>;
  /** The token if it is valid at that instant. */
  findOpen(digest: string, now: number): Promise<PasswordToken | null>;
  /** Consumes the token: exactly one caller gets it, the others get null. */
  consume(digest: string, now: number): Promise<PasswordToken | null>;
  /** Deletes the decoys of the organization. */
  dropDecoys(): Promise<void>;
  /** Voids the user's open tokens of that purpose, by default of all purposes. */
  drop(userId: UserId, purpose?: PasswordTokenPurpose): Promise<void>;
  listOpen(userId: UserId, now: number): Promise<readonly PasswordToken[]>;
}
