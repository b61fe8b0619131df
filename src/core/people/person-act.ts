/**
 * The acts of staff and the operator on one person, and why one is refused: the same rules decide what a page offers and what
 * an operation does. Pure.
 */
import { type Action, may, type Principal } from '../access/principal.ts';
import { proofFault } from '../directory/proof.ts';
import { isActiveAdmin, type User } from '../directory/user.ts';
import { codeAddressOf } from '../verification/confirmation-code.ts';
import { waitsForInvitation } from '../verification/invitation.ts';

/** The acts that an operation of their own does, in the order of a page. */
export const personActs = [
  'resend',
  'send-reset',
  'confirm',
  'end-sessions',
  'unlock',
  'cancel',
  'reinstate',
  'role',
  'clinical',
  'rename',
] as const;
export type DoneAct = (typeof personActs)[number];
export type PersonAct = DoneAct | 'edit' | 'reveal' | 'export' | 'delete';
export const allActs: readonly PersonAct[] = [...personActs, 'edit', 'reveal', 'export', 'delete'];

/**
 * Why an act is refused. `role`: the rulebook does not let the principal. `wrong_status`: the account is not in the state for it.
 * `nothing_to_do`: it would change nothing. `no_address`: there is no address to send to. `email_unproved`: rights need a
 * proved email. `rate_limited`: too many were sent lately.
 */
export type ActRefusal =
  | 'role'
  | 'wrong_status'
  | 'nothing_to_do'
  | 'no_address'
  | 'already_confirmed'
  | 'last_admin'
  | 'email_unproved'
  | 'rate_limited';

/** What `resend` sends: the code of the confirmation, the invitation, or the link that proves the email. */
export const resendKinds = ['invitation', 'confirmation', 'proof'] as const;
export type ResendKind = (typeof resendKinds)[number];

export interface ActFacts {
  readonly user: User;
  readonly activeAdmins: number;
  readonly sessions: number;
  /** Whether wrong passwords are counted, or wrong codes or sent messages refuse the next try. */
  readonly hasLocks: boolean;
  /** How long a limit refuses one more, by its name; absent: it does not. */
  readonly waitMs: (limit: 'code' | 'reset' | 'email_change') => number;
  readonly isMasked: boolean;
}

export interface ActState {
  readonly isAllowed: boolean;
  readonly why: ActRefusal | null;
  /** How long the refusal lasts; null where time does not end it. */
  readonly waitMs: number | null;
  readonly needsFreshFactor: boolean;
  /** For `resend`, what would be sent. */
  readonly sends: ResendKind | null;
}

/** Whether the code, the invitation or the proof can be sent to the user. */
export function canResend(user: User, kind: ResendKind): boolean {
  if (user.status === 'inactive') return false;
  if (kind === 'invitation') return waitsForInvitation(user);
  if (kind === 'confirmation') {
    return user.confirmedAt === null && codeAddressOf(user) !== null && !waitsForInvitation(user);
  }
  return user.emailProvedAt === null && (user.email ?? user.requestedEmail) !== null;
}

/** What the user waits for first; null where there is nothing to send. */
export function resendKindOf(user: User): ResendKind | null {
  return resendKinds.find((kind) => canResend(user, kind)) ?? null;
}

const limits = { invitation: null, confirmation: 'code', proof: 'email_change' } as const;

/** Why the act is refused in this state of the account; null where it is not. The rights of the caller are not looked at. */
export function refusalOf(act: PersonAct, facts: ActFacts): ActRefusal | null {
  const { user } = facts;
  const isInactive = user.status === 'inactive';
  const isLastAdmin = isActiveAdmin(user) && facts.activeAdmins <= 1;
  switch (act) {
    case 'resend':
      return resendRefusal(facts);
    case 'send-reset':
      if (isInactive) return 'wrong_status';
      if (user.email === null) return 'no_address';
      return facts.waitMs('reset') > 0 ? 'rate_limited' : null;
    case 'confirm':
      if (user.confirmedAt !== null) return 'already_confirmed';
      return isInactive || waitsForInvitation(user) ? 'wrong_status' : null;
    case 'end-sessions':
      return facts.sessions === 0 ? 'nothing_to_do' : null;
    case 'unlock':
      return facts.hasLocks ? null : 'nothing_to_do';
    case 'cancel':
      if (isInactive) return 'nothing_to_do';
      return isLastAdmin ? 'last_admin' : null;
    case 'reinstate':
      return isInactive ? null : 'wrong_status';
    case 'role':
      if (isLastAdmin) return 'last_admin';
      return user.role === 'parent' && proofFault(user) !== null ? 'email_unproved' : null;
    case 'clinical':
      return !user.isClinicalApproved && proofFault(user) !== null ? 'email_unproved' : null;
    case 'reveal':
      return facts.isMasked ? null : 'nothing_to_do';
    case 'delete':
      return isLastAdmin ? 'last_admin' : null;
    case 'rename':
    case 'edit':
    case 'export':
      return null;
  }
}

function resendRefusal({ user, waitMs }: ActFacts): ActRefusal | null {
  const kind = resendKindOf(user);
  if (kind === null) {
    if (user.status === 'inactive') return 'wrong_status';
    return (user.email ?? user.requestedEmail ?? user.phoneE164) === null ? 'no_address' : 'nothing_to_do';
  }
  const limit = limits[kind];
  return limit !== null && waitMs(limit) > 0 ? 'rate_limited' : null;
}

/** The action that the rulebook must allow. */
export function actionOf(act: PersonAct): Action {
  if (act === 'reveal') return 'console.people.read';
  if (act === 'export') return 'console.people.export';
  if (act === 'role' || act === 'clinical') return 'console.people.rights';
  return act === 'delete' ? 'console.erasures.manage' : 'console.people.manage';
}

/** They take data or an account away, or give rights (decision 0038). Another email or phone of `edit` is the operation's own matter. */
const dangerous: ReadonlySet<PersonAct> = new Set([
  ...(['export', 'delete', 'role', 'clinical', 'cancel', 'rename'] as const),
]);

/** Whether staff does the act only with a fresh second factor. */
export function needsFreshFactor(act: PersonAct): boolean {
  return dangerous.has(act);
}

/** Whether the principal may do each act now, and why not. */
export function actStatesOf(principal: Principal, facts: ActFacts): Readonly<Record<PersonAct, ActState>> {
  const states = allActs.map((act) => [act, stateOf(principal, act, facts)] as const);
  return Object.fromEntries(states) as Record<PersonAct, ActState>;
}

function stateOf(principal: Principal, act: PersonAct, facts: ActFacts): ActState {
  const why = may(principal, actionOf(act)) ? refusalOf(act, facts) : 'role';
  const sends = act === 'resend' ? resendKindOf(facts.user) : null;
  const limit = act === 'send-reset' ? 'reset' : sends === null ? null : limits[sends];
  return {
    isAllowed: why === null,
    why,
    waitMs: why === 'rate_limited' && limit !== null ? facts.waitMs(limit) : null,
    needsFreshFactor: needsFreshFactor(act),
    sends,
  };
}
