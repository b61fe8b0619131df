/**
 * Reads a change of an account before anything is written: which fields it really changes, which of these only an
 * admin may change, and every fault. Pure. A value that the account already shows is an echo and changes nothing, so
 * a client may send a whole user back, also one with empty fields.
 */
import { readPassword, readPasswordConfirmation } from '../access/password.ts';
import type { User } from './user.ts';
import { userRoles } from './user.ts';
import {
  FieldReader,
  type FieldResult,
  readBoolean,
  readChoice,
  readDateOfBirth,
  readExternalId,
  readLanguage,
  readNewEmail,
  readOptional,
  readPhone,
  readText,
  readTimezone,
} from './user-fields.ts';

/** The fields to change, with the values as the client sent them; an absent field stays, and so do most that are null. */
export interface ProfileChange {
  readonly email?: unknown;
  readonly password?: unknown;
  /** The password once more; null and absent confirm nothing. */
  readonly passwordConfirmation?: unknown;
  readonly firstName?: unknown;
  readonly lastName?: unknown;
  readonly phone?: unknown;
  readonly dateOfBirth?: unknown;
  readonly language?: unknown;
  readonly role?: unknown;
  readonly isActive?: unknown;
  /** The wish that is shown; approves nothing. */
  readonly isClinical?: unknown;
  readonly isTemplate?: unknown;
  readonly isNativeSignup?: unknown;
  readonly timezone?: unknown;
  /** The partner's own id of the user; null removes it. */
  readonly externalId?: unknown;
}

/** The clean values of a change; undefined leaves a field as it is. */
export type ProfileValues = ReturnType<typeof readProfile>['values'];

/** Fields whose null has a meaning: it clears the field, or it is a fault because the field is never empty again. */
const clearable: ReadonlySet<string> = new Set([
  'email',
  'firstName',
  'lastName',
  'phone',
  'dateOfBirth',
  'externalId',
]);

/** The change without the nulls that say nothing: those of fields that cannot be empty and have a default at sign-up. */
export function withoutUnsaid(change: ProfileChange): ProfileChange {
  const said = Object.entries(change).filter(([name, value]) => value !== null || clearable.has(name));
  return Object.fromEntries(said);
}

/** The change without the values that the user already shows; `shownEmail` is the email that the caller sees. */
export function withoutEchoes(change: ProfileChange, user: User, shownEmail = user.email): ProfileChange {
  const shown: ProfileChange = {
    email: shownEmail,
    firstName: user.firstName,
    lastName: user.lastName,
    phone: user.phone,
    dateOfBirth: user.dateOfBirth,
    language: user.language,
    role: user.role,
    isActive: user.status !== 'inactive',
    isClinical: user.isClinical,
    isTemplate: user.isTemplate,
    isNativeSignup: user.isNativeSignup,
    timezone: user.timezone,
    externalId: user.externalId,
  };
  const echoes = new Map<string, unknown>(Object.entries(shown));
  const kept = Object.entries(change).filter(
    ([name, value]) => !echoes.has(name) || echoes.get(name) !== value,
  );
  return Object.fromEntries(kept);
}

/** Whether a change without echoes sets a field that only an admin sets. */
export function needsAdmin(change: ProfileChange): boolean {
  const { role, isActive, isTemplate, isClinical, timezone, externalId } = change;
  return [role, isActive, isTemplate, isClinical, timezone, externalId].some((value) => value !== undefined);
}

/** Reads every field of a change. `email` is the account's own; a password must differ from it. */
export function readProfile(
  change: ProfileChange,
  context: {
    readonly email: string | null;
    readonly now: number;
    /** Whether an address with a local part outside ASCII can be delivered to. */
    readonly takesUnicode: boolean;
    /** Whether the new password is common. */
    readonly isCommonPassword: boolean;
  },
) {
  const fields = new FieldReader();
  function take<T>(field: keyof ProfileChange, read: (value: unknown) => FieldResult<T>): T | undefined {
    return change[field] === undefined ? undefined : fields.take(field, read(change[field]));
  }
  const email = take('email', (value) => readNewEmail(value, context.takesUnicode));
  const knownEmail = email ?? context.email;
  const values = {
    email,
    password: take('password', (value) => readPassword(value, knownEmail, context.isCommonPassword)),
    firstName: take('firstName', readText),
    lastName: take('lastName', readText),
    phone: take('phone', (value) => readOptional(value, readPhone)),
    dateOfBirth: take('dateOfBirth', (value) =>
      readOptional(value, (text) => readDateOfBirth(text, context.now)),
    ),
    language: take('language', readLanguage),
    role: take('role', (value) => readChoice(value, userRoles)),
    isActive: take('isActive', readBoolean),
    isClinical: take('isClinical', readBoolean),
    isTemplate: take('isTemplate', readBoolean),
    isNativeSignup: take('isNativeSignup', readBoolean),
    timezone: take('timezone', readTimezone),
    externalId: take('externalId', (value) => readOptional(value, readExternalId)),
  };
  take('passwordConfirmation', (value) => readPasswordConfirmation(value, change.password));
  return { values, faults: [...fields.faults] };
}
