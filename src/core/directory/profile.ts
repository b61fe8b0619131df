/**
 * Reading, changing and cancelling an account, by its owner, an admin or the operator. For other users the account does not
 * exist. An owner gives the password again to change email or password; a new phone number must be confirmed again;
 * a new password ends the other sessions.
 */
import type { Arrival } from '../access/arrival.ts';
import { checkProof, noProof, readProof } from '../access/owner-proof.ts';
import { isCommonInput } from '../access/password.ts';
import { PasswordChange } from '../access/password-change.ts';
import { inProgress } from '../access/password-changes.ts';
import { may, ownAccountOf, type Principal, type UserPrincipal } from '../access/principal.ts';
import { endOpenPages } from '../connect-page/end-pages.ts';
import type { Core } from '../core.ts';
import { type FieldFault, isRefusal, refuse, refuseFaults } from '../errors.ts';
import { record } from '../record/audit-event.ts';
import { countOwnChange } from '../record/own-acts.ts';
import { recordRead } from '../record/reads.ts';
import { hourMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { replaceCode } from '../verification/confirmation.ts';
import { hitChangeMail, requestEmailChange } from '../verification/email-change.ts';
import { sendEmailProof } from '../verification/email-proof.ts';
import {
  emailRequestOf,
  requestsEmail,
  sendRequestLink,
  spendEmailRequest,
  withoutEmailRequest,
} from '../verification/requested-email.ts';
import {
  needsAdmin,
  type ProfileChange,
  type ProfileValues,
  readProfile,
  withoutEchoes,
  withoutUnsaid,
} from './profile-fields.ts';
import { emailFor, isHigherRole, isSameEmail, proofFault, withEndedProofs } from './proof.ts';
import { nextStatus, restoreEvent, type User, type UserChanges } from './user.ts';
import { changeUser } from './user-change.ts';
import { applyChanges, type EchoCheck, keepAnAdmin } from './user-lifecycle.ts';
import type { UserRef } from './user-store.ts';
import type { UserView } from './user-view.ts';

/**
 * A new number gets its code immediately, so that a change right after sign-up is not refused. The limit for an hour
 * still holds, and this code counts for the next resend.
 */
const newPhoneQuotas = [{ limit: 5, windowMs: hourMs }] as const;

/** The account, its change, and the proof that the owner asks for the change. */
export interface ProfileInput {
  readonly ref: UserRef | null;
  readonly change: ProfileChange;
  /** As it came. */
  readonly currentPassword: unknown;
  readonly echoes: EchoCheck;
  readonly arrival: Arrival;
}

export interface UpdatedProfile {
  readonly user: User;
  /** Whether another email waits for the link that proves it. */
  readonly isEmailPending: boolean;
}

/** One account, as its owner, admins and approved clinicians see it. Refuses with `not_found` (user). */
export async function getProfile<K extends keyof User>(
  core: Core,
  principal: UserPrincipal,
  input: { readonly ref: UserRef | null; readonly view: UserView<K | 'id'> },
): Promise<Pick<User, K | 'id'>> {
  const { ref, view } = input;
  const isTheirs = ref !== null && (isOwn(principal, ref) || may(principal, 'care.read'));
  const user = isTheirs ? await core.work.read(principal.orgKey, (tx) => tx.users.find(ref, view)) : null;
  if (user === null) throw refuse('not_found', { noun: 'user' });
  await recordRead(core, principal, user.id);
  return user;
}

function isOwn({ user }: UserPrincipal, ref: UserRef): boolean {
  return 'id' in ref ? ref.id === user.id : ref.number === user.number;
}

/** How often a change is decided before it is refused, because other changes of the account come in between. */
const attemptsMax = 3;

/**
 * Changes an account. Refuses with `forbidden` (a user who is not an admin sets a field that only an admin sets),
 * `invalid_fields` (among them a higher role for a user whose email was never proved), `not_found` (user), `last_admin`, `rate_limited` (too many new phone numbers or emails), `unauthorized`
 * (the session ended while its owner set a password or an address), and `change_in_progress` (another request changes the
 * password, or each time another change of email or password came in between). Every rule is checked before
 * a password is hashed. An owner's new email waits for the link that proves it where the present one is
 * proved; the other fields change at once.
 */
export async function updateProfile(
  core: Core,
  principal: Principal,
  input: ProfileInput,
): Promise<UpdatedProfile> {
  const said = { ...input, change: withoutUnsaid(input.change) };
  const passwordChange = new PasswordChange(core, principal.orgKey, input.arrival);
  const attempt: Attempt = { passwordChange, provedHash: null };
  let updated: UpdatedProfile | null = null;
  try {
    for (let attempts = 0; attempts < attemptsMax && updated === null; attempts++) {
      updated = await tryToUpdate(core, principal, said, attempt);
    }
  } finally {
    await passwordChange.end({ isReleased: updated !== null });
  }
  if (updated === null) throw inProgress();
  return updated;
}

/** What is kept between the attempts of one change, so that no password is hashed again. */
interface Attempt {
  readonly passwordChange: PasswordChange;
  /** The hash that the present password was found to belong to. */
  provedHash: string | null;
}

/** What a change of email or password was decided upon. */
const decisive = ['passwordHash', 'email', 'emailProvedAt', 'requestedEmail'] as const;

/**
 * Null where another change of email or password came in between. The proof of the owner and the comparisons hold
 * for the account as it was before, so the whole change must be decided again.
 */
async function tryToUpdate(
  core: Core,
  principal: Principal,
  input: ProfileInput,
  attempt: Attempt,
): Promise<UpdatedProfile | null> {
  const { ref } = input;
  const isAdmin = may(principal, 'care.manage');
  const present = ref === null ? null : await core.work.read(principal.orgKey, (tx) => tx.users.find(ref));
  const isOwnAccount = present !== null && present.id === ownAccountOf(principal);
  const target = isAdmin || isOwnAccount ? present : null;
  const shownEmail = target === null ? null : emailFor({ userId: ownAccountOf(principal) }, target);
  const context = {
    email: shownEmail,
    now: core.clock.now(),
    takesUnicode: core.takesUnicodeAddresses(),
    isCommonPassword: await isCommonInput(input.change.password, core.isCommonPassword),
  };
  if (target === null) {
    refuseFaults(readProfile(input.change, context).faults);
    throw refuse('not_found', { noun: 'user' });
  }
  const change = withoutEchoes(input.change, target, shownEmail);
  if (!isAdmin && needsAdmin(change)) throw refuse('forbidden', {});
  const { values, faults } = readProfile(change, context);
  faults.push(...input.echoes(target));
  const { email, password } = values;
  const isNewEmail = email !== undefined && !isSameEmail(email, shownEmail);
  const isRequest = isNewEmail && requestsEmail(core, principal, target);
  // An owner replaces a proved email only by a proved one.
  const isPending = isNewEmail && isOwnAccount && target.emailProvedAt !== null;
  const applied = isPending ? { ...values, email: undefined } : values;
  // The fields were read with the new email, and the present one stays for now.
  if (isPending && password !== undefined && isSameEmail(password, target.email)) {
    faults.push({ field: 'password', fault: 'same_as_email' });
  }
  faults.push(...rightsFaults(target, applied));
  const { currentPassword } = input;
  const isNeeded = isNewEmail || change.password !== undefined;
  const proof =
    principal.kind === 'user' ? readProof(core, principal, { target, currentPassword, isNeeded }) : noProof;
  faults.push(...proof.faults);
  if (isNewEmail && !isRequest && !isPending) {
    const holder = await core.work.read(principal.orgKey, (tx) => tx.users.findByEmail(email));
    if (holder !== null) faults.push({ field: 'email', fault: 'taken' });
  }
  refuseFaults(faults);
  const { passwordChange } = attempt;
  if (password !== undefined) {
    await passwordChange.begin(target.id, (_, user) => {
      // Another process has changed it since it was read here.
      if (user.passwordHash !== target.passwordHash) throw inProgress();
    });
  }
  if (
    principal.kind === 'user' &&
    proof.typed !== null &&
    (attempt.provedHash === null || attempt.provedHash !== target.passwordHash)
  ) {
    const isRepeat = attempt.provedHash !== null;
    const { arrival } = input;
    await checkProof(core, principal, { target, typed: proof.typed, isRepeat, arrival });
    attempt.provedHash = target.passwordHash;
  }
  const passwordHash = password === undefined ? undefined : await passwordChange.hash(password);

  try {
    return await core.work.change(principal.orgKey, async (tx) => {
      const user = await tx.users.lock({ id: target.id });
      if (user === null) throw refuse('not_found', { noun: 'user' });
      const isSame = decisive.every((name) => user[name] === target[name]);
      if (!isSame) return null;
      if (isNewEmail || passwordHash !== undefined) await keepSession(tx, principal, user);
      const pendingEmail = isPending ? email : undefined;
      const changes = { ...applied, passwordHash, isRequest, pendingEmail };
      const after = await writeProfile(core, tx, principal, user, changes);
      await passwordChange.release(tx);
      return { user: after, isEmailPending: isPending };
    });
  } catch (error) {
    if (isRefusal(error, 'email_taken')) refuseFaults([{ field: 'email', fault: 'taken' }]);
    throw error;
  }
}

/**
 * Makes an account inactive and ends its sessions; a second time changes nothing. Refuses with `not_found` (user)
 * and `last_admin`.
 */
export async function cancelUser(
  core: Core,
  principal: Principal,
  input: { readonly ref: UserRef | null },
): Promise<User> {
  const { ref } = input;
  return core.work.change(principal.orgKey, async (tx) => {
    const user = ref === null ? null : await tx.users.lock(ref);
    if (user === null || (user.id !== ownAccountOf(principal) && !may(principal, 'care.manage'))) {
      throw refuse('not_found', { noun: 'user' });
    }
    return user.status === 'inactive' ? user : cancel(core, tx, principal, user);
  });
}

/**
 * A step: refuses with `unauthorized` where the session of the owner has ended since the request came in, because the
 * change that ended the session, such as a new password, was meant to lock it out.
 */
async function keepSession(tx: Tx, principal: Principal, user: User): Promise<void> {
  if (principal.kind !== 'user' || principal.userId !== user.id) return;
  const sessions = await tx.sessions.listOf(user.id);
  if (!sessions.some(({ id }) => id === principal.sessionId)) throw refuse('unauthorized', {});
}

/** Whether a field is said; echoes of the present values were left out before. */
function changesAny({ isRequest: _, ...said }: object & { readonly isRequest: boolean }): boolean {
  return Object.values(said).some((value) => value !== undefined);
}

async function writeProfile(
  core: Core,
  tx: Tx,
  principal: Principal,
  user: User,
  values: ProfileValues & {
    readonly passwordHash: string | undefined;
    readonly isRequest: boolean;
    readonly pendingEmail: string | undefined;
  },
): Promise<User> {
  refuseFaults(rightsFaults(user, values));
  if (changesAny(values)) await countOwnChange(core, tx, principal);
  if (values.isRequest) await spendEmailRequest(core, tx, user);
  if (values.role !== undefined && values.role !== 'admin') await keepAnAdmin(tx, user);
  const { password: _, email, isRequest, pendingEmail, phone, isActive, isClinical, ...plain } = values;
  const isOwnAccount = user.id === ownAccountOf(principal);
  const isNewPhone = phone != null && phone.phoneE164 !== user.phoneE164;
  const changes: UserChanges = {
    ...definedOf(plain),
    ...emailChanges(core, principal, user, { email, isRequest }),
    ...(phone === undefined ? {} : (phone ?? { phone: null, phoneE164: null })),
    ...(isNewPhone ? { confirmedAt: null } : {}),
    // The wish of a user whom an admin no longer wants to be clinical ends together with the approval.
    ...(isClinical === undefined ? {} : { isClinical, ...(isClinical ? {} : { isClinicalApproved: false }) }),
    // What an admin sets is no claimed email of the user.
    ...(values.email !== undefined && !isOwnAccount ? { isSelfRegistered: false } : {}),
  };
  let after = await applyChanges(core, tx, principal, user, changes, null);
  // A cancelled account gets no message; its owner asks for a code after the account is restored.
  const isBack = isActive ?? user.status !== 'inactive';
  if (isNewPhone && isBack) await replaceCode(core, tx, after, newPhoneQuotas);
  if (isRequest && email !== undefined) {
    await tx.emailTokens.drop(user.id);
    await sendRequestLink(core, tx, after, email);
  } else if (pendingEmail !== undefined) {
    await requestEmailChange(core, tx, principal, after, pendingEmail);
  } else if (isOwnAccount && !isSameEmail(after.email, user.email)) {
    await sendNewEmailProof(core, tx, after);
  }
  if (plain.passwordHash !== undefined) {
    await tx.sessions.endAll(user.id, principal.kind === 'user' ? principal.sessionId : undefined);
    await tx.passwordTokens.drop(user.id, 'reset');
  }
  if (isActive === true && after.status === 'inactive') {
    const status = nextStatus(after.status, restoreEvent(after));
    after = await applyChanges(core, tx, principal, after, { status }, 'user.restored');
  } else if (isActive === false && after.status !== 'inactive') {
    after = await cancel(core, tx, principal, after);
  }
  return after;
}

/** What a new email changes: a requested one stays so in another spelling, and ends where an admin sets the email. */
function emailChanges(
  core: Core,
  principal: Principal,
  user: User,
  { email, isRequest }: { readonly email: string | undefined; readonly isRequest: boolean },
): UserChanges {
  if (email === undefined) return {};
  if (isRequest) return emailRequestOf(email, core.clock.now());
  const isSpelling =
    user.email === null && isSameEmail(email, emailFor({ userId: ownAccountOf(principal) }, user));
  return isSpelling ? { requestedEmail: email } : { email, ...withoutEmailRequest(user) };
}

/** A step: sends a link that proves an email which has replaced an unproved one, unless too many messages were sent. */
async function sendNewEmailProof(core: Core, tx: Tx, user: User): Promise<void> {
  if (user.email === null) return;
  const wait = await hitChangeMail(core, tx, user, core.clock.now());
  if (wait === null) await sendEmailProof(core, tx, user, user.email);
}

/** A step: the user is inactive and has no session, no code and no link but an invitation any more. */
async function cancel(core: Core, tx: Tx, principal: Principal, user: User): Promise<User> {
  await keepAnAdmin(tx, user);
  const now = core.clock.now();
  const status = nextStatus(user.status, 'cancel');
  const cancelled = await changeUser(core, tx, user, { status, updatedAt: now });
  await tx.sessions.endAll(user.id);
  await endOpenPages(tx, user.id, now);
  await tx.codes.drop(user.id);
  await tx.emailTokens.drop(user.id);
  await tx.passwordTokens.drop(user.id, 'reset');
  await record(tx, principal, 'user.cancelled', { kind: 'user', id: user.id }, now);
  return cancelled;
}

/** Rights are for users whose email, as it is after the change, is proved. Fewer rights need no proof. */
function rightsFaults(user: User, { role, email }: ProfileValues): readonly FieldFault[] {
  if (role === undefined || !isHigherRole(role, user.role)) return [];
  const after = { ...user, ...withEndedProofs(user, email === undefined ? {} : { email }) };
  const fault = proofFault(after);
  return fault === null ? [] : [fault];
}

/** The entries that are not undefined. */
function definedOf<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const [name, value] of Object.entries(entries)) {
    if (value !== undefined) Object.assign(defined, { [name]: value });
  }
  return defined;
}
