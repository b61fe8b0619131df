/**
 * The network of a request's caller, as limits count it: that of the connection's peer, or of the last address in
 * `X-Forwarded-For` that no trusted proxy has. Only a trusted proxy is believed, and `Forwarded` (RFC 7239) is not read. The peer is
 * parsed once for each connection.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import {
  type Address,
  type AddressBlock,
  isInBlock,
  networkOf,
  noNetwork,
  parseAddress,
  parseBlock,
} from '../../core/access/network.ts';

/** The other side of a connection. */
export interface Peer {
  /** Null without an address. */
  readonly address: Address | null;
  readonly network: string;
  readonly isTrusted: boolean;
}

export interface NetworkReader {
  /** The network of the caller, with the address that a trusted proxy reports. */
  networkOf(request: IncomingMessage): string;
  peerOf(socket: Socket): Peer;
}

const forwardedFor = 'x-forwarded-for';
const peer = Symbol('peer');

/** `trustedProxies` are IP addresses and CIDR blocks; throws for any other text. */
export function createNetworkReader(trustedProxies: readonly string[]): NetworkReader {
  const trusted = trustedProxies.map(blockOf);

  function peerOf(socket: Socket & { [peer]?: Peer }): Peer {
    socket[peer] ??= readPeer(socket.remoteAddress);
    return socket[peer];
  }

  function readPeer(text: string | undefined): Peer {
    const address = text === undefined ? null : parseAddress(text);
    if (address === null) return { address, network: noNetwork, isTrusted: false };
    return { address, network: networkOf(address), isTrusted: isTrusted(address) };
  }

  function isTrusted(address: Address): boolean {
    return trusted.some((block) => isInBlock(address, block));
  }

  return {
    peerOf,
    networkOf({ socket, headers }) {
      const { address, network, isTrusted: isProxy } = peerOf(socket);
      const chain = headers[forwardedFor];
      if (!isProxy || address === null || chain === undefined) return network;
      return networkOf(clientIn(String(chain), address));
    },
  };

  /**
   * Each proxy adds at the end the address that it was called from. What stands before the first address without trust was
   * written by that client, and what stands before a text that is no address was written by an unknown program.
   */
  function clientIn(chain: string, nearest: Address): Address {
    let client = nearest;
    let end = chain.length;
    while (end >= 0) {
      const comma = end === 0 ? -1 : chain.lastIndexOf(',', end - 1);
      const address = parseAddress(chain.slice(comma + 1, end));
      if (address === null) return client;
      client = address;
      if (!isTrusted(address)) return client;
      end = comma;
    }
    return client;
  }
}

/**
 * Looks at requests until the first one with `X-Forwarded-For` from a peer that is no trusted proxy, and warns of it once. It may be
 * a client that pretends, so the warning names no address.
 */
export function createReportWarning(
  { peerOf }: NetworkReader,
  warn: (message: string) => void,
): (request: IncomingMessage) => void {
  let hasWarned = false;
  return ({ socket, headers }) => {
    if (hasWarned || headers[forwardedFor] === undefined || peerOf(socket).isTrusted) return;
    hasWarned = true;
    warn(
      'X-Forwarded-For came from an address that ROSTER_TRUSTED_PROXIES does not list. It was ignored: if that was your proxy, the limits by network count all its callers as one',
    );
  };
}

function blockOf(text: string): AddressBlock {
  const block = parseBlock(text);
  if (block === null) throw new Error(`${text} is no address and no block of addresses`);
  return block;
}
