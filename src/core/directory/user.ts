/**
 * The columns of a user, and the states that a user can have. Pure: nothing here waits or writes.
 *
 * A user is `pending` until the confirmation or the acceptance of an invitation, `active`, or `inactive` after
 * cancelling. Deletion is not a state; it removes the row. `userTransitions` is the whole life cycle: a transition
 * that is not in it is refused.
 */
import type { OrgKey, UserId } from '../ids.ts';
import { hourMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';
import { type Columns, defaultsOf, type Kind, type NamesOf, type RowOf } from './column.ts';
import { isVisible, stripInvisible } from './visible-text.ts';

export const userStatuses = ['pending', 'active', 'inactive'] as const;
export type UserStatus = (typeof userStatuses)[number];

/** Each role has more rights than the one before it. */
export const userRoles = ['parent', 'member', 'admin'] as const;
export type UserRole = (typeof userRoles)[number];

export type ScoreStatus = 'calibrating' | 'ready' | 'stale';

const userId: Kind<UserId> = { kind: 'text' };
const orgKey: Kind<OrgKey> = { kind: 'integer' };
const integer: Kind<number> = { kind: 'integer' };
const reference: Kind<string> = { kind: 'reference' };
const text: Kind<string> = { kind: 'text' };
const textOrNull: Kind<string | null> = { kind: 'text' };
const role: Kind<UserRole> = { kind: 'text' };
const status: Kind<UserStatus> = { kind: 'text' };
const flag: Kind<boolean> = { kind: 'flag' };
const instant: Kind<number> = { kind: 'instant' };
const instantOrNull: Kind<number | null> = { kind: 'instant' };

const none = { default: null } as const;
const no = { default: false } as const;

/**
 * The columns of a user, one line each. Everything that handles all of them derives from this list: the type `User`,
 * the defaults, the table, its insert, update and rows, the registry of personal data, and the columns of imports
 * and exports, in this order. Instants are epoch milliseconds; null means that the value is not known.
 */
export const userColumns = {
  id: { ...userId, holds: 'user', initial: 'given', isFixed: true, transfer: null },
  orgKey: { ...orgKey, holds: 'plain', initial: 'derived', isFixed: true, transfer: null },
  /** The public number, 1 to 2^53-1; unique in the organization. */
  number: { ...integer, holds: 'personal', initial: 'given', isFixed: true, transfer: null },
  /** The public id of the user's app, 40 hex digits. */
  appId: { ...reference, holds: 'plain', initial: 'given', isFixed: true, transfer: null },
  externalId: { ...textOrNull, holds: 'personal', initial: none, transfer: 'external_id' },
  /** As given, trimmed; `canonicalEmail` gives the form that is compared. */
  email: { ...textOrNull, holds: 'personal', initial: none, transfer: 'email' },
  /** An address that the user gave and has not proved, where the deployment tells no accounts. Only the user sees it. */
  requestedEmail: { ...textOrNull, holds: 'personal', initial: none, transfer: null },
  emailRequestedAt: { ...instantOrNull, holds: 'personal', initial: none, transfer: null },
  /** A PHC string, or null for a user who cannot sign in with a password. */
  passwordHash: { ...textOrNull, holds: 'personal', initial: none, transfer: 'password_hash' },
  firstName: { ...textOrNull, holds: 'personal', initial: none, transfer: 'first_name' },
  lastName: { ...textOrNull, holds: 'personal', initial: none, transfer: 'last_name' },
  /** As given; messages go to `phoneE164`. */
  phone: { ...textOrNull, holds: 'personal', initial: none, transfer: 'phone' },
  phoneE164: { ...textOrNull, holds: 'personal', initial: none, transfer: null },
  /** `YYYY-MM-DD`. */
  dateOfBirth: { ...textOrNull, holds: 'personal', initial: none, transfer: 'date_of_birth' },
  /** A BCP 47 tag. */
  language: { ...text, holds: 'personal', initial: { default: 'en' }, transfer: 'language' },
  /** An IANA time zone name. */
  timezone: { ...text, holds: 'personal', initial: { default: 'UTC' }, transfer: 'timezone' },
  role: { ...role, holds: 'personal', initial: { default: 'parent' }, transfer: 'role' },
  status: { ...status, holds: 'personal', initial: 'given', transfer: 'status' },
  /** Whether the user was ever `active`; decides which state restoring leads to. */
  wasActive: { ...flag, holds: 'personal', initial: 'derived', transfer: null },
  /** A wish of the user that is shown; gives no permission. */
  isClinical: { ...flag, holds: 'personal', initial: no, transfer: 'clinical' },
  /** An admin's approval; this is what gives the permission. */
  isClinicalApproved: { ...flag, holds: 'personal', initial: no, transfer: null },
  /** For testing and development: no message to it leaves through a real sender. */
  isTemplate: { ...flag, holds: 'plain', initial: no, transfer: null },
  isNativeSignup: { ...flag, holds: 'personal', initial: no, transfer: null },
  /** Signed up in person, in a version that stores proofs. Until it is proved, the email of such a user is a claimed one. */
  isSelfRegistered: { ...flag, holds: 'personal', initial: no, transfer: null },
  confirmedAt: { ...instantOrNull, holds: 'personal', initial: none, transfer: 'confirmed_at' },
  /** When the person proved that the present email is theirs, by a link or a code that was sent to it. */
  emailProvedAt: { ...instantOrNull, holds: 'personal', initial: none, transfer: null },
  /** When the person proved that the present phone is theirs, by a code that was sent to it. */
  phoneProvedAt: { ...instantOrNull, holds: 'personal', initial: none, transfer: null },
  createdAt: { ...instant, holds: 'personal', initial: 'given', isFixed: true, transfer: 'created_at' },
  /** Moves with every change but a login. */
  updatedAt: { ...instant, holds: 'personal', initial: 'derived', transfer: null },
  lastLoginAt: { ...instantOrNull, holds: 'personal', initial: 'derived', transfer: null },
  lastSyncAt: { ...instantOrNull, holds: 'personal', initial: 'derived', transfer: null },
  lastScoreAt: { ...instantOrNull, holds: 'personal', initial: 'derived', transfer: null },
} as const satisfies Columns;

type UserColumns = typeof userColumns;

/** One person in the directory. */
export interface User extends RowOf<UserColumns> {}

/** The columns of a user in the order of the list. */
export const userColumnNames = Object.keys(userColumns) as readonly (keyof User)[];

/** The columns that follow from the others when a user is created; `derivedOf` gives their values. */
type DerivedColumn = NamesOf<UserColumns, { readonly initial: 'derived' }>;
type FixedColumn = NamesOf<UserColumns, { readonly isFixed: true }>;
type DefaultedColumn = NamesOf<UserColumns, { readonly initial: { readonly default: unknown } }>;

/** What the creator of a user gives. */
export type NewUser = Omit<User, DerivedColumn>;

/** The columns that a change may set. The caller names `updatedAt`, because a login must not move it. */
export type UserChanges = Partial<Omit<User, FixedColumn>>;

/** The defaults that every user gets, however made. */
export const newUserDefaults = defaultsOf(userColumns) satisfies Pick<User, DefaultedColumn>;

/** The columns of a new user that follow from what its creator gives; the organization is the store's to add. */
export function derivedOf(user: NewUser): Omit<Pick<User, DerivedColumn>, 'orgKey'> {
  return {
    wasActive: hasBeenActive(user),
    updatedAt: user.createdAt,
    lastLoginAt: null,
    lastSyncAt: null,
    lastScoreAt: null,
  };
}

/**
 * Whether a new user counts as having been `active`: an active user does, and an inactive one that is confirmed. It
 * decides which state restoring leads to.
 */
function hasBeenActive(user: Pick<NewUser, 'status' | 'confirmedAt'>): boolean {
  return user.status === 'active' || (user.status === 'inactive' && user.confirmedAt !== null);
}

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

/**
 * Splits a full name at the last space that has something visible on both sides; else all of it is the first name.
 * `fullNameOf` gives the name back, except for invisible characters beside the space.
 */
export function splitFullName(name: string): { firstName: string; lastName: string | null } {
  for (let at = name.lastIndexOf(' '); at > 0; at = name.lastIndexOf(' ', at - 1)) {
    const [firstName, lastName] = [name.slice(0, at), name.slice(at + 1)].map(withoutInvisible);
    if (firstName !== undefined && lastName !== undefined && isVisible(firstName) && isVisible(lastName)) {
      return { firstName, lastName };
    }
  }
  return { firstName: name, lastName: null };
}

/** Blanks stay where the part has no other invisible character at its ends. */
function withoutInvisible(part: string): string {
  const stripped = stripInvisible(part);
  return stripped === part.trim() ? part : stripped;
}
