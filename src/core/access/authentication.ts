/**
 * Finds the principal of a secret. Every failure is the same `unauthorized`: an answer does not distinguish unknown,
 * expired, revoked and malformed secrets.
 */
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import { refuse } from '../errors.ts';
import { isHex40 } from '../ids.ts';
import { type ApiKey, isUsable } from '../keys/api-key.ts';
import { digestOf, isApiKeyText, parseToken } from '../secret.ts';
import type { AppPrincipal, Door, KeyPrincipal, PublicPrincipal, UserPrincipal } from './principal.ts';
import { isAlive, sessionNoteMs } from './session.ts';

/** The principal of an API key in plain text; notes the use of the key. Refuses with `unauthorized`. */
export async function authenticateApiKey(
  core: Core,
  call: { readonly door: Door; readonly network: string },
  apiKey: string,
): Promise<KeyPrincipal> {
  if (!isApiKeyText(apiKey)) throw refuse('unauthorized', {});
  const digest = digestOf(apiKey);
  const found = await core.work.readSystem('authentication', (tx) => tx.apiKeys.findByDigest(digest));
  const now = core.clock.now();
  // Only a secret that a rotation has replaced, and an unknown one, cost the second look-up.
  const key = found ?? (await findFormer(core, digest, now));
  if (key === null || !isUsable(key, now)) throw refuse('unauthorized', {});
  core.keyUses.note(key.orgKey, digest, now, call);
  return { kind: 'api_key', door: call.door, orgKey: key.orgKey, keyId: key.id, role: key.role };
}

function findFormer({ work }: Core, digest: string, now: number): Promise<ApiKey | null> {
  return work.readSystem('authentication', (tx) => tx.apiKeys.findByFormerDigest(digest, now));
}

/** The principal of an app key in plain text. Refuses with `unauthorized`. */
export async function authenticateAppKey(core: Core, door: Door, appKey: string): Promise<AppPrincipal> {
  if (!isHex40(appKey)) throw refuse('unauthorized', {});
  const digest = digestOf(appKey);
  const app = await core.work.readSystem('authentication', (tx) => tx.apps.findByKeyDigest(digest));
  if (app === null) throw refuse('unauthorized', {});
  return { kind: 'app', door, orgKey: app.orgKey, appId: app.id };
}

/**
 * The principal of a session token in plain text; stores the time of use. Refuses with `unauthorized`, also for a
 * cancelled user.
 */
export async function authenticateSession(core: Core, door: Door, token: string): Promise<UserPrincipal> {
  const parts = parseToken(token);
  if (parts?.prefix !== 'st') throw refuse('unauthorized', {});
  const now = core.clock.now();
  const digest = digestOf(token);
  const found = await core.work.read(parts.orgKey, (tx) => tx.sessions.findByDigest(digest));
  if (found === null || !isAlive(found.session, now) || found.user.status === 'inactive') {
    throw refuse('unauthorized', {});
  }
  const { session, user } = found;
  if (now - session.lastUsedAt >= sessionNoteMs) {
    await core.work.change(parts.orgKey, (tx) => tx.sessions.noteUse(session.id, now));
  }
  return {
    kind: 'user',
    door,
    orgKey: parts.orgKey,
    userId: user.id,
    sessionId: session.id,
    sessionStartedAt: session.startedAt,
    user,
  };
}

/**
 * The principal of a call without a credential, with the app that the call names, else the deployment's sign-up app.
 * Null where there is no such app.
 */
export async function findPublicApp(
  core: Core,
  door: Door,
  appId: string | undefined,
): Promise<{ principal: PublicPrincipal; app: App } | null> {
  const named = appId ?? core.policy.signupAppId;
  const app = await core.work.readSystem('authentication', async (tx) => {
    if (named === null) return tx.apps.findFirst();
    return isHex40(named) ? tx.apps.find(named) : null;
  });
  return app === null ? null : { principal: { kind: 'public', door, orgKey: app.orgKey }, app };
}

/** The named app of the principal's organization, by default the principal's own; null where there is none. */
export function findOwnApp(
  core: Core,
  principal: UserPrincipal,
  appId: string = principal.user.appId,
): Promise<App | null> {
  return core.work.read(principal.orgKey, (tx) => tx.apps.find(appId));
}

/** The principal of a public call, whose app was looked up before. Refuses with `not_found` (app) without one. */
export function requireApp(principal: PublicPrincipal | null): PublicPrincipal {
  if (principal === null) throw refuse('not_found', { noun: 'app' });
  return principal;
}
