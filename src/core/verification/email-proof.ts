/** Proves an email by a link that is sent to it: valid for seven days, once, and for the address that it went to. */
import type { Door, PublicPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import type { User } from '../directory/user.ts';
import { changeUser } from '../directory/user-change.ts';
import { refuse } from '../errors.ts';
import type { SpentBudget } from '../messaging/message-budget.ts';
import { queueMessage } from '../messaging/queue-message.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import { consumeEmailLink, findEmailLinkApp, issueEmailLink, type LinkKind } from './email-link.ts';
import { wentTo } from './email-token.ts';
import { again, takeRequested } from './requested-email.ts';

const proofLink: LinkKind = {
  purpose: 'proof',
  isFor: (user, { token, stored }) =>
    user.status !== 'inactive' && wentTo(token, user.email ?? user.requestedEmail, stored.emailDigest),
};

/** A step: sends a link to `to`, the user's present email. Null, or the budget of messages that has dropped it. */
export async function sendEmailProof(
  core: Core,
  tx: Tx,
  user: User,
  to: string,
): Promise<SpentBudget | null> {
  const token = await issueEmailLink(core, tx, user, { purpose: 'proof', email: to });
  return queueMessage(core, tx, user, { template: 'email_proof', channel: 'email', to, token });
}

/** The app of the link's user; null where the link is not valid now. Changes nothing. */
export function findEmailProofApp(core: Core, input: { readonly token: unknown }): Promise<App | null> {
  return findEmailLinkApp(core, proofLink, input.token);
}

/**
 * Consumes the link: the email that it went to is proved, and a requested one becomes the user's. Refuses with
 * `invalid_token` for a link that is unknown, consumed or expired, or that went to an address which is no longer the
 * user's.
 */
export async function proveEmail(
  core: Core,
  input: { readonly token: unknown; readonly door: Door },
): Promise<void> {
  const prove = () =>
    consumeEmailLink(core, proofLink, input.token, async (tx, user) => {
      const now = core.clock.now();
      await tx.emailTokens.drop(user.id);
      if (user.emailProvedAt !== null) return;
      const principal: PublicPrincipal = { kind: 'public', door: input.door, orgKey: tx.orgKey };
      const changes =
        user.requestedEmail === null
          ? { emailProvedAt: now }
          : await takeRequested(core, tx, principal, user.requestedEmail);
      // The address was given to another user after the mail.
      if (changes === null) throw refuse('invalid_token', {});
      await changeUser(core, tx, user, { ...changes, updatedAt: now });
      await record(tx, principal, 'user.email_proved', { kind: 'user', id: user.id }, now);
    });
  await again(prove);
}
