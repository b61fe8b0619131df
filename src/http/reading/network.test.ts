import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { createNetworkReader } from './network.ts';

/** The network of a request from that peer. */
function networkOf(
  trusted: readonly string[],
  remoteAddress: string | undefined,
  forwarded?: string,
): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const request: object = { socket: { remoteAddress }, headers };
  return createNetworkReader(trusted).networkOf(request as IncomingMessage);
}

const proxies = ['10.0.0.0/8', '2001:db8:ffff::/48'];

test('the network is that of the peer where no trusted proxy reports an address', () => {
  assert.equal(networkOf([], '203.0.113.9', '198.51.100.1'), '203.0.113.9');
  assert.equal(networkOf(proxies, '203.0.113.9', '198.51.100.1'), '203.0.113.9');
  assert.equal(networkOf(proxies, '10.0.0.1'), '10.0.0.1');
  assert.equal(networkOf(proxies, undefined, '198.51.100.1'), 'unknown');
});

test('the chain is read from its end to the first address that no trusted proxy has', () => {
  const chains = [
    ['198.51.100.1', '198.51.100.1'],
    ['8.8.8.8, 198.51.100.1', '198.51.100.1'],
    ['8.8.8.8, 198.51.100.1, 10.0.0.9', '198.51.100.1'],
    ['8.8.8.8, 198.51.100.1:4711 ,10.0.0.9:80,\t[2001:db8:ffff::1]:443', '198.51.100.1'],
    ['198.51.100.1, ::ffff:10.0.0.9, ::ffff:a00:9', '198.51.100.1'],
    ['10.0.0.7, 10.0.0.8', '10.0.0.7'],
  ] as const;
  for (const peer of ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8:ffff::2']) {
    for (const [chain, network] of chains) assert.equal(networkOf(proxies, peer, chain), network, chain);
  }
});

test('a text that is no address ends the chain at the proxy that reported it', () => {
  const chains = [
    ['unknown', '10.0.0.1'],
    ['198.51.100.1, _hidden', '10.0.0.1'],
    ['198.51.100.1, 010.0.0.9', '10.0.0.1'],
    ['198.51.100.1, for=10.0.0.9, 10.0.0.8', '10.0.0.8'],
    ['198.51.100.1, , 10.0.0.8', '10.0.0.8'],
    ['', '10.0.0.1'],
    [',', '10.0.0.1'],
    ['198.51.100.1,', '10.0.0.1'],
    [`198.51.100.1, ${'x'.repeat(10_000)}`, '10.0.0.1'],
  ] as const;
  for (const [chain, network] of chains) assert.equal(networkOf(proxies, '10.0.0.1', chain), network, chain);
});

test('a setting that is no address and no block is refused', () => {
  assert.throws(() => createNetworkReader(['proxy.example.com']), /no address/);
});
