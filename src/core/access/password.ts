/**
 * What makes a password acceptable, and the port that hashes it. Hashing is slow by intent and runs before a
 * transaction, never inside one.
 */
import type { FieldResult } from '../directory/user-fields.ts';
import { canonicalEmail } from '../directory/user-fields.ts';

export const passwordCharactersMin = 8;
export const passwordCharactersMax = 256;

export interface PasswordHasher {
  /** A PHC string (argon2id). Refuses with `unavailable` when the queue is full. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password belongs to the hash. Null stands for an account that has none, or does not exist:
   * the same work is done and the answer is false. Refuses with `unavailable` when the queue is full.
   */
  verify(password: string, hash: string | null): Promise<boolean>;
  /** Whether the hash, brought along from elsewhere, is of a kind and a cost that `verify` takes on. */
  isKnown(hash: string): boolean;
  /** Whether the hash is other than what `hash` gives today, so that it should be made anew when it can be. */
  isOutdated(hash: string): boolean;
}

/** Checks a new password: 8 to 256 characters, none of the commonest, not the user's email. Never trimmed. */
export function readPassword(
  value: unknown,
  email: string | null,
  isCommonPassword: (password: string) => boolean,
): FieldResult<string> {
  if (value === undefined || value === null || value === '') return { fault: 'blank' };
  if (typeof value !== 'string' || !value.isWellFormed() || value.includes('\0')) return { fault: 'invalid' };
  if (value.trim() === '') return { fault: 'blank' };
  const characters = value.length > passwordCharactersMax * 2 ? Number.POSITIVE_INFINITY : [...value].length;
  if (characters < passwordCharactersMin) return { fault: 'too_short', min: passwordCharactersMin };
  if (characters > passwordCharactersMax) return { fault: 'too_long', max: passwordCharactersMax };
  if (isCommonPassword(value)) return { fault: 'too_common' };
  if (email !== null && canonicalEmail(value) === canonicalEmail(email)) return { fault: 'same_as_email' };
  return { value };
}
