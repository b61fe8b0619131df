/**
 * What a user is, and which states it can have. Pure: nothing here waits or writes.
 *
 * A user is `pending` until confirmed or invited in, `active`, or `inactive` after cancelling; deletion is not a
 * state but the end of the row. The table below is the whole life: a missing edge is a refusal.
 */
import type { OrgKey, UserId } from '../ids.ts';
import { hourMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';

export const userStatuses = ['pending', 'active', 'inactive'] as const;
export type UserStatus = (typeof userStatuses)[number];

export const userRoles = ['parent', 'member', 'admin'] as const;
export type UserRole = (typeof userRoles)[number];

export type ScoreStatus = 'calibrating' | 'ready' | 'stale';

/** One person in the directory. Instants are epoch milliseconds; what nobody said is null. */
export interface User {
  readonly id: UserId;
  readonly orgKey: OrgKey;
  /** The public number, 1 to 2^53-1; unique in the organization. */
  readonly number: number;
  /** The public id of the user's app, 40 hex digits. */
  readonly appId: string;
  readonly externalId: string | null;
  /** As given, trimmed; `canonicalEmail` is what is compared. */
  readonly email: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** As given; `phoneE164` is where messages go. */
  readonly phone: string | null;
  readonly phoneE164: string | null;
  /** `YYYY-MM-DD`. */
  readonly dateOfBirth: string | null;
  /** A BCP 47 tag. */
  readonly language: string;
  /** An IANA time zone name. */
  readonly timezone: string;
  readonly role: UserRole;
  readonly status: UserStatus;
  /** Whether the user was ever `active`; decides what restoring leads back to. */
  readonly wasActive: boolean;
  /** A wish of the user that is shown; gives no permission. */
  readonly isClinical: boolean;
  /** An admin's approval; this is what gives the permission. */
  readonly isClinicalApproved: boolean;
  /** For testing and development: no message to it leaves through a real sender. */
  readonly isTemplate: boolean;
  readonly isNativeSignup: boolean;
  readonly confirmedAt: number | null;
  /** A PHC string, or null for a user who cannot sign in with a password. */
  readonly passwordHash: string | null;
  readonly createdAt: number;
  /** Moves with every change but a login. */
  readonly updatedAt: number;
  readonly lastLoginAt: number | null;
  readonly lastSyncAt: number | null;
  readonly lastScoreAt: number | null;
}

/** What a creator says of a user; the rest follows from it and from the moment. */
export type NewUser = Omit<
  User,
  'orgKey' | 'wasActive' | 'updatedAt' | 'lastLoginAt' | 'lastSyncAt' | 'lastScoreAt'
>;

/**
 * Whether a new user counts as having been `active`: one that is, and one that comes inactive but confirmed. It
 * decides what restoring leads back to.
 */
export function hasBeenActive(user: Pick<NewUser, 'status' | 'confirmedAt'>): boolean {
  return user.status === 'active' || (user.status === 'inactive' && user.confirmedAt !== null);
}

/** Columns that a change may set. `updatedAt` is named by whoever changes, for a login must not move it. */
export type UserChanges = Partial<Omit<User, 'id' | 'orgKey' | 'number' | 'appId' | 'createdAt'>>;

/** The defaults that every user gets, however made. */
export const newUserDefaults = {
  externalId: null,
  email: null,
  firstName: null,
  lastName: null,
  phone: null,
  phoneE164: null,
  dateOfBirth: null,
  language: 'en',
  timezone: 'UTC',
  role: 'parent',
  isClinical: false,
  isClinicalApproved: false,
  isTemplate: false,
  isNativeSignup: false,
  confirmedAt: null,
  passwordHash: null,
} as const satisfies Partial<NewUser>;

export type UserEvent = 'activate' | 'cancel' | 'restore_active' | 'restore_pending';

/** The life of a user: state, event, next state. Drawn in `docs/states.md`. */
export const userTransitions: Transitions<UserStatus, UserEvent> = {
  pending: { activate: 'active', cancel: 'inactive' },
  active: { cancel: 'inactive' },
  inactive: { restore_active: 'active', restore_pending: 'pending' },
};

/** The state after the event; refuses with `wrong_state` where the table has no such edge. */
export function nextStatus(from: UserStatus, event: UserEvent): UserStatus {
  return nextState(userTransitions, from, event);
}

/** What restoring a cancelled user means: back to what it was. */
export function restoreEvent(user: Pick<User, 'wasActive'>): UserEvent {
  return user.wasActive ? 'restore_active' : 'restore_pending';
}

export function isActiveAdmin(user: Pick<User, 'role' | 'status'>): boolean {
  return user.role === 'admin' && user.status === 'active';
}

/** How long a sync, or a score without any sync, counts as fresh. */
const freshMs = 72 * hourMs;

/**
 * The score state at an instant, derived from the two report times: `calibrating` until a first score, then
 * `ready` while the last sync (without one, the score) is younger than 72 hours, then `stale`.
 */
export function scoreStatusOf(user: Pick<User, 'lastSyncAt' | 'lastScoreAt'>, now: number): ScoreStatus {
  if (user.lastScoreAt === null) return 'calibrating';
  return now - (user.lastSyncAt ?? user.lastScoreAt) < freshMs ? 'ready' : 'stale';
}

/** First and last name joined by a space; null where there is neither. */
export function fullNameOf(user: Pick<User, 'firstName' | 'lastName'>): string | null {
  if (user.firstName === null) return user.lastName;
  return user.lastName === null ? user.firstName : `${user.firstName} ${user.lastName}`;
}

/** Splits a full name at its last space; one word alone is the first name. `fullNameOf` gives the name back. */
export function splitFullName(name: string): { firstName: string; lastName: string | null } {
  const at = name.lastIndexOf(' ');
  return at === -1
    ? { firstName: name, lastName: null }
    : { firstName: name.slice(0, at), lastName: name.slice(at + 1) };
}
