/**
 * The rules for a new password, and the port that hashes it. Hashing is slow by design and runs before a transaction,
 * never inside one.
 */
import type { FieldResult } from '../directory/user-fields.ts';
import { canonicalEmail } from '../directory/user-fields.ts';

export const passwordCharactersMin = 8;
export const passwordCharactersMax = 256;

export interface PasswordHasher {
  /** A PHC string (argon2id). Refuses with `unavailable` when the queue is full. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password belongs to the hash. Null stands for an account without a password, or for no account: the
   * same work is done and the result is false. Refuses with `unavailable` when the queue is full.
   */
  verify(password: string, hash: string | null): Promise<boolean>;
  /** Whether `verify` accepts the kind and the cost of an imported hash. */
  isKnown(hash: string): boolean;
  /** Whether the hash has another kind or other parameters than those of `hash`, so that it should be replaced. */
  isOutdated(hash: string): boolean;
}

/** Reads a new password: 8 to 256 characters, none of the commonest, not the user's email. Never trimmed. */
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

/**
 * Reads the second copy of a new password, as forms send it. Null and absent confirm nothing; a copy is compared only
 * where a password came.
 */
export function readPasswordConfirmation(value: unknown, password: unknown): FieldResult<null> {
  if (value === undefined || value === null) return { value: null };
  if (typeof value !== 'string') return { fault: 'differs' };
  const isCompared = typeof password === 'string' && password !== '';
  const isSame = !isCompared || value.normalize('NFKC') === password.normalize('NFKC');
  return isSame ? { value: null } : { fault: 'differs' };
}
