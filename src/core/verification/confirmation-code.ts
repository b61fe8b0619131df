/** Six-digit codes that show that a user owns a phone (or, without one, an address). */
import type { UserId } from '../ids.ts';
import { hourMs, minuteMs } from '../time.ts';

export const codeLifeMs = 10 * minuteMs;
/** Wrong tries that void a code. */
export const codeTriesMax = 5;
/** How often a code may be sent to one user, sign-up and new numbers included. */
export const codeSendQuotas = [
  { limit: 1, windowMs: minuteMs },
  { limit: 5, windowMs: hourMs },
] as const;

export interface ConfirmationCode {
  /** A keyed digest of user and code. */
  readonly digest: string;
  readonly expiresAt: number;
  readonly triesLeft: number;
}

export interface ConfirmationCodeStore {
  /** Puts the code in the place of the user's present one. */
  put(userId: UserId, code: ConfirmationCode): Promise<void>;
  find(userId: UserId): Promise<ConfirmationCode | null>;
  /** Takes the code if it has that digest, is not void and not expired: exactly one caller gets true. */
  consume(userId: UserId, digest: string, now: number): Promise<boolean>;
  /** Takes one try from the user's open code, if there is one. */
  spendTry(userId: UserId): Promise<void>;
  /** Voids the user's open code. */
  drop(userId: UserId): Promise<void>;
}
