/**
 * What staff and the operator do to the account of a person: one operation for every act, for every door. Cancelling,
 * reinstating, roles and names are those of `profile.ts`; the others are here. Each is recorded with its actor.
 */
import type { Arrival } from '../access/arrival.ts';
import { authorize, may, type Principal } from '../access/principal.ts';
import { emailSubject, subjectsOf } from '../access/subject.ts';
import { refuseWait } from '../access/throttle.ts';
import { endOpenPages } from '../connect-page/end-pages.ts';
import type { Core } from '../core.ts';
import { approveClinical } from '../directory/clinical-approval.ts';
import { cancelUser, updateProfile } from '../directory/profile.ts';
import type { ProfileChange } from '../directory/profile-fields.ts';
import { nextStatus, type User, userRoles } from '../directory/user.ts';
import { changeUser } from '../directory/user-change.ts';
import {
  FieldReader,
  readBoolean,
  readChoice,
  readExternalId,
  readOptional,
} from '../directory/user-fields.ts';
import { noEchoes } from '../directory/user-lifecycle.ts';
import type { UserRef } from '../directory/user-store.ts';
import { type FieldFault, refuse, refuseFaults } from '../errors.ts';
import type { Channel } from '../messaging/message.ts';
import { record } from '../record/audit-event.ts';
import { requireFreshFactor } from '../staff/authenticate-staff.ts';
import type { Tx } from '../unit-of-work.ts';
import { sendCodeAgain } from '../verification/confirmation.ts';
import { hitChangeMail } from '../verification/email-change.ts';
import { sendEmailProof } from '../verification/email-proof.ts';
import { inviteAgain, waitsForInvitation } from '../verification/invitation.ts';
import { resetMailQuotas, sendPasswordToken } from '../verification/password-reset.ts';
import { sendRequestLink } from '../verification/requested-email.ts';
import {
  actionOf,
  canResend,
  type DoneAct,
  needsFreshFactor,
  type ResendKind,
  resendKindOf,
  resendKinds,
} from './person-act.ts';

/** The values of an act as they came: `what` of `resend`, `role`, `isApproved` of `clinical`, `externalId` of `rename`. */
export interface ActValues {
  readonly what?: unknown;
  readonly role?: unknown;
  readonly isApproved?: unknown;
  readonly externalId?: unknown;
}

export interface ActOutcome {
  readonly user: User;
  /** False where the account was in that state already. */
  readonly isChanged: boolean;
  /** What went to which channel. */
  readonly sent: { readonly what: ResendKind | 'reset'; readonly channel: Channel } | null;
  readonly sessionsEnded: number | null;
  /** How many counts and locks were forgotten. */
  readonly locksEnded: number | null;
}

export interface ActInput {
  readonly ref: UserRef | null;
  readonly act: DoneAct;
  readonly values: ActValues;
  readonly arrival: Arrival;
}

/**
 * Does the act. Refuses with `forbidden`, `fresh_factor_required`, `not_found` (user), `wrong_state`, `already_confirmed`, `last_admin`, `rate_limited`,
 * `external_id_taken` and `invalid_fields`.
 */
export async function actOnPerson(core: Core, principal: Principal, input: ActInput): Promise<ActOutcome> {
  const { act, values, ref } = input;
  authorize(principal, actionOf(act));
  if (needsFreshFactor(act)) requireFreshFactor(core, principal);
  refuseFaults(valueFaults(values));
  switch (act) {
    case 'resend':
      return change(core, principal, ref, (tx, user) => resend(core, tx, principal, user, values.what));
    case 'send-reset':
      return change(core, principal, ref, (tx, user) => sendReset(core, tx, principal, user));
    case 'confirm':
      return change(core, principal, ref, (tx, user) => confirm(core, tx, principal, user));
    case 'end-sessions':
      return change(core, principal, ref, (tx, user) => endSessions(core, tx, principal, user));
    case 'unlock':
      return change(core, principal, ref, (tx, user) => unlock(core, tx, principal, user));
    case 'cancel':
      return compare(core, principal, ref, () => cancelUser(core, principal, { ref }));
    case 'clinical':
      if (values.isApproved === true) {
        return compare(core, principal, ref, () => approveClinical(core, principal, { ref }));
      }
      if (values.isApproved == null) throw refuse('invalid_fields', { faults: [unsaid('isApproved')] });
      return compare(core, principal, ref, () => edit({ isClinical: false }));
    case 'role':
      if (values.role == null) throw refuse('invalid_fields', { faults: [unsaid('role')] });
      return compare(core, principal, ref, () => edit({ role: values.role }));
    case 'rename':
      if (values.externalId === undefined) throw refuse('invalid_fields', { faults: [unsaid('externalId')] });
      return compare(core, principal, ref, () => edit({ externalId: values.externalId }));
    case 'reinstate':
      return compare(core, principal, ref, () => edit({ isActive: true }));
  }

  function edit(changes: ProfileChange): Promise<User> {
    return editPerson(core, principal, { ref, change: changes, arrival: input.arrival });
  }
}

