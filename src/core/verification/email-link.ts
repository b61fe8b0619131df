/**
 * Links that are sent to an email. To open a link is not enough, because mail scanners open links: the person presses a
 * button on its web page, which consumes the link. A link that changes or undoes has its address with it, sealed under the
 * token: only the link opens it, and the database together with the deployment's secret does not.
 */
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import type { OrgKey } from '../ids.ts';
import { createSecretBox, digestOf, newToken, parseToken, type TokenPrefix } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { addressDigest, type EmailToken, type EmailTokenPurpose, emailTokenLifeMs } from './email-token.ts';

const prefixes: Readonly<Record<EmailTokenPurpose, TokenPrefix>> = { proof: 'ep', change: 'ec', undo: 'eu' };

/** A link with its row. */
export interface OpenLink {
  readonly token: string;
  readonly stored: EmailToken;
}

/** One kind of link. */
export interface LinkKind {
  readonly purpose: EmailTokenPurpose;
  /** Whether the link still has a meaning for its user. */
  isFor(user: User, link: OpenLink): boolean;
}

/** A step: a link of the user for an address; its token in plain text. */
export async function issueEmailLink(
  core: Core,
  tx: Tx,
  user: User,
  { purpose, email }: { readonly purpose: EmailTokenPurpose; readonly email: string },
): Promise<string> {
  const token = newToken(prefixes[purpose], tx.orgKey);
  const stored: EmailToken = {
    userId: user.id,
    purpose,
    emailDigest: addressDigest(token, email),
    sealedEmail: purpose === 'proof' ? null : createSecretBox(token).seal(email, sealContext),
    expiresAt: core.clock.now() + emailTokenLifeMs[purpose],
  };
  await tx.emailTokens.insert(stored, digestOf(token));
  return token;
}

const sealContext = 'email of a link';

/** The address of a link that changes or undoes. */
export function emailIn({ token, stored: { sealedEmail } }: OpenLink): string {
  if (sealedEmail === null) throw refuse('internal', {});
  return createSecretBox(token).open(sealedEmail, sealContext);
}

/** The app of the link's user; null where the link is not valid now. Changes nothing. */
export async function findEmailLinkApp(core: Core, kind: LinkKind, token: unknown): Promise<App | null> {
  const link = readLink(kind, token);
  if (link === null) return null;
  return core.work.read(link.orgKey, async (tx) => {
    const stored = await tx.emailTokens.findOpen(kind.purpose, link.digest, core.clock.now());
    const user = stored === null ? null : await tx.users.find({ id: stored.userId });
    if (stored === null || user === null || !kind.isFor(user, { token: link.token, stored })) return null;
    return tx.apps.find(user.appId);
  });
}

/**
 * Consumes the link in one transaction with `work`. Refuses with `invalid_token` for a link that is unknown, consumed or
 * expired, or has no meaning for its user any more.
 */
export async function consumeEmailLink<T>(
  core: Core,
  kind: LinkKind,
  token: unknown,
  work: (tx: Tx, user: User, link: OpenLink) => Promise<T>,
): Promise<T> {
  const link = readLink(kind, token);
  if (link === null) throw refuse('invalid_token', {});
  const { purpose } = kind;
  const { orgKey, digest } = link;
  const open = await core.work.read(orgKey, (tx) =>
    tx.emailTokens.findOpen(purpose, digest, core.clock.now()),
  );
  if (open === null) throw refuse('invalid_token', {});
  return core.work.change(orgKey, async (tx) => {
    // The user is locked first, as in every other change that voids links.
    const user = await tx.users.lock({ id: open.userId });
    const stored = await tx.emailTokens.consume(purpose, digest, core.clock.now());
    const used = stored === null ? null : { token: link.token, stored };
    if (used === null || user === null || !kind.isFor(user, used)) throw refuse('invalid_token', {});
    return work(tx, user, used);
  });
}

function readLink(
  { purpose }: LinkKind,
  token: unknown,
): { readonly token: string; readonly orgKey: OrgKey; readonly digest: string } | null {
  const parts = typeof token === 'string' ? parseToken(token) : null;
  if (typeof token !== 'string' || parts?.prefix !== prefixes[purpose]) return null;
  return { token, orgKey: parts.orgKey, digest: digestOf(token) };
}
