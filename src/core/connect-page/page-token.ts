/**
 * The token that the Connect page is opened with: its user, whether it is valid, and its app, whose pages may show the
 * Connect page in a frame. All unknown tokens get the same answer. The row of an expired token stays for a while,
 * so that the page can say in the app's frame that it has expired.
 */
import type { ConnectPagePrincipal, Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import { digestOf, parseToken } from '../secret.ts';
import { type ConnectToken, connectTokenRules, pageTokenKinds } from './connect-token.ts';

/** A token that opens the Connect page, or did lately. */
export interface PageToken {
  readonly app: App;
  /** False where the token has expired or its user was cancelled. */
  readonly isValid: boolean;
}

/** The app and the state of a token in plain text; null for an unknown token and for one that expired long ago. */
export async function findPageToken(core: Core, token: string): Promise<PageToken | null> {
  const found = await findToken(core, token);
  return found === null ? null : { app: found.app, isValid: isValid(core, found) };
}

/** The principal of a token in plain text. Refuses with `unauthorized`. */
export async function authenticatePageToken(
  core: Core,
  door: Door,
  token: string,
): Promise<ConnectPagePrincipal> {
  const found = await findToken(core, token);
  if (found === null || !isValid(core, found)) throw refuse('unauthorized', {});
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

async function findToken(core: Core, text: string): Promise<Found | null> {
  const parts = parseToken(text);
  if (parts === null || !pagePrefixes.has(parts.prefix)) return null;
  return core.work.read(parts.orgKey, async (tx) => {
    const found = await tx.connectTokens.findByDigest(digestOf(text));
    const app = found === null ? null : await tx.apps.find(found.user.appId);
    return found === null || app === null ? null : { ...found, app };
  });
}

function isValid(core: Core, { token, user }: Found): boolean {
  return token.expiresAt > core.clock.now() && user.status !== 'inactive';
}
