/**
 * The rules for a new password, and the port that hashes it. Hashing is slow by design and runs before a transaction,
 * never inside one.
 */

import { canonicalEmail } from '../directory/email-address.ts';
import type { FieldResult } from '../directory/user-fields.ts';
import type { Arrival } from './arrival.ts';

export const passwordCharactersMin = 8;
export const passwordCharactersMax = 256;

/** Whose work a hash is: many wait in turns by network and account. */
export interface HashTurn {
  readonly arrival: Arrival;
  /** An account, or an address that may have one, by a text that names it alone. */
  readonly account: string;
}

export interface PasswordHasher {
  /**
   * A PHC string (argon2id). Refuses with `unavailable` where too much waits. Throws the reason of `hangUp` where the
   * caller has left before its turn. Null stands for work of no caller.
   */
  hash(password: string, turn?: HashTurn | null): Promise<string>;
  /**
   * Whether the password belongs to the hash. Null stands for an account without a password, or for no account: the
   * same work is done and the result is false. With `leastUnits`, a false result takes at least as long as the check of a
   * hash of so many units usually does, whatever the hash. Refuses and throws as `hash`.
   */
  verify(
    password: string,
    hash: string | null,
    leastUnits?: number | null,
    turn?: HashTurn | null,
  ): Promise<boolean>;
  /** The work of a check of the hash with a usual password, in units of one hash of ours; at least 1. */
  unitsOf(hash: string): number;
  /** Whether `verify` accepts the kind and the cost of an imported hash. */
  isKnown(hash: string): boolean;
  /** Whether the hash has another kind or other parameters than those of `hash`, so that it should be replaced. */
  isOutdated(hash: string): boolean;
}

/**
 * Keyboards write one character in different ways, so passwords are hashed in one of them, NFKC (NIST SP 800-63B,
 * section 3.1.1.2), which is also counted.
 */
function normalize(password: string): string {
  return password.normalize('NFKC');
}

/** No password is longer before NFKC, which makes at most four code points one. A caller chooses no larger work. */
const typedUnitsMax = passwordCharactersMax * 8;

/** `earlierForm`: the hash is of the text as it was typed, as before passwords were normalized, and should be replaced. */
export type PasswordMatch = 'right' | 'earlierForm' | 'wrong';

/**
 * Compares a typed password with a hash; null stands for an account without a password, or for no account. Where the
 * normal form differs from the typed text and is wrong, the typed text is tried too. The work depends on the text alone,
 * not on whether there is an account; `leastUnits` is as in `verify`. Refuses with `unavailable` when the queue is full.
 */
export async function matchPassword(
  hasher: PasswordHasher,
  password: string,
  hash: string | null,
  { leastUnits = null, turn }: { readonly leastUnits?: number | null; readonly turn: HashTurn },
): Promise<PasswordMatch> {
  const typed = password.slice(0, typedUnitsMax + 1);
  const normal = normalize(typed);
  if (await hasher.verify(normal, hash, leastUnits, turn)) return 'right';
  if (normal !== typed && (await hasher.verify(typed, hash, leastUnits, turn))) return 'earlierForm';
  return 'wrong';
}

/** Hashes a typed password in its normal form. Refuses with `unavailable` when the queue is full. */
export function hashTyped(hasher: PasswordHasher, password: string, turn: HashTurn): Promise<string> {
  return hasher.hash(normalize(password), turn);
}

/** Whether a password is one that attackers try first: common, a simple change of a common one, or known from a breach. */
export type CommonPasswordCheck = (password: string) => Promise<boolean>;

/**
 * Whether a new password is common, given as it came. It is asked before the fields are read, because a list may be on disk.
 * False for a value that is refused for another reason.
 */
export async function isCommonInput(value: unknown, isCommonPassword: CommonPasswordCheck): Promise<boolean> {
  if (typeof value !== 'string' || !value.isWellFormed() || value.length > typedUnitsMax) return false;
  const password = normalize(value);
  return password.length >= passwordCharactersMin && isCommonPassword(password);
}

/**
 * Reads a new password, and returns its normal form: 8 to 256 characters, not common, not the user's email. Never trimmed.
 * `isCommon` is the answer of `isCommonInput` for the same value.
 */
export function readPassword(value: unknown, email: string | null, isCommon: boolean): FieldResult<string> {
  if (value === undefined || value === null || value === '') return { fault: 'blank' };
  if (typeof value !== 'string' || !value.isWellFormed() || value.includes('\0')) return { fault: 'invalid' };
  if (value.length > typedUnitsMax) return { fault: 'too_long', max: passwordCharactersMax };
  const password = normalize(value);
  if (password.trim() === '') return { fault: 'blank' };
  const characters = [...password].length;
  if (characters < passwordCharactersMin) return { fault: 'too_short', min: passwordCharactersMin };
  if (characters > passwordCharactersMax) return { fault: 'too_long', max: passwordCharactersMax };
  if (isCommon) return { fault: 'too_common' };
  if (email !== null && canonicalEmail(password) === canonicalEmail(email)) return { fault: 'same_as_email' };
  return { value: password };
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
