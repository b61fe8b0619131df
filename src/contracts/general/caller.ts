/**
 * Finds the caller. A session is in `X-User-Token`. On a route that needs no session, a valid one still decides
 * the organization of the call, and an invalid one is ignored. Without a session the app in `X-App-Id` decides,
 * otherwise the deployment's sign-up app.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { authenticateSession, findOwnApp, findPublicApp } from '../../core/access/authentication.ts';
import { requireHumanity } from '../../core/access/humanity.ts';
import { may, type PublicPrincipal, type UserPrincipal } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import type { RegistrationOrigin } from '../../core/directory/registration.ts';
import { isRefusal, refuse } from '../../core/errors.ts';
import { callerOf } from '../../http/caller.ts';
import type { Call, Unauthenticated } from '../../http/contract.ts';

/** The user who calls a route that needs a session. */
export function userOf(call: Call): UserPrincipal {
  const principal = callerOf(call);
  if (principal.kind !== 'user') throw refuse('unauthorized', {});
  return principal;
}

/** The user of the session in the request. Refuses with `unauthorized`. */
export async function authenticate(
  core: Core,
  { headers, door }: Pick<Unauthenticated, 'headers' | 'door'>,
): Promise<UserPrincipal> {
  return authenticateSession(core, door, readHeader(headers, 'x-user-token') ?? '');
}

/** The user of the session in the request; null without a valid one. */
export async function findUser(core: Core, call: Call): Promise<UserPrincipal | null> {
  if (readHeader(call.headers, 'x-user-token') === undefined) return null;
  try {
    return await authenticate(core, call);
  } catch (error) {
    if (isRefusal(error, 'unauthorized')) return null;
    throw error;
  }
}

/** The organization in which a public call works; null where its app is unknown. */
export async function findPublic(
  core: Core,
  call: Call,
  user: UserPrincipal | null,
): Promise<PublicPrincipal | null> {
  if (user !== null) return { kind: 'public', door: call.door, orgKey: user.orgKey };
  const found = await findPublicApp(core, call.door, appIdOf(call));
  return found?.principal ?? null;
}

/**
 * The app of a registration, in the organization of the session if there is one; null where it is unknown.
 */
export async function findOrigin(core: Core, call: Call): Promise<RegistrationOrigin | null> {
  const appId = appIdOf(call);
  const principal = await findUser(core, call);
  if (principal === null) return findPublicApp(core, call.door, appId);
  const app = await findOwnApp(core, principal, appId);
  return app === null ? null : { principal, app };
}

/** The app that the call names; undefined where it names none. */
export function appIdOf({ headers }: Pick<Unauthenticated, 'headers'>): string | undefined {
  return readHeader(headers, 'x-app-id');
}

/**
 * Asks a caller for a proof of humanity where the deployment wants one; null for one without a session. Those who register others are not asked. Every
 * user is: a session costs a stranger only a sign-up.
 */
export async function askStranger(
  core: Core,
  call: Call,
  principal: PublicPrincipal | UserPrincipal | null,
): Promise<void> {
  if (principal !== null && may(principal, 'care.manage')) return;
  await requireHumanity(core, readHeader(call.headers, 'x-challenge-answer'));
}

/** The text of a header; undefined where it is missing or empty. */
function readHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
