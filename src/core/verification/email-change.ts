/**
 * Replaces a proved email by a proved one. The change waits for a link that goes to the new address; only its use changes
 * the email, and only then the address must be free. The former address gets a link that undoes the change for 72 hours.
 * A user has one change that waits: a new one replaces it, and every other change of email or password ends it.
 */
import type { Door, Principal, PublicPrincipal } from '../access/principal.ts';
import { userSubject } from '../access/subject.ts';
import { type Quota, refuseWait } from '../access/throttle.ts';
import { endOpenPages } from '../connect-page/end-pages.ts';
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import { isSameEmail } from '../directory/proof.ts';
import type { User } from '../directory/user.ts';
import { changeUser } from '../directory/user-change.ts';
import { isRefusal } from '../errors.ts';
import { queueMessage } from '../messaging/queue-message.ts';
import { record } from '../record/audit-event.ts';
import { hourMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { releaseClaimedEmail } from './claimed-email.ts';
import { consumeEmailLink, emailIn, findEmailLinkApp, issueEmailLink, type LinkKind } from './email-link.ts';
import { emailTokenLifeMs } from './email-token.ts';
import { sendPasswordToken } from './password-reset.ts';
import { withoutEmailRequest } from './requested-email.ts';

/** How many messages to new addresses one account causes: they may belong to strangers. */
export const changeMailQuotas: readonly Quota[] = [{ limit: 5, windowMs: hourMs }];

const changeLink: LinkKind = { purpose: 'change', isFor: (user) => user.status !== 'inactive' };
/** An account that a thief has cancelled gets its email back too. */
const undoLink: LinkKind = { purpose: 'undo', isFor: () => true };

/**
 * A step: sends a link to the new address, and ends the change that waited before. Refuses with `rate_limited` beyond the
 * quota.
 */
export async function requestEmailChange(
  core: Core,
  tx: Tx,
  principal: Principal,
  user: User,
  email: string,
): Promise<void> {
  const now = core.clock.now();
  refuseWait(await hitChangeMail(core, tx, user, now));
  await tx.emailTokens.dropChange(user.id);
  const token = await issueEmailLink(core, tx, user, { purpose: 'change', email });
  await queueMessage(core, tx, user, { template: 'email_change', channel: 'email', to: email, token });
  await record(tx, principal, 'user.email_change_requested', { kind: 'user', id: user.id }, now);
}

/** A step: counts one message to a new address. Null, or the milliseconds until the next one is allowed. */
export function hitChangeMail(core: Core, tx: Tx, user: User, now: number): Promise<number | null> {
  const subject = userSubject(core.secrets, tx.orgKey, user.id);
  return tx.throttles.hit('email_change', subject, changeMailQuotas, now);
}

/** The app of the link's user; null where the link is not valid now. Changes nothing. */
export function findEmailChangeApp(core: Core, input: { readonly token: unknown }): Promise<App | null> {
  return findEmailLinkApp(core, changeLink, input.token);
}

interface PressedLink {
  readonly token: unknown;
  readonly door: Door;
}

/**
 * Consumes the link: the address that it went to is the user's email, and proved. A user who only claims the address loses
 * it. Refuses with `invalid_token` for a link that is unknown, consumed, expired or replaced, and with `email_taken` where
 * another user has the address: that user is told, and the link is consumed too.
 */
export async function changeEmail(core: Core, input: PressedLink): Promise<void> {
  try {
    await consumeEmailLink(core, changeLink, input.token, async (tx, user, link) => {
      const now = core.clock.now();
      const email = emailIn(link);
      const principal = publicAt(input.door, tx);
      if (!isSameEmail(email, user.email)) await releaseClaimedEmail(core, tx, principal, email);
      const undoToken =
        user.email === null
          ? {}
          : { undoToken: await issueEmailLink(core, tx, user, { purpose: 'undo', email: user.email }) };
      const changes = { email, emailProvedAt: now, updatedAt: now };
      await changeUser(core, tx, user, changes, undoToken);
      await record(tx, principal, 'user.email_changed', { kind: 'user', id: user.id }, now, {
        fields: ['email'],
      });
    });
  } catch (error) {
    if (isRefusal(error, 'email_taken')) await tellHolder(core, input);
    throw error;
  }
}

/** Consumes the link of a change to a taken address, and tells the user who has it. */
async function tellHolder(core: Core, { token }: PressedLink): Promise<void> {
  await consumeEmailLink(core, changeLink, token, async (tx, _, link) => {
    const holder = await tx.users.findByEmail(emailIn(link));
    if (holder === null || holder.email === null || holder.status === 'inactive') return;
    await queueMessage(core, tx, holder, { template: 'email_taken', channel: 'email', to: holder.email });
  });
}

/** The app of the link's user; null where the link is not valid now. Changes nothing. */
export function findEmailUndoApp(core: Core, input: { readonly token: unknown }): Promise<App | null> {
  return findEmailLinkApp(core, undoLink, input.token);
}

/**
 * Consumes the link: the former address is the user's email again, and proved. A thief may have made the change, who may
 * have set the password and a phone too. So all sessions end, the password ends, a link to set a new one goes to the
 * address, and a phone that was proved after the change is unproved. Links that undo later changes end; those of earlier
 * changes stay. Refuses with `invalid_token`, and with `email_taken` where another user has the address, which consumes
 * nothing.
 */
export function undoEmailChange(core: Core, input: PressedLink): Promise<void> {
  return consumeEmailLink(core, undoLink, input.token, async (tx, user, link) => {
    const now = core.clock.now();
    const email = emailIn(link);
    const principal = publicAt(input.door, tx);
    if (!isSameEmail(email, user.email)) await releaseClaimedEmail(core, tx, principal, email);
    const changedAt = link.stored.expiresAt - emailTokenLifeMs.undo;
    const isPhoneEarlier = user.phoneProvedAt !== null && user.phoneProvedAt < changedAt;
    const after = await changeUser(core, tx, user, {
      email,
      ...withoutEmailRequest(user),
      emailProvedAt: now,
      phoneProvedAt: isPhoneEarlier ? user.phoneProvedAt : null,
      passwordHash: null,
      updatedAt: now,
    });
    await tx.sessions.endAll(user.id);
    await endOpenPages(tx, user.id, now);
    await tx.networks.drop(user.id);
    await tx.emailTokens.drop(user.id);
    await tx.emailTokens.dropUndosFrom(user.id, link.stored.expiresAt);
    await tx.passwordTokens.drop(user.id, 'reset');
    if (after.status !== 'inactive') {
      await sendPasswordToken(core, tx, after, { purpose: 'reset', to: email, isByOwner: true });
    }
    const isPhoneUnproved = user.phoneProvedAt !== after.phoneProvedAt;
    await record(tx, principal, 'user.email_change_undone', { kind: 'user', id: user.id }, now, {
      fields: ['email', 'password', ...(isPhoneUnproved ? ['phone_proved'] : [])],
    });
  });
}

function publicAt(door: Door, { orgKey }: Tx): PublicPrincipal {
  return { kind: 'public', door, orgKey };
}
