/** Six-digit codes that prove that a user has a phone, or, without a phone, an email address. */
import type { User } from '../directory/user.ts';
import type { UserId } from '../ids.ts';
import { hourMs, minuteMs } from '../time.ts';

export const codeLifeMs = 10 * minuteMs;
/** The number of wrong attempts that voids a code. */
export const codeTriesMax = 5;
/** How often a code is sent to one user; the codes of a sign-up and of a new number count too. */
export const codeSendQuotas = [
  { limit: 1, windowMs: minuteMs },
  { limit: 5, windowMs: hourMs },
] as const;

export interface ConfirmationCode {
  /** A keyed digest of user, code and the address that it was sent to. */
  readonly digest: string;
  readonly expiresAt: number;
  readonly triesLeft: number;
}

export interface ConfirmationCodeStore {
  /** Stores the code and replaces the user's present one. */
  put(userId: UserId, code: ConfirmationCode): Promise<void>;
  find(userId: UserId): Promise<ConfirmationCode | null>;
  /** Consumes the code if it has that digest, is not void and not expired: exactly one caller gets true. */
  consume(userId: UserId, digest: string, now: number): Promise<boolean>;
  /** Subtracts one attempt from the user's open code, if there is one. */
  spendTry(userId: UserId): Promise<void>;
  /** Voids the user's open code. */
  drop(userId: UserId): Promise<void>;
}

/** The address for the user's codes: the phone, or the email where there is no phone, also a requested one. */
export function codeAddressOf(user: Pick<User, 'phoneE164' | 'email' | 'requestedEmail'>): string | null {
  return user.phoneE164 ?? user.email ?? user.requestedEmail;
}
