/**
 * Whoever opens the Connect page: which token they came with, whether it is still good, and whose pages may show the
 * page in a frame. Unknown tokens are all alike; an expired one is known as such for a while, so that its holder can
 * be told in the window where they are.
 */
import type { ConnectPagePrincipal, Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import { digestOf, parseToken } from '../secret.ts';
import { type ConnectToken, connectTokenRules, pageTokenKinds } from './connect-token.ts';

/** Where a token leads. */
export interface PageToken {
  readonly app: App;
  /** False where the token has expired or its user was cancelled. */
  readonly isOpen: boolean;
}

/** The place of a token in plain text; null where no such token opens the page, or did lately. */
export async function findPageToken(core: Core, token: string): Promise<PageToken | null> {
  const found = await look(core, token);
  return found === null ? null : { app: found.app, isOpen: isOpen(core, found) };
}

/** The person who came with a token in plain text. Refuses with `unauthorized`. */
export async function authenticatePageToken(
  core: Core,
  door: Door,
  token: string,
): Promise<ConnectPagePrincipal> {
  const found = await look(core, token);
  if (found === null || !isOpen(core, found)) throw refuse('unauthorized', {});
  const { orgKey, id: userId, appId } = found.user;
  return { kind: 'connect', door, orgKey, appId, userId };
}

interface Found {
  readonly token: ConnectToken;
  readonly user: User;
  readonly app: App;
}

const pagePrefixes: ReadonlySet<string> = new Set(
  pageTokenKinds.map((kind) => connectTokenRules[kind].prefix),
);

async function look(core: Core, text: string): Promise<Found | null> {
  const parts = parseToken(text);
  if (parts === null || !pagePrefixes.has(parts.prefix)) return null;
  return core.work.read(parts.orgKey, async (tx) => {
    const found = await tx.connectTokens.findByDigest(digestOf(text));
    const app = found === null ? null : await tx.apps.find(found.user.appId);
    return found === null || app === null ? null : { ...found, app };
  });
}

function isOpen(core: Core, { token, user }: Found): boolean {
  return token.expiresAt > core.clock.now() && user.status !== 'inactive';
}
