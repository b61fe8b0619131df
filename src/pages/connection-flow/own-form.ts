/**
 * Whether a form was sent by a page of this server: a page of another site can send a form too, without a press. The
 * browser says so (Fetch Metadata, else `Origin`, else `Referer`). A client that sends none of them is no browser of
 * today, and has no person in front whom another page could deceive.
 */
import type { Core } from '../../core/core.ts';
import type { Call } from '../../http/contract.ts';

export function isOwnForm(core: Core, { headers }: Pick<Call, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const from = headers.origin ?? headers.referer;
  if (from === undefined) return true;
  const url = URL.parse(from);
  if (url === null) return false;
  return url.origin === new URL(core.providers.redirectUri).origin || url.host === headers.host;
}
