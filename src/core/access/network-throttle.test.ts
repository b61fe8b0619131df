import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkTally } from './network-throttle.ts';

const quota = { limit: 2, windowMs: 60_000 };
const factors = { '/24': 2, '/56': 2, '/48': 4 };

test('a network may call as often as its quota says, and again as time passes', () => {
  let now = 0;
  const tally = new NetworkTally({ elapsed: () => now });
  const hit = (at: number) => {
    now = at;
    return tally.hit('203.0.113.9', quota, factors);
  };
  assert.equal(hit(0), null);
  assert.equal(hit(0), null);
  assert.deepEqual(hit(0)?.waitMs, 30_000);
  assert.deepEqual(hit(29_000)?.waitMs, 1_000);
  assert.equal(hit(30_000), null);
  assert.equal(hit(30_000)?.width, '/32');
});

test('the wider networks have limits of their own, and one network alone never reaches them', () => {
  const tally = new NetworkTally({ elapsed: () => 0 });
  const hit = (network: string) => tally.hit(network, quota, factors);
  for (let count = 0; count < 100; count++) hit('2001:db8:1:100::/64');
  assert.equal(hit('2001:db8:1:101::/64'), null);
  assert.equal(hit('2001:db8:1:102::/64'), null);
  assert.equal(hit('2001:db8:1:103::/64')?.width, '/56');
  for (let count = 0; count < 4; count++) assert.equal(hit(`2001:db8:1:20${count}::/64`), null);
  assert.equal(hit('2001:db8:1:300::/64')?.width, '/48');
  assert.equal(hit('2001:db8:2:100::/64'), null);
});

test('it remembers a limited number of networks, and forgets those that called longest ago', () => {
  const tally = new NetworkTally({ elapsed: () => 0 });
  const hit = (network: string) => tally.hit(network, quota, { ...factors, '/24': 1_000 });
  for (const network of ['198.51.100.1', '198.51.100.1', '198.51.100.2', '198.51.100.2']) hit(network);
  assert.equal(hit('198.51.100.1')?.width, '/32');
  for (let count = 0; count < 30_000; count++) hit(`10.${count >> 8}.${count & 255}.1`);
  assert.equal(hit('198.51.100.1'), null);
});
