/**
 * The principals, and the rulebook of what each may do. Every permission in Roster is a line of the table below;
 * contracts and operations ask it and have no rules of their own.
 */

import type { User, UserRole } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import type { OrgKey, UserId } from '../ids.ts';

/** The doors beside the contracts: the command line, jobs, pages, and what repeats or makes up the life of users. */
export const ownDoors = ['cli', 'job', 'page', 'connect', 'ledger', 'demo'] as const;
export type OwnDoor = (typeof ownDoors)[number];

/** The door of a request: a contract's name, or one of our own. */
export type Door = string;

export const keyRoles = ['admin', 'member', 'reader'] as const;
export type KeyRole = (typeof keyRoles)[number];

interface WithDoor {
  /** Recorded in the audit event of each change of the principal. */
  readonly door: Door;
}

/** An organization's backend, by API key. */
export interface KeyPrincipal extends WithDoor {
  readonly kind: 'api_key';
  readonly orgKey: OrgKey;
  readonly keyId: string;
  readonly role: KeyRole;
}

/** One application, by app key; sees the users of that app. */
export interface AppPrincipal extends WithDoor {
  readonly kind: 'app';
  readonly orgKey: OrgKey;
  readonly appId: string;
}

/** A person, by session. */
export interface UserPrincipal extends WithDoor {
  readonly kind: 'user';
  readonly orgKey: OrgKey;
  readonly userId: UserId;
  readonly sessionId: string;
  /** When the session began, epoch milliseconds. */
  readonly sessionStartedAt: number;
  /** The user as found with the session, at the moment of the request. */
  readonly user: User;
}

/** A person on the Connect page, which their app opened for them; sees only their own connections. */
export interface ConnectPagePrincipal extends WithDoor {
  readonly kind: 'connect';
  readonly orgKey: OrgKey;
  readonly appId: string;
  readonly userId: UserId;
}

export const staffRoles = ['owner', 'support', 'privacy', 'engineer'] as const;
/** What a staff account may do in the console; apart from the roles of users. */
export type StaffRole = (typeof staffRoles)[number];

/** A person of the organization's staff in the console, by session. */
export interface StaffPrincipal extends WithDoor {
  readonly kind: 'staff';
  readonly orgKey: OrgKey;
  /** `stf_` and 32 hex digits. */
  readonly staffId: string;
  readonly role: StaffRole;
  readonly sessionId: string;
  /** Until when the second factor that was given last counts as fresh, epoch milliseconds. */
  readonly freshUntil: number;
}

/** A caller without a credential, in the organization of the app that the call is for. */
export interface PublicPrincipal extends WithDoor {
  readonly kind: 'public';
  readonly orgKey: OrgKey;
}

/** The operator of the deployment: the command line and the jobs. */
export interface OperatorPrincipal extends WithDoor {
  readonly kind: 'operator';
  readonly orgKey: OrgKey;
  /** The account of the operating system, such as `uid:1000`; absent for jobs. A number, because a login name names a person. */
  readonly accountId?: string;
}

/** The door of the command line. */
export const commandLine = 'cli' satisfies OwnDoor;

/** Windows has no number of an account. */
const accountId = `uid:${process.getuid?.() ?? 'unknown'}`;

/** The operator as a principal of one organization; at the command line with the account that runs it. */
export function operatorAt(door: Door, orgKey: OrgKey): OperatorPrincipal {
  return { kind: 'operator', door, orgKey, ...(door === commandLine ? { accountId } : {}) };
}

export type Principal =
  | KeyPrincipal
  | AppPrincipal
  | UserPrincipal
  | ConnectPagePrincipal
  | StaffPrincipal
  | PublicPrincipal
  | OperatorPrincipal;

export type Action =
  /** See users as the backend of their organization. */
  | 'users.read'
  | 'users.create'
  | 'users.update'
  /** Report sync and score times. */
  | 'users.report'
  | 'users.delete'
  /** See and change the connections of users to providers. */
  | 'connections.read'
  | 'connections.manage'
  /** See the state of the erasures of users. */
  | 'erasures.read'
  /** See the audit log of the organization. */
  | 'audit.read'
  /** See users as a clinician or an admin of the consumer app. */
  | 'care.read'
  /** Change another user, and the fields that only an admin may change. */
  | 'care.manage'
  /** The organization's staff tools. */
  | 'staff.read'
  | 'staff.invite'
  | 'staff.invite_admin'
  /** See people in the console: the list, the search, one person. Without `console.people.unmasked` their fields are masked. */
  | 'console.people.read'
  | 'console.people.unmasked'
  /** Resend, reset, end sessions, unlock, edit, rename, cancel, reinstate. */
  | 'console.people.manage'
  /** Plan and run an act on many: each role only the acts that it may do to one. */
  | 'console.people.many'
  /** Give and take roles and clinical approval, and change the email of a person who has such rights. */
  | 'console.people.rights'
  /** Take the data of people out of the directory. */
  | 'console.people.export'
  /** Delete a person, and see erasures and their receipts. */
  | 'console.erasures.manage'
  /** See the audit log in the console. */
  | 'console.record.read'
  /** Keys, apps, origins, brand and settings. */
  | 'console.keys.manage'
  /** Issue credentials that delete people: an API key with the role `admin`, and another key of an app that has people. */
  | 'console.keys.deleting'
  | 'console.overview.read'
  /** The development outbox with its codes and links. Production has none. */
  | 'console.outbox.read'
  /** Staff accounts and their roles. */
  | 'console.staff.manage';

