/**
 * Changing and cancelling an account, by its owner or by an admin. To whoever is neither, the account does not
 * exist. Owners prove the password again before they change email or password; a new phone number must be
 * confirmed anew; a new password ends the other sessions.
 */
import { readPassword } from '../access/password.ts';
import { may, type UserPrincipal } from '../access/principal.ts';
import { sessionFreshMs } from '../access/session.ts';
import { emailSubject } from '../access/subject.ts';
import type { Core } from '../core.ts';
import { type FieldFault, isRefusal, refuse, refuseFaults } from '../errors.ts';
import { post } from '../messaging/post.ts';
import { record } from '../record/audit-event.ts';
import { hourMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { sendCode } from '../verification/confirmation.ts';
import { isActiveAdmin, nextStatus, restoreEvent, type User, type UserChanges, userRoles } from './user.ts';
import {
  canonicalEmail,
  FieldReader,
  readBoolean,
  readChoice,
  readDateOfBirth,
  readEmail,
  readLanguage,
  readOptional,
  readPhone,
  readText,
} from './user-fields.ts';
import { applyChanges, type EchoCheck, keepAnAdmin } from './user-lifecycle.ts';
import type { UserRef } from './user-store.ts';

/**
 * A new number gets its code at once, so that a change right after sign-up is not refused; the limit of an hour
 * still holds, and the code counts for the next resend.
 */
const newPhoneQuotas = [{ limit: 5, windowMs: hourMs }] as const;

/** What to change; values are as they came, and what is absent stays. */
export interface ProfileInput {
  readonly ref: UserRef | null;
  readonly email?: unknown;
  readonly password?: unknown;
  readonly currentPassword?: unknown;
  readonly firstName?: unknown;
  readonly lastName?: unknown;
  readonly phone?: unknown;
  readonly dateOfBirth?: unknown;
  readonly language?: unknown;
  readonly role?: unknown;
  readonly isActive?: unknown;
  readonly isClinical?: unknown;
  readonly isTemplate?: unknown;
  readonly echoes: EchoCheck;
}

/**
 * Changes an account. Refuses with `forbidden` (somebody who is no admin changes what only an admin changes),
 * `invalid_fields`, `user_not_found`, `last_admin` and `rate_limited` (too many new phone numbers).
 */
export async function updateProfile(
  core: Core,
  principal: UserPrincipal,
  input: ProfileInput,
): Promise<User> {
  const { ref } = input;
  const isAdmin = may(principal, 'care.manage');
  const present = ref === null ? null : await core.work.read(principal.orgKey, (tx) => tx.users.find(ref));
  const target = present !== null && (isAdmin || present.id === principal.userId) ? present : null;
  if (target !== null && !isAdmin && changesAdminFields(target, input)) throw refuse('forbidden', {});

  const { values, password, faults } = readProfile(core, input, target);
  if (target === null) {
    refuseFaults(faults);
    throw refuse('user_not_found', {});
  }
  faults.push(...input.echoes(target));
  const { email } = values;
  const isNewEmail = email !== undefined && canonicalEmail(email) !== canonicalEmail(target.email ?? '');
  if (isNewEmail || input.password !== undefined) {
    faults.push(...(await proveOwner(core, principal, target, input.currentPassword)));
  }
  if (isNewEmail) {
    const holder = await core.work.read(principal.orgKey, (tx) =>
      tx.users.findByEmail(canonicalEmail(email)),
    );
    if (holder !== null) faults.push({ field: 'email', fault: 'taken' });
  }
  refuseFaults(faults);
  const passwordHash = password === undefined ? undefined : await core.hasher.hash(password);

  try {
    const updated = await core.work.change(principal.orgKey, async (tx) => {
      const user = await tx.users.lock({ id: target.id });
      if (user === null) throw refuse('user_not_found', {});
      const isSame = user.passwordHash === target.passwordHash && user.email === target.email;
      return isSame ? writeProfile(core, tx, principal, user, { ...values, passwordHash }) : null;
    });
    // What was proved and compared was of `target`: where another change came in between, all is decided anew.
    return updated ?? (await updateProfile(core, principal, input));
  } catch (error) {
    if (isRefusal(error, 'email_taken')) refuseFaults([{ field: 'email', fault: 'taken' }]);
    throw error;
  }
}

/**
 * Makes an account inactive and ends its sessions; a second time changes nothing. Refuses with `user_not_found`
 * and `last_admin`.
 */
export async function cancelUser(
  core: Core,
  principal: UserPrincipal,
  input: { readonly ref: UserRef | null },
): Promise<User> {
  const { ref } = input;
  return core.work.change(principal.orgKey, async (tx) => {
    const user = ref === null ? null : await tx.users.lock(ref);
    if (user === null || (user.id !== principal.userId && !may(principal, 'care.manage'))) {
      throw refuse('user_not_found', {});
    }
    return user.status === 'inactive' ? user : cancel(core, tx, principal, user);
  });
}

interface ProfileValues {
  readonly email: string | undefined;
  readonly firstName: string | undefined;
  readonly lastName: string | undefined;
  readonly phone: { phone: string; phoneE164: string } | null | undefined;
  readonly dateOfBirth: string | null | undefined;
  readonly language: string | undefined;
  readonly role: User['role'] | undefined;
  readonly isActive: boolean | undefined;
  readonly isClinical: boolean | undefined;
  readonly isTemplate: boolean | undefined;
}

function readProfile(
  core: Core,
  input: ProfileInput,
  target: User | null,
): { values: ProfileValues; password: string | undefined; faults: FieldFault[] } {
  const fields = new FieldReader();
  const take = <T>(
    name: keyof ProfileInput,
    reading: (value: unknown) => Parameters<typeof fields.take<T>>[1],
  ) => (input[name] === undefined ? undefined : fields.take(name, reading(input[name])));
  const email = take('email', readEmail);
  const knownEmail = email ?? target?.email ?? null;
  const password = take('password', (value) => readPassword(value, knownEmail, core.isCommonPassword));
  const values = {
    email,
    firstName: take('firstName', readText),
    lastName: take('lastName', readText),
    phone: take('phone', (value) => readOptional(value, readPhone)),
    dateOfBirth: take('dateOfBirth', (value) =>
      readOptional(value, (text) => readDateOfBirth(text, core.clock.now())),
    ),
    language: take('language', readLanguage),
    role: take('role', (value) => readChoice(value, userRoles)),
    isActive: take('isActive', readBoolean),
    isClinical: take('isClinical', readBoolean),
    isTemplate: take('isTemplate', readBoolean),
  };
  return { values, password, faults: [...fields.faults] };
}

/** Whether the input sets a field that only an admin changes to another value than it shows. */
function changesAdminFields(user: User, input: ProfileInput): boolean {
  const isOther = (value: unknown, shown: unknown): boolean => value !== undefined && value !== shown;
  return (
    isOther(input.role, user.role) ||
    isOther(input.isActive, user.status !== 'inactive') ||
    isOther(input.isClinical, user.isClinical) ||
    isOther(input.isTemplate, user.isTemplate)
  );
}

/** The faults of an owner who changes email or password without proof; an admin changing another needs none. */
async function proveOwner(
  core: Core,
  principal: UserPrincipal,
  target: User,
  currentPassword: unknown,
): Promise<readonly FieldFault[]> {
  if (principal.userId !== target.id) return [];
  if (core.clock.now() - principal.sessionStartedAt < sessionFreshMs) return [];
  if (currentPassword === undefined || currentPassword === null || currentPassword === '') {
    return [{ field: 'currentPassword', fault: 'blank' }];
  }
  const isRight =
    typeof currentPassword === 'string' && (await core.hasher.verify(currentPassword, target.passwordHash));
  return isRight ? [] : [{ field: 'currentPassword', fault: 'invalid' }];
}

async function writeProfile(
  core: Core,
  tx: Tx,
  principal: UserPrincipal,
  user: User,
  values: ProfileValues & { readonly passwordHash: string | undefined },
): Promise<User> {
  if (values.role !== undefined && values.role !== 'admin' && isActiveAdmin(user))
    await keepAnAdmin(tx, user);
  const isNewPhone = values.phone != null && values.phone.phoneE164 !== user.phoneE164;
  const changes: UserChanges = {
    ...definedOf({
      email: values.email,
      firstName: values.firstName,
      lastName: values.lastName,
      dateOfBirth: values.dateOfBirth,
      language: values.language,
      role: values.role,
      isTemplate: values.isTemplate,
      passwordHash: values.passwordHash,
    }),
    ...(values.phone === undefined ? {} : (values.phone ?? { phone: null, phoneE164: null })),
    ...(isNewPhone ? { confirmedAt: null } : {}),
    // Only an admin gets here with another value than the shown one, and an admin's word is the approval.
    ...(values.isClinical !== undefined && may(principal, 'care.manage')
      ? { isClinical: values.isClinical, isClinicalApproved: values.isClinical }
      : {}),
  };
  let after = await applyChanges(core, tx, principal, user, changes, 'user.updated');
  if (isNewPhone) await sendCode(core, tx, after, newPhoneQuotas);
  await settleEmail(core, tx, user, after);
  if (values.passwordHash !== undefined) {
    await tx.sessions.endAll(user.id, principal.sessionId);
    await tx.passwordTokens.drop(user.id, 'reset');
  }
  if (values.isActive === true && after.status === 'inactive') {
    const status = nextStatus(after.status, restoreEvent(after));
    after = await applyChanges(core, tx, principal, after, { status }, 'user.restored');
  } else if (values.isActive === false && after.status !== 'inactive') {
    after = await cancel(core, tx, principal, after);
  }
  return after;
}

/** After a change of address: the old one is told, its open reset links die, and its wrong tries are forgotten. */
async function settleEmail(core: Core, tx: Tx, before: User, after: User): Promise<void> {
  const { email } = before;
  if (email === null || canonicalEmail(email) === canonicalEmail(after.email ?? '')) return;
  await tx.passwordTokens.drop(before.id, 'reset');
  await tx.throttles.clearFailures(emailSubject(core.secrets, tx.orgKey, email));
  await post(core, tx, after, { template: 'email_changed', channel: 'email', to: email });
}

/** A step: the user is inactive and has no session, code or reset link any more. */
async function cancel(core: Core, tx: Tx, principal: UserPrincipal, user: User): Promise<User> {
  await keepAnAdmin(tx, user);
  const now = core.clock.now();
  const status = nextStatus(user.status, 'cancel');
  const cancelled = await tx.users.update(user, { status, updatedAt: now });
  await tx.sessions.endAll(user.id);
  await tx.codes.drop(user.id);
  await tx.passwordTokens.drop(user.id, 'reset');
  await record(tx, principal, 'user.cancelled', { kind: 'user', id: user.id }, now);
  return cancelled;
}

/** The entries that are not undefined. */
function definedOf<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const [name, value] of Object.entries(entries)) {
    if (value !== undefined) Object.assign(defined, { [name]: value });
  }
  return defined;
}
