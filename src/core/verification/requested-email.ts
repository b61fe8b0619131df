/**
 * The address that a user requests, where the deployment tells no accounts. A sign-up stores every address as a request,
 * whether or not another user has it, so the work and the answer are the same. Only the user sees the request. The person
 * who reads the mails of the address decides by the link in them: the address then belongs to the user who requests it,
 * unless its holder has proved it or was given it by staff. A holder gets a notice instead.
 */

import type { Principal } from '../access/principal.ts';
import { ownAccountOf } from '../access/principal.ts';
import { userSubject } from '../access/subject.ts';
import { refuseWait } from '../access/throttle.ts';
import type { Core } from '../core.ts';
import { hasClaimedEmail } from '../directory/proof.ts';
import type { User, UserChanges } from '../directory/user.ts';
import { isRefusal } from '../errors.ts';
import type { SpentBudget } from '../messaging/message-budget.ts';
import { queueMessage } from '../messaging/queue-message.ts';
import { dayMs, hourMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { releaseClaimedEmail } from './claimed-email.ts';
import { issueEmailLink } from './email-link.ts';

/** How long a request stays without a proof; its link is valid for the same time. */
export const emailRequestLifeMs = 7 * dayMs;

/** How many addresses a user may request after the sign-up. Each gets a mail. */
export const newRequestQuotas = [{ limit: 5, windowMs: hourMs }] as const;

const none = { requestedEmail: null, emailRequestedAt: null } as const;

/**
 * Whether a change of the own email is a request: of a user without rights, who has proved no email. Staff learn at once
 * that an address is taken.
 */
export function requestsEmail(core: Core, principal: Principal, user: User): boolean {
  const isOwn = ownAccountOf(principal) === user.id;
  const hasRights = user.role !== 'parent' || user.isClinicalApproved;
  return !core.policy.tellsAccounts && isOwn && !hasRights && user.emailProvedAt === null;
}

/** The changes of a user who requests an address from now on. */
export function emailRequestOf(
  email: string,
  now: number,
): Pick<User, 'email' | 'requestedEmail' | 'emailRequestedAt'> {
  return { email: null, requestedEmail: email, emailRequestedAt: now };
}

/** A step: refuses with `rate_limited` where the user has requested too many addresses. */
export async function spendEmailRequest(core: Core, tx: Tx, user: User): Promise<void> {
  const subject = userSubject(core.secrets, tx.orgKey, user.id);
  refuseWait(await tx.throttles.hit('email_request', subject, newRequestQuotas, core.clock.now()));
}

/**
 * A step: sends the mail of a new request to its address. Runs the same statements whether or not another user has the
 * address. The holder of an address that cannot be taken gets a notice without a link. Null, or the budget of messages that
 * has dropped it.
 */
export async function sendRequestLink(
  core: Core,
  tx: Tx,
  user: User,
  requested: string,
): Promise<SpentBudget | null> {
  const holder = await tx.users.findByEmail(requested);
  const token = await issueEmailLink(core, tx, user, { purpose: 'proof', email: requested });
  if (holder?.email == null) {
    return queueMessage(core, tx, user, { template: 'email_proof', channel: 'email', to: requested, token });
  }
  // The message belongs to the user who requests the address, and goes with that user. Its reader is the holder.
  const isTemplate = user.isTemplate || holder.isTemplate;
  const reader = { ...user, language: holder.language, isTemplate };
  const link = hasClaimedEmail(holder) ? { token } : {};
  return queueMessage(core, tx, reader, {
    template: 'sign_up_attempt',
    channel: 'email',
    to: holder.email,
    ...link,
  });
}

/**
 * A step: the changes that give the user the requested address after the link to it was opened; null where its holder
 * keeps it. A holder with a claimed email, from a time when the deployment told accounts, loses it.
 */
export async function takeRequested(
  core: Core,
  tx: Tx,
  principal: Principal,
  requested: string,
): Promise<UserChanges | null> {
  await releaseClaimedEmail(core, tx, principal, requested);
  return takeFree(core, tx, requested);
}

/**
 * A step: the changes that give the user the requested address, where no other user has it; else null. A code that came
 * back by mail takes an address from no holder, because six digits can be guessed.
 */
export async function takeFree(core: Core, tx: Tx, requested: string): Promise<UserChanges | null> {
  if ((await tx.users.findByEmail(requested)) !== null) return null;
  return { ...none, email: requested, emailProvedAt: core.clock.now() };
}

/** The changes of a user whose request ends, because it is too old or because the user gets an email. */
export function withoutEmailRequest(user: User): Partial<typeof none> {
  return user.emailRequestedAt === null ? {} : none;
}

/** Runs a change once more where another process gave the requested address to a user in between. */
export async function again<T>(change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (isRefusal(error, 'email_taken')) return change();
    throw error;
  }
}
