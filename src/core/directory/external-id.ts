/**
 * The external id: the partner's own id of a user. A new one follows the rule of every text. Users from before this
 * rule may have an external id that the rule changes or refuses, so a look-up tries the exact text first.
 */
import { type FieldFault, refuse } from '../errors.ts';
import type { Tx } from '../unit-of-work.ts';
import type { User } from './user.ts';
import { type FieldResult, readExternalId } from './user-fields.ts';
import type { UserView } from './user-view.ts';

/** An external id as a caller sent it. */
export interface ExternalIdLookUp {
  /** The external id by the rule, or its fault. */
  readonly clean: FieldResult<string>;
  /** The text as users from before the rule may have it; null where it is the clean one, or no user can have it. */
  readonly exact: string | null;
}

export function readExternalIdLookUp(value: unknown): ExternalIdLookUp {
  const clean = readExternalId(value);
  const isTooLong = 'fault' in clean && clean.fault === 'too_long';
  const isClean = 'value' in clean && clean.value === value;
  if (typeof value !== 'string' || isClean || isTooLong) return { clean, exact: null };
  const exact = value.trim();
  const wasValid = exact !== '' && exact.isWellFormed() && !exact.includes('\0');
  const differs = !('value' in clean) || clean.value !== exact;
  return { clean, exact: wasValid && differs ? exact : null };
}

/** The faults that hold for a look-up: none where a user from before the rule may have the exact text. */
export function lookUpFaults({ clean, exact }: ExternalIdLookUp, field: string): readonly FieldFault[] {
  return exact === null && 'fault' in clean ? [{ field, ...clean }] : [];
}

/** The external id for a new user; refuses with `invalid_fields`. */
export function requireExternalId({ clean }: ExternalIdLookUp, field: string): string {
  if ('value' in clean) return clean.value;
  throw refuse('invalid_fields', { faults: [{ field, ...clean }] });
}

/** A step: the users of all apps whom the external id names. */
export async function listByExternalId<K extends keyof User>(
  tx: Tx,
  { clean, exact }: ExternalIdLookUp,
  view: UserView<K>,
): Promise<readonly Pick<User, K>[]> {
  const earlier = exact === null ? [] : await tx.users.listByExternalId(exact, view);
  if (earlier.length > 0 || 'fault' in clean) return earlier;
  return tx.users.listByExternalId(clean.value, view);
}

/** A step: the user of the app whom the external id names. */
export async function findByExternalId(
  tx: Tx,
  appId: string,
  { clean, exact }: ExternalIdLookUp,
): Promise<User | null> {
  const earlier = exact === null ? null : await tx.users.findByExternalId(appId, exact);
  if (earlier !== null || 'fault' in clean) return earlier;
  return tx.users.findByExternalId(appId, clean.value);
}
