/**
 * What a change of an account says, before anything is written: which fields it really changes, which of those
 * are an admin's to change, and every fault among them. Pure. A value that the account shows already says
 * nothing, so that a client may send a user back whole, also one with fields that nobody has filled in.
 */
import { readPassword } from '../access/password.ts';
import type { User } from './user.ts';
import { userRoles } from './user.ts';
import {
  FieldReader,
  type FieldResult,
  readBoolean,
  readChoice,
  readDateOfBirth,
  readEmail,
  readLanguage,
  readOptional,
  readPhone,
  readText,
} from './user-fields.ts';

/** What to change; values are as they came, and what is absent stays. */
export interface ProfileChange {
  readonly email?: unknown;
  readonly password?: unknown;
  readonly firstName?: unknown;
  readonly lastName?: unknown;
  readonly phone?: unknown;
  readonly dateOfBirth?: unknown;
  readonly language?: unknown;
  readonly role?: unknown;
  readonly isActive?: unknown;
  /** An admin's word on the wish: true approves it, also where it is shown already. */
  readonly isClinical?: unknown;
  /** The wish inside a user that is sent back: as `isClinical`, but for the value that is shown already. */
  readonly isClinicalShown?: unknown;
  readonly isTemplate?: unknown;
  readonly isNativeSignup?: unknown;
}

/** The clean values of a change; undefined leaves a field as it is. */
export type ProfileValues = ReturnType<typeof readProfile>['values'];

/** The change without what the user shows already. */
export function withoutEchoes(change: ProfileChange, user: User): ProfileChange {
  const shown: ProfileChange = {
    email: user.email,
    firstName: user.firstName,
    lastName: user.lastName,
    phone: user.phone,
    dateOfBirth: user.dateOfBirth,
    language: user.language,
    role: user.role,
    isActive: user.status !== 'inactive',
    isClinicalShown: user.isClinical,
    isTemplate: user.isTemplate,
    isNativeSignup: user.isNativeSignup,
  };
  const echoes = new Map<string, unknown>(Object.entries(shown));
  const kept = Object.entries(change).filter(
    ([name, value]) => !echoes.has(name) || echoes.get(name) !== value,
  );
  return Object.fromEntries(kept);
}

/** Whether a change without echoes sets what only an admin sets. */
export function needsAdmin(change: ProfileChange, user: User): boolean {
  const { role, isActive, isTemplate, isClinical, isClinicalShown } = change;
  const isSet = [role, isActive, isTemplate, isClinicalShown].some((value) => value !== undefined);
  return isSet || (isClinical !== undefined && isClinical !== user.isClinical);
}

/** Reads every field of a change; `email` is the account's own, which a password must not be. */
export function readProfile(
  change: ProfileChange,
  context: {
    readonly email: string | null;
    readonly now: number;
    readonly isCommonPassword: (password: string) => boolean;
  },
) {
  const fields = new FieldReader();
  function take<T>(field: keyof ProfileChange, read: (value: unknown) => FieldResult<T>): T | undefined {
    return change[field] === undefined ? undefined : fields.take(field, read(change[field]));
  }
  const email = take('email', readEmail);
  const knownEmail = email ?? context.email;
  const isClinicalShown = take('isClinicalShown', readBoolean);
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
    isClinical: take('isClinical', readBoolean) ?? isClinicalShown,
    isTemplate: take('isTemplate', readBoolean),
    isNativeSignup: take('isNativeSignup', readBoolean),
  };
  return { values, faults: [...fields.faults] };
}
