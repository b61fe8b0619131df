/**
 * The cookie with the token of a staff session. Scripts cannot read it, and no other site makes a browser send it
 * (`SameSite=Strict`). Over https it has the prefix `__Host-`, so that no other host can plant it (RFC 6265bis, section
 * 4.1.3). Plain http, which is for development, has a cookie without the prefix.
 */
import type { Core } from '../../core/core.ts';
import { refuse } from '../../core/errors.ts';
import { staffSessionAgeMaxMs } from '../../core/staff/staff-session.ts';
import { secondMs } from '../../core/time.ts';
import type { Unauthenticated } from '../../http/contract.ts';

const plainCookieName = 'roster-console';
export const secureCookieName = `__Host-${plainCookieName}`;

/** The token of the call's session; refuses with `unauthorized` where it has none. */
export function readSessionToken(core: Core, { headers }: Pick<Unauthenticated, 'headers'>): string {
  const wanted = `${isSecure(core) ? secureCookieName : plainCookieName}=`;
  for (const pair of (headers.cookie ?? '').split(';')) {
    const text = pair.trim();
    if (text.startsWith(wanted)) return text.slice(wanted.length);
  }
  throw refuse('unauthorized', {});
}

/** The value of `Set-Cookie` that gives the browser the token. */
export function sessionCookie(core: Core, token: string): string {
  return cookie(core, token, staffSessionAgeMaxMs / secondMs);
}

/** The value of `Set-Cookie` that takes the token from the browser. */
export function noSessionCookie(core: Core): string {
  return cookie(core, '', 0);
}

function cookie(core: Core, token: string, maxAge: number): string {
  const attributes = `Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict`;
  return isSecure(core)
    ? `${secureCookieName}=${token}; Secure; ${attributes}`
    : `${plainCookieName}=${token}; ${attributes}`;
}

/** Whether people reach the deployment over https. */
function isSecure({ issuer }: Core): boolean {
  return new URL(issuer()).protocol === 'https:';
}
