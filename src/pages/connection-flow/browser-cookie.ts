/**
 * The cookie with the secret of a browser (`core/providers/browser-binding.ts`). `SameSite=Lax`, because the browser
 * comes back from another site: `Strict` would not be sent then. Over https and on this machine it has the prefix
 * `__Host-`, so that no other host can plant it (RFC 6265bis, section 4.1.3). Plain http elsewhere, which is for
 * development, allows no such cookie.
 */

import type { Core } from '../../core/core.ts';
import { isLoopbackHost } from '../../core/loopback.ts';
import { browserSecretLifeMs, isBrowserSecret } from '../../core/providers/browser-binding.ts';
import { secondMs } from '../../core/time.ts';
import type { Call } from '../../http/contract.ts';

const name = 'roster-connect';

/** The browser's secret; null where it has none. */
export function readBrowserSecret(core: Core, { headers }: Pick<Call, 'headers'>): string | null {
  const wanted = `${isSecure(core) ? '__Host-' : ''}${name}=`;
  for (const pair of (headers.cookie ?? '').split(';')) {
    const text = pair.trim();
    const value = text.slice(wanted.length);
    if (text.startsWith(wanted) && isBrowserSecret(value)) return value;
  }
  return null;
}

/** The value of `Set-Cookie` that gives the browser the secret, or prolongs it. */
export function browserCookie(core: Core, secret: string): string {
  const attributes = `Path=/; Max-Age=${browserSecretLifeMs / secondMs}; HttpOnly; SameSite=Lax`;
  return isSecure(core)
    ? `__Host-${name}=${secret}; Secure; ${attributes}`
    : `${name}=${secret}; ${attributes}`;
}

/** Whether browsers take secure cookies of the address that people use. */
function isSecure({ providers }: Core): boolean {
  const { protocol, hostname } = new URL(providers.redirectUri);
  return protocol === 'https:' || isLoopbackHost(hostname);
}