/** The faults of the values that were said, whatever the act reads of them. */
function valueFaults({ what, role, isApproved, externalId }: ActValues): readonly FieldFault[] {
  const fields = new FieldReader();
  fields.take(
    'what',
    readOptional(what, (value) => readChoice(value, resendKinds)),
  );
  fields.take(
    'role',
    readOptional(role, (value) => readChoice(value, userRoles)),
  );
  fields.take('isApproved', readOptional(isApproved, readBoolean));
  // An external id from before the rule of texts is a fault only where it changes.
  if (typeof externalId !== 'string') fields.take('externalId', readOptional(externalId, readExternalId));
  return fields.faults;
}

const unsaid = (field: string) => ({ field, fault: 'blank' }) as const;

/**
 * Changes fields of a person, with the rules of the APIs; the password is not among them. Refuses as `updateProfile`, with
 * `fresh_factor_required` for another email or phone, with `external_id_taken`, and with `forbidden` where who may give no rights sets the email of a person who has some: a link to
 * that email would take them over. A person with a proved address becomes no template user (`invalid_fields`), because then no
 * notice of a later change would reach them.
 */
export async function editPerson(
  core: Core,
  principal: Principal,
  input: {
    readonly ref: UserRef | null;
    readonly change: Omit<ProfileChange, 'password' | 'passwordConfirmation'>;
    readonly arrival: Arrival;
  },
): Promise<User> {
  authorize(principal, actionOf('edit'));
  const { ref, change } = input;
  if (change.email !== undefined || change.phone !== undefined) requireFreshFactor(core, principal);
  const setsEmail = change.email !== undefined && !may(principal, 'console.people.rights');
  if (ref !== null && (setsEmail || change.isTemplate === true)) {
    const present = await core.work.read(principal.orgKey, (tx) => tx.users.find(ref));
    if (present !== null && setsEmail && hasRights(present)) throw refuse('forbidden', {});
    const isSilenced = change.isTemplate === true && present !== null && isTold(present);
    refuseFaults(isSilenced ? [{ field: 'isTemplate', fault: 'read_only' }] : []);
  }
  const { user } = await updateProfile(core, principal, {
    ...input,
    currentPassword: undefined,
    echoes: noEchoes,
  });
  return user;
}

/** Whether notices of changes go to an address of the person. */
function isTold({ isTemplate, emailProvedAt, phoneProvedAt }: User): boolean {
  return !isTemplate && (emailProvedAt !== null || phoneProvedAt !== null);
}

function hasRights({ role, isClinicalApproved }: User): boolean {
  return role !== 'parent' || isClinicalApproved;
}

const nothing = { isChanged: true, sent: null, sessionsEnded: null, locksEnded: null } as const;

type Done = Partial<Omit<ActOutcome, 'user'>> & { readonly user?: User };

/** One transaction over the locked user. */
function change(
  core: Core,
  principal: Principal,
  ref: UserRef | null,
  work: (tx: Tx, user: User) => Promise<Done>,
): Promise<ActOutcome> {
  return core.work.change(principal.orgKey, async (tx) => {
    const user = ref === null ? null : await tx.users.lock(ref);
    if (user === null) throw refuse('not_found', { noun: 'user' });
    return { user, ...nothing, ...(await work(tx, user)) };
  });
}

/** An operation that returns the user, changed or not. */
async function compare(
  core: Core,
  { orgKey }: Principal,
  ref: UserRef | null,
  work: () => Promise<User>,
): Promise<ActOutcome> {
  const before = ref === null ? null : await core.work.read(orgKey, (tx) => tx.users.find(ref));
  if (before === null) throw refuse('not_found', { noun: 'user' });
  const user = await work();
  const isChanged = compared.some((name) => before[name] !== user[name]);
  return { ...nothing, user, isChanged };
}

const compared = ['status', 'role', 'isClinical', 'isClinicalApproved', 'externalId'] as const;

function readKind(user: User, what: unknown): ResendKind {
  const first = resendKindOf(user);
  const said = what ?? first;
  if (said === 'invitation' || said === 'confirmation' || said === 'proof') {
    if (canResend(user, said)) return said;
    if (user.status === 'inactive') throw refuse('wrong_state', { from: user.status, to: 'pending' });
    throw refuse('already_confirmed', {});
  }
  if (said !== null) throw refuse('invalid_fields', { faults: [{ field: 'what', fault: 'invalid' }] });
  if (user.status === 'inactive') throw refuse('wrong_state', { from: user.status, to: 'pending' });
  const isReachable = (user.email ?? user.requestedEmail ?? user.phoneE164) !== null;
  throw isReachable ? refuse('already_confirmed', {}) : noAddress();
}

