/**
 * The only step that changes a user: no other code of the core calls `users.update`. So no door can forget what follows
 * from a new address or a new password: the codes and links that went to a former address end, a change of the email that
 * waits for its link ends, and the person is told at every address that was proved before the change, with what to do.
 * The end of a proof is the store's part (`withEndedProofs`).
 */
import { emailSubject, userSubject } from '../access/subject.ts';
import type { Quota } from '../access/throttle.ts';
import type { Core } from '../core.ts';
import { notify } from '../messaging/notify.ts';
import { queueMessage } from '../messaging/queue-message.ts';
import { hourMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { codeAddressOf } from '../verification/confirmation-code.ts';
import { canonicalEmail } from './email-address.ts';
import { isSameEmail } from './proof.ts';
import type { User, UserChanges } from './user.ts';

/** A new password can follow the other in seconds. The first ones of an hour are told. */
const passwordNoticeQuotas: readonly Quota[] = [{ limit: 5, windowMs: hourMs }];

export interface UserChangeOptions {
  /** The token of a link that undoes the change of email; the former address gets it. */
  readonly undoToken?: string;
  /** Whether a new hash is of the same password. */
  readonly isSamePassword?: true;
}

/** A step: changes a user, whom the caller has locked, and does what follows from it. Refuses as `UserStore.update`. */
export async function changeUser(
  core: Core,
  tx: Tx,
  before: User,
  changes: UserChanges,
  options: UserChangeOptions = {},
): Promise<User> {
  const after = await tx.users.update(before, changes);
  // A code proves the address to which it was sent. This address is no longer the one to be confirmed.
  const [codesGo, codesWent] = [after, before].map((each) => canonicalEmail(codeAddressOf(each) ?? ''));
  if (codesGo !== codesWent) await tx.codes.drop(before.id);
  // The person as known until now, in the language that is set now. A change that makes a template user of them is told for real.
  const told: User = { ...before, language: after.language };
  if (!isSameEmail(shownEmail(before), shownEmail(after))) await settleEmail(core, tx, told, after, options);
  if (before.phoneE164 !== after.phoneE164) await notify(core, tx, told, 'phone_changed');
  const isNewPassword = after.passwordHash !== null && after.passwordHash !== before.passwordHash;
  if (isNewPassword && options.isSamePassword !== true) await settlePassword(core, tx, told);
  return after;
}

/** The email that the user sees of the own account. */
function shownEmail({ email, requestedEmail }: User): string | null {
  return email ?? requestedEmail;
}

/** After a change of email: voids the links that went to the former one, clears its failed sign-ins, and tells of it. */
async function settleEmail(
  core: Core,
  tx: Tx,
  before: User,
  after: User,
  { undoToken }: UserChangeOptions,
): Promise<void> {
  const { email } = before;
  if (email !== null) {
    await tx.passwordTokens.drop(before.id);
    await tx.emailTokens.drop(before.id);
    await tx.throttles.clearFailures(emailSubject(core.secrets, tx.orgKey, email));
  }
  // A claimed email that an invitation takes was never the person's.
  if (shownEmail(after) === null) return;
  // A former email is told also where it was never proved: it may have been the only address of the person.
  if (email !== null) {
    const notice = undoToken === undefined ? 'email_changed' : 'email_undo';
    const token = undoToken === undefined ? {} : { token: undoToken };
    await queueMessage(core, tx, before, { template: notice, channel: 'email', to: email, ...token });
  }
  await notify(core, tx, { ...before, email: null }, 'email_changed');
}

/**
 * After a new password: a change of the email that waits for its link ends, because the person who asked for it may have
 * known only the former password.
 */
async function settlePassword(core: Core, tx: Tx, before: User): Promise<void> {
  await tx.emailTokens.dropChange(before.id);
  if (before.emailProvedAt === null && before.phoneProvedAt === null) return;
  const subject = userSubject(core.secrets, tx.orgKey, before.id);
  const wait = await tx.throttles.hit('password_notice', subject, passwordNoticeQuotas, core.clock.now());
  if (wait === null) await notify(core, tx, before, 'password_changed');
}
