/**
 * Tokens of links that are sent to an email: to prove it (seven days), to change to it (a day), and to undo a change away
 * from it (72 hours). They are stored as digests and consumed once. Every token that is sent by email is bound to the
 * address that it went to.
 */
import { canonicalEmail } from '../directory/email-address.ts';
import type { UserId } from '../ids.ts';
import { digestOf, sameDigest } from '../secret.ts';
import { dayMs, hourMs } from '../time.ts';

export type EmailTokenPurpose = 'proof' | 'change' | 'undo';

export const emailTokenLifeMs: Readonly<Record<EmailTokenPurpose, number>> = {
  proof: 7 * dayMs,
  change: dayMs,
  undo: 72 * hourMs,
};

export interface EmailToken {
  readonly userId: UserId;
  readonly purpose: EmailTokenPurpose;
  /** `addressDigest` of the token and the address that it went to. */
  readonly emailDigest: string;
  /** The address, sealed under the token; null where the link only proves it. */
  readonly sealedEmail: string | null;
  readonly expiresAt: number;
}

export interface EmailTokenStore {
  insert(token: EmailToken, digest: string): Promise<void>;
  /** The token if it is valid at that instant. */
  findOpen(purpose: EmailTokenPurpose, digest: string, now: number): Promise<EmailToken | null>;
  /** Consumes the token: exactly one caller gets it, the others get null. */
  consume(purpose: EmailTokenPurpose, digest: string, now: number): Promise<EmailToken | null>;
  /** Voids the user's open links that prove or change. A link that undoes a change outlasts every later change. */
  drop(userId: UserId): Promise<void>;
  /** Voids the user's open link that changes. */
  dropChange(userId: UserId): Promise<void>;
  /** Voids the user's links that undo and end at `from` or later. */
  dropUndosFrom(userId: UserId, from: number): Promise<void>;
  /** The user's links that are valid at that instant, by their end. */
  listOpen(userId: UserId, now: number): Promise<readonly Pick<EmailToken, 'purpose' | 'expiresAt'>[]>;
}

/** Binds a token to an address. The token is random and not stored, so the digest does not reveal the address. */
export function addressDigest(token: string, email: string): string {
  return digestOf(`${token} ${canonicalEmail(email)}`);
}

/** Whether the token went to this address, in any spelling. */
export function wentTo(token: string, email: string | null, emailDigest: string): boolean {
  return email !== null && sameDigest(addressDigest(token, email), emailDigest);
}
