/** Six-digit codes that prove that a user has a phone, or, where no text may be sent, an email address. */
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
  /**
   * Consumes the code if it has one of the two digests, is not void and not expired. Exactly one caller gets its digest;
   * all others get null.
   */
  consume(userId: UserId, digests: readonly [string, string], now: number): Promise<string | null>;
  /** Subtracts one attempt from the user's open code, if there is one. */
  spendTry(userId: UserId): Promise<void>;
  /** Voids the user's open code. */
  drop(userId: UserId): Promise<void>;
}

type Addresses = Pick<User, 'phoneE164' | 'email' | 'requestedEmail'>;

/** The first address for the user's codes: the phone, or the email where there is no phone, also a requested one. */
export function codeAddressOf(user: Addresses): string | null {
  return user.phoneE164 ?? codeEmailOf(user);
}

/** The email for the user's codes, also a requested one. With a phone, codes go there where no text may be sent. */
export function codeEmailOf({ email, requestedEmail }: Omit<Addresses, 'phoneE164'>): string | null {
  return email ?? requestedEmail;
}
