/**
 * Tokens of links that prove an email: stored as digests, valid for seven days, consumed once. Every token that is
 * sent by email is bound to the address that it went to.
 */
import { canonicalEmail } from '../directory/email-address.ts';
import type { UserId } from '../ids.ts';
import { digestOf, sameDigest } from '../secret.ts';
import { dayMs } from '../time.ts';

export const emailTokenLifeMs = 7 * dayMs;

export interface EmailToken {
  readonly userId: UserId;
  /** `addressDigest` of the token and the address that it went to. */
  readonly emailDigest: string;
  readonly expiresAt: number;
}

export interface EmailTokenStore {
  insert(token: EmailToken, digest: string): Promise<void>;
  /** The token if it is valid at that instant. */
  findOpen(digest: string, now: number): Promise<EmailToken | null>;
  /** Consumes the token: exactly one caller gets it, the others get null. */
  consume(digest: string, now: number): Promise<EmailToken | null>;
  /** Voids the user's open tokens. */
  drop(userId: UserId): Promise<void>;
}

/** Binds a token to an address. The token is random and not stored, so the digest does not reveal the address. */
export function addressDigest(token: string, email: string): string {
  return digestOf(`${token} ${canonicalEmail(email)}`);
}

/** Whether the token went to this address, in any spelling. */
export function wentTo(token: string, email: string | null, emailDigest: string): boolean {
  return email !== null && sameDigest(addressDigest(token, email), emailDigest);
}
