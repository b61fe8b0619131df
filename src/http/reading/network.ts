/**
 * The network of a request's caller, as throttles count it: one IPv4 address, or the 64-bit prefix of an IPv6
 * address, because a subscriber owns the whole prefix and could use a new address for every request. The address
 * is that of the connection, or the one that trusted proxies report.
 */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';

/** The network of a request's caller. */
export type NetworkReader = (request: IncomingMessage) => string;

/**
 * Reads the network of the last address in `X-Forwarded-For` that no trusted proxy added, and ignores the header
 * of other peers. `trustedProxies` are IP addresses and CIDR blocks; throws for any other text.
 */
export function createNetworkReader(trustedProxies: readonly string[]): NetworkReader {
  if (trustedProxies.length === 0) return ({ socket }) => networkOf(socket.remoteAddress ?? 'unknown');
  const isTrusted = proxyAddr.compile([...trustedProxies]);
  return (request) => networkOf(proxyAddr(request, isTrusted) ?? 'unknown');
}

/** The network of an address, also with a port behind it; a text that is no IP address is its own network. */
export function networkOf(text: string): string {
  const address = withoutPort(text);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  // An IPv4 address at the end stands for two groups; it is never among the first four.
  const width = before.length + after.length + (address.includes('.') ? 1 : 0);
  const gap = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - width) }, () => '0');
  const groups = [...before, ...gap, ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** Some proxies report the port of each connection, which is another one each time (RFC 7239, section 6). */
function withoutPort(text: string): string {
  const [, bracketed, plain] = /^"?(?:\[([0-9a-f:.%]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?"?$/i.exec(text) ?? [];
  return bracketed ?? plain ?? text;
}
