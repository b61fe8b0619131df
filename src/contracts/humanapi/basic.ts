/** Reads `Authorization: Basic` (RFC 7617): the App Key is the user name; the password is ignored. */
import type { IncomingHttpHeaders } from 'node:http';

const basic = /^basic +(\S+) *$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The user name; null where the header is missing, has another scheme, is malformed, or has no colon. */
export function readUserName(headers: IncomingHttpHeaders): string | null {
  const encoded = basic.exec(headers.authorization ?? '')?.[1];
  if (encoded === undefined || !base64.test(encoded)) return null;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(0, colon);
}