function noAddress() {
  return refuse('invalid_fields', { faults: [unsaid('email')] });
}

/** A step: sends again what the person waits for, within the limits of what the person may ask for. */
async function resend(core: Core, tx: Tx, principal: Principal, user: User, what: unknown): Promise<Done> {
  const kind = readKind(user, what);
  if (kind === 'confirmation') {
    const way = await sendCodeAgain(core, tx, principal, user);
    if (way === null) throw noAddress();
    refuseWait(way.waitMs);
    return { sent: { what: kind, channel: way.channel } };
  }
  if (kind === 'invitation') await inviteAgain(core, tx, principal, user);
  else await sendProof(core, tx, principal, user);
  return { sent: { what: kind, channel: 'email' } };
}

async function sendProof(core: Core, tx: Tx, principal: Principal, user: User): Promise<void> {
  const now = core.clock.now();
  refuseWait(await hitChangeMail(core, tx, user, now));
  const { email, requestedEmail } = user;
  const spent =
    email !== null
      ? await sendEmailProof(core, tx, user, email)
      : await sendRequestLink(core, tx, user, requestedEmail ?? '');
  if (spent !== null) refuseWait(spent.waitMs);
  await record(tx, principal, 'user.proof_sent', { kind: 'user', id: user.id }, now);
}

/** A step: sends a link to set a password. It counts as one that the person asks for. */
async function sendReset(core: Core, tx: Tx, principal: Principal, user: User): Promise<Done> {
  const { email, status } = user;
  if (status === 'inactive') throw refuse('wrong_state', { from: status, to: 'active' });
  if (email === null) throw noAddress();
  const now = core.clock.now();
  const subject = emailSubject(core.secrets, tx.orgKey, email);
  refuseWait(await tx.throttles.hit('reset', subject, resetMailQuotas, now));
  const spent = await sendPasswordToken(core, tx, user, { purpose: 'reset', to: email });
  if (spent !== null) refuseWait(spent.waitMs);
  await record(tx, principal, 'password.reset_requested', { kind: 'user', id: user.id }, now);
  return { sent: { what: 'reset', channel: 'email' } };
}

/**
 * A step: the principal vouches for the person in place of a code, and a pending user becomes active. It proves no address.
 * Who was invited accepts the invitation instead, because that sets the password.
 */
async function confirm(core: Core, tx: Tx, principal: Principal, user: User): Promise<Done> {
  if (user.confirmedAt !== null) throw refuse('already_confirmed', {});
  if (user.status === 'inactive' || waitsForInvitation(user)) {
    throw refuse('wrong_state', { from: user.status, to: 'active' });
  }
  const now = core.clock.now();
  const activation =
    user.status === 'pending' ? { status: nextStatus(user.status, 'activate'), wasActive: true } : {};
  const after = await changeUser(core, tx, user, { confirmedAt: now, updatedAt: now, ...activation });
  await tx.codes.drop(user.id);
  await record(tx, principal, 'user.confirmed', { kind: 'user', id: user.id }, now);
  return { user: after };
}

/** A step: ends every session and every open Connect page. A change of email that a stranger may have asked for ends too. */
async function endSessions(core: Core, tx: Tx, principal: Principal, user: User): Promise<Done> {
  const now = core.clock.now();
  const sessionsEnded = await tx.sessions.endAll(user.id);
  await endOpenPages(tx, user.id, now);
  await tx.emailTokens.dropChange(user.id);
  if (sessionsEnded > 0) await record(tx, principal, 'session.ended', { kind: 'user', id: user.id }, now);
  return { sessionsEnded, isChanged: sessionsEnded > 0 };
}

/**
 * A step: forgets the wrong passwords of the account, a code that wrong tries have voided, and how many codes and links were
 * sent. The budgets of messages to an address stay: all organizations share them.
 */
async function unlock(core: Core, tx: Tx, principal: Principal, user: User): Promise<Done> {
  const now = core.clock.now();
  const code = await tx.codes.find(user.id);
  const isVoid = code !== null && code.triesLeft <= 0;
  if (isVoid) await tx.codes.drop(user.id);
  const counts = await tx.throttles.clear(subjectsOf(core.secrets, user));
  const locksEnded = counts + (isVoid ? 1 : 0);
  if (locksEnded > 0) await record(tx, principal, 'user.unlocked', { kind: 'user', id: user.id }, now);
  return { locksEnded, isChanged: locksEnded > 0 };
}
