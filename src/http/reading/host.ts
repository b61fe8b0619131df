/** Checks the host of a request, which decides its contract: RFC 9112, section 3.2. */
import type { IncomingMessage } from 'node:http';

// A name, an IPv4 address or an IPv6 address in brackets, with a port or without (RFC 3986, section 3.2.2). It may be empty.
const hostText = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;

/** Whether the request names one host. One in HTTP/1.0 needs none. */
export function hasOneHost({ headers, rawHeaders, httpVersion }: IncomingMessage): boolean {
  const { host } = headers;
  if (host === undefined) return httpVersion !== '1.1';
  return hostText.test(host) && countHosts(rawHeaders) === 1;
}

/** Node puts only the first of several into `headers`. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}
