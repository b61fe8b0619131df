/** Reads the credential of `Authorization: Bearer` (RFC 6750, section 2.1). */
import type { IncomingHttpHeaders } from 'node:http';

const bearer = /^bearer +(\S+) *$/i;

/** The token in plain text; null where the header is missing or of another scheme. */
export function readBearer(headers: IncomingHttpHeaders): string | null {
  return bearer.exec(headers.authorization ?? '')?.[1] ?? null;
}
