import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { networkOf } from './network.ts';

test('an IPv4 address is a network of its own, however it is written', () => {
  assert.equal(networkOf('203.0.113.9'), '203.0.113.9');
  assert.equal(networkOf('::ffff:203.0.113.9'), '203.0.113.9');
  assert.equal(networkOf('::FFFF:203.0.113.9'), '203.0.113.9');
});

test('a port behind an address changes nothing, as some proxies report it', () => {
  assert.equal(networkOf('203.0.113.9:4711'), '203.0.113.9');
  assert.equal(networkOf('[2001:db8:1:2::9]:4711'), networkOf('2001:db8:1:2::9'));
  assert.equal(networkOf('"[2001:db8:1:2::9]:4711"'), networkOf('2001:db8:1:2::9'));
  assert.equal(networkOf('[::ffff:203.0.113.9]'), '203.0.113.9');
});

test('IPv6 addresses of one 64-bit prefix are one network', () => {
  const same = ['2001:db8:1:2::', '2001:db8:1:2::9', '2001:0DB8:0001:2:3:4:5:6', '2001:db8:1:2::1.2.3.4'];
  for (const address of same) assert.equal(networkOf(address), '2001:db8:1:2::/64', address);
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
  assert.equal(networkOf('::'), '0:0:0:0::/64');
  assert.equal(networkOf('1::8'), '1:0:0:0::/64');
  assert.equal(networkOf('1:2:3:4:5:6:7::'), '1:2:3:4::/64');
  assert.equal(networkOf('::5:6:7:8:9:a'), '0:0:5:6::/64');
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.notEqual(networkOf('2001:db8:1:3::9'), networkOf('2001:db8:1:2::9'));
});

test('shortening an IPv6 address does not change its network', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
      const long = groups.map((group) => group.toString(16)).join(':');
      const short = new URL(`http://[${long}]/`).hostname.slice(1, -1);
      assert.equal(networkOf(short), networkOf(long));
    }),
  );
});

test('what is no address stands for itself', () => {
  for (const text of ['unknown', '', '_hidden', '1.2.3']) assert.equal(networkOf(text), text);
});