type Rule = {
  readonly [K in Principal['kind']]: (principal: Extract<Principal, { kind: K }>) => boolean;
};

const always = (): boolean => true;
const never = (): boolean => false;
const keyWith =
  (...roles: readonly KeyRole[]) =>
  (principal: KeyPrincipal): boolean =>
    roles.includes(principal.role);
const userWith =
  (...roles: readonly UserRole[]) =>
  (principal: UserPrincipal): boolean =>
    roles.includes(principal.user.role);
const isClinician = ({ user }: UserPrincipal): boolean => user.isClinicalApproved;

const staffWith =
  (...roles: readonly StaffRole[]) =>
  (principal: StaffPrincipal): boolean =>
    roles.includes(principal.role);

/** No credential of an API reaches what only the console shows; the command line does. */
const consoleOnly = {
  api_key: never,
  app: never,
  user: never,
  connect: never,
  public: never,
  operator: always,
};

const base = { connect: never, staff: never, public: never, operator: always } as const;

/** The rulebook: for each action, which kind of principal may do it. */
const rulebook: Readonly<Record<Action, Rule>> = {
  'users.read': {
    ...base,
    api_key: always,
    app: always,
    user: userWith('admin'),
    staff: staffWith('owner', 'support', 'privacy'),
  },
  'users.create': { ...base, api_key: keyWith('admin', 'member'), app: always, user: userWith('admin') },
  'users.update': {
    ...base,
    api_key: keyWith('admin', 'member'),
    app: always,
    user: userWith('admin'),
    staff: staffWith('owner', 'support'),
  },
  'users.report': { ...base, api_key: keyWith('admin', 'member'), app: never, user: never },
  'users.delete': {
    ...base,
    api_key: keyWith('admin'),
    app: always,
    user: userWith('admin'),
    staff: staffWith('owner', 'privacy'),
  },
  'connections.read': {
    ...base,
    api_key: always,
    app: always,
    user: never,
    connect: always,
    staff: staffWith('owner', 'support', 'privacy'),
  },
  'erasures.read': {
    ...base,
    api_key: keyWith('admin'),
    app: never,
    user: never,
    staff: staffWith('owner', 'privacy'),
  },
  'audit.read': {
    ...base,
    api_key: keyWith('admin'),
    app: never,
    user: never,
    staff: staffWith('owner', 'privacy'),
  },
  'connections.manage': {
    ...base,
    api_key: keyWith('admin', 'member'),
    app: always,
    user: never,
    connect: always,
  },
  'care.read': {
    ...base,
    api_key: never,
    app: never,
    user: (principal) => principal.user.role === 'admin' || isClinician(principal),
    staff: staffWith('owner', 'support', 'privacy'),
  },
  'care.manage': {
    ...base,
    api_key: never,
    app: never,
    user: userWith('admin'),
    staff: staffWith('owner', 'support'),
  },
  'staff.read': { ...base, api_key: always, app: never, user: userWith('admin', 'member') },
  'staff.invite': {
    ...base,
    api_key: keyWith('admin', 'member'),
    app: never,
    user: userWith('admin', 'member'),
  },
  'staff.invite_admin': { ...base, api_key: keyWith('admin'), app: never, user: userWith('admin') },
  'console.people.read': { ...consoleOnly, staff: always },
  'console.people.unmasked': { ...consoleOnly, staff: staffWith('owner', 'support', 'privacy') },
  'console.people.manage': { ...consoleOnly, staff: staffWith('owner', 'support') },
  'console.people.many': { ...consoleOnly, staff: staffWith('owner', 'support', 'privacy') },
  'console.people.rights': { ...consoleOnly, staff: staffWith('owner') },
  'console.people.export': { ...consoleOnly, staff: staffWith('owner', 'privacy') },
  'console.erasures.manage': { ...consoleOnly, staff: staffWith('owner', 'privacy') },
  'console.record.read': { ...consoleOnly, staff: staffWith('owner', 'privacy') },
  'console.keys.manage': { ...consoleOnly, staff: staffWith('owner', 'engineer') },
  'console.keys.deleting': { ...consoleOnly, staff: staffWith('owner') },
  'console.overview.read': { ...consoleOnly, staff: always },
  'console.outbox.read': { ...consoleOnly, staff: always },
  'console.staff.manage': { ...consoleOnly, staff: staffWith('owner') },
};

/** Whether the rulebook lets the principal do this. */
export function may(principal: Principal, action: Action): boolean {
  const rule = rulebook[action];
  switch (principal.kind) {
    case 'api_key':
      return rule.api_key(principal);
    case 'app':
      return rule.app(principal);
    case 'user':
      return rule.user(principal);
    case 'connect':
      return rule.connect(principal);
    case 'staff':
      return rule.staff(principal);
    case 'public':
      return rule.public(principal);
    case 'operator':
      return rule.operator(principal);
  }
}

/** The account of the principal's own: that of a user with a session. Staff, keys and the operator have none. */
export function ownAccountOf(principal: Principal): UserId | null {
  return principal.kind === 'user' ? principal.userId : null;
}

/** Refuses with `forbidden` where the rulebook does not let the principal do this. */
export function authorize(principal: Principal, action: Action): void {
  if (!may(principal, action)) throw refuse('forbidden', {});
}
