/**
 * Proves an email by a link that is sent to it. To read the link is not enough, because mail scanners open links: the
 * person presses a button on its web page. A link is valid for seven days, once, and for the address that it went to.
 */
import type { Door, PublicPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import { queueMessage } from '../messaging/queue-message.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, newToken, parseToken } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { addressDigest, type EmailToken, emailTokenLifeMs, wentTo } from './email-token.ts';
import { again, takeRequested } from './requested-email.ts';

/** A step: sends a link to `to`, the user's present email. */
export async function sendEmailProof(core: Core, tx: Tx, user: User, to: string): Promise<void> {
  const token = newToken('ep', tx.orgKey);
  const emailDigest = addressDigest(token, to);
  const expiresAt = core.clock.now() + emailTokenLifeMs;
  await tx.emailTokens.insert({ userId: user.id, emailDigest, expiresAt }, digestOf(token));
  await queueMessage(core, tx, user, { template: 'email_proof', channel: 'email', to, token });
}

/** The app of the link's user; null where the link is not valid now. Changes nothing. */
export async function findEmailProofApp(core: Core, input: { readonly token: unknown }): Promise<App | null> {
  const link = readLink(input.token);
  if (link === null) return null;
  return core.work.read(link.orgKey, async (tx) => {
    const open = await tx.emailTokens.findOpen(link.digest, core.clock.now());
    const user = open === null ? null : await tx.users.find({ id: open.userId });
    return open !== null && isFor(user, open, link.token) ? tx.apps.find(user.appId) : null;
  });
}

/**
 * Consumes the link: the email that it went to is proved, and a requested one becomes the user's. Refuses with `invalid_token` for a link that is unknown,
 * consumed or expired, or that went to an address which is no longer the user's.
 */
export async function proveEmail(
  core: Core,
  input: { readonly token: unknown; readonly door: Door },
): Promise<void> {
  const link = readLink(input.token);
  if (link === null) throw refuse('invalid_token', {});
  const { token, orgKey, digest } = link;
  const open = await core.work.read(orgKey, (tx) => tx.emailTokens.findOpen(digest, core.clock.now()));
  if (open === null) throw refuse('invalid_token', {});
  const prove = () =>
    core.work.change(orgKey, async (tx) => {
      const now = core.clock.now();
      // The user is locked first, as in every other change that voids links.
      const user = await tx.users.lock({ id: open.userId });
      const consumed = await tx.emailTokens.consume(digest, now);
      if (consumed === null || !isFor(user, consumed, token)) throw refuse('invalid_token', {});
      await tx.emailTokens.drop(user.id);
      if (user.emailProvedAt !== null) return;
      const principal: PublicPrincipal = { kind: 'public', door: input.door, orgKey };
      const changes =
        user.requestedEmail === null
          ? { emailProvedAt: now }
          : await takeRequested(core, tx, principal, user.requestedEmail);
      // The address was given to another user after the mail.
      if (changes === null) throw refuse('invalid_token', {});
      await tx.users.update(user, { ...changes, updatedAt: now });
      await record(tx, principal, 'user.email_proved', { kind: 'user', id: user.id }, now);
    });
  await again(prove);
}

function readLink(token: unknown) {
  const parts = typeof token === 'string' ? parseToken(token) : null;
  if (typeof token !== 'string' || parts === null || parts.prefix !== 'ep') return null;
  return { token, orgKey: parts.orgKey, digest: digestOf(token) };
}

function isFor(user: User | null, { emailDigest }: EmailToken, token: string): user is User {
  return (
    user !== null &&
    user.status !== 'inactive' &&
    wentTo(token, user.email ?? user.requestedEmail, emailDigest)
  );
}
