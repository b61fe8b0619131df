/** Which content coding a client accepts: RFC 9110, section 12.5.3. */
import type { IncomingHttpHeaders } from 'node:http';

/** The first of `codings` that the client accepts by name; null where the answer is sent as it is. */
export function acceptedCoding<C extends string>(
  headers: IncomingHttpHeaders,
  codings: readonly C[],
): C | null {
  const accepted = String(headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.split(';').map((part) => part.trim()))
    .filter(([, weight = '']) => !/^q\s*=\s*0(\.0*)?$/.test(weight))
    .map(([name]) => name);
  return codings.find((each) => accepted.includes(each)) ?? null;
}
