import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { isInBlock, levelsOf, networkOf, parseAddress, parseBlock } from './network.ts';

/** The network of an address in a text; null where the text is none. */
function read(text: string): string | null {
  const address = parseAddress(text);
  return address === null ? null : networkOf(address);
}

test('an IPv4 address is a network of its own, in every notation', () => {
  const same = [
    '203.0.113.9',
    ' 203.0.113.9 ',
    '203.0.113.9:4711',
    '"203.0.113.9:4711"',
    '[203.0.113.9]',
    '::ffff:203.0.113.9',
    '::FFFF:203.0.113.9%eth0',
    '::ffff:cb00:7109',
    '0:0:0:0:0:ffff:cb00:7109',
    '0000:0000:0000:0000:0000:FFFF:CB00:7109',
    '[::ffff:cb00:7109]:443',
    '[::ffff:203.0.113.9]',
  ];
  for (const text of same) assert.equal(read(text), '203.0.113.9', text);
});

test('an IPv4 address that IPv6 only carries is the same network', () => {
  const same = [
    '64:ff9b::203.0.113.9',
    '64:ff9b::cb00:7109',
    '::ffff:0:203.0.113.9',
    '2002:cb00:7109::1',
    '2002:cb00:7109:ffff::',
  ];
  for (const text of same) assert.equal(read(text), '203.0.113.9', text);
  assert.equal(
    read('2002:7f00:1::1'),
    '2002:7f00:1:0::/64',
    'no address of this machine comes from elsewhere',
  );
  assert.equal(read('64:ff9b::10.0.0.1'), '64:ff9b:0:0::/64');
  assert.equal(
    read('64:ff9b:1::203.0.113.9'),
    '64:ff9b:1:0::/64',
    'a prefix that each site uses as it likes',
  );
  assert.equal(parseAddress('2002:a00:1::1')?.length, 8, 'trust is in the address itself');
});

test('IPv6 addresses of one 64-bit prefix are one network', () => {
  const same = [
    '2001:db8:1:2::',
    '2001:db8:1:2::9',
    '2001:0DB8:0001:2:3:4:5:6',
    '2001:db8:1:2::1.2.3.4',
    '[2001:db8:1:2::9]:4711',
    '"[2001:db8:1:2::9]:4711"',
    '2001:db8:1:2::9%25eth0',
  ];
  for (const address of same) assert.equal(read(address), '2001:db8:1:2::/64', address);
  assert.equal(read('::1'), '0:0:0:0::/64');
  assert.equal(read('::'), '0:0:0:0::/64');
  assert.equal(read('1::8'), '1:0:0:0::/64');
  assert.equal(read('1:2:3:4:5:6:7::'), '1:2:3:4::/64');
  assert.equal(read('::5:6:7:8:9:a'), '0:0:5:6::/64');
  assert.equal(read('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.notEqual(read('2001:db8:1:3::9'), read('2001:db8:1:2::9'));
});

test('shortening an IPv6 address does not change its network', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
      const long = groups.map((group) => group.toString(16)).join(':');
      const short = new URL(`http://[${long}]/`).hostname.slice(1, -1);
      assert.deepEqual(parseAddress(short), parseAddress(long));
    }),
  );
});

test('what is no address is none', () => {
  const texts = [
    ...[
      '',
      ' ',
      'unknown',
      '_hidden',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.',
      '256.1.1.1',
      '1.2.3.4:65536',
      '1.2.3.4:',
    ],
    ...[
      '010.0.0.1',
      '1.2.3.04',
      '0x7f.0.0.1',
      '127.1',
      '2130706433',
      '1.2.3.4%eth0',
      '1.2.3.4/24',
      '+1.2.3.4',
    ],
    ...[':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', '::g', '1:2:3:4:5:6:7::8'],
    ...['::1.2.3', '::1.2.3.004', '1.2.3.4::', '[::1', '::1]', '[]', '[::1]x', '[::1]:', '::1%', ':1.2.3.4'],
    ...['١.2.3.4', '1.2.3.4\u0000', '1.2.3.4, 5.6.7.8', `::1%${'z'.repeat(1_000)}`],
  ];
  for (const text of texts) assert.equal(read(text), null, JSON.stringify(text));
});

test('the addresses of Node are the addresses here', () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
    fc
      .tuple(fc.ipV6(), fc.stringMatching(/^[:.0-9]$/), fc.nat(25))
      .map(([address, more, at]) => address.slice(0, at) + more + address.slice(at)),
  );
  fc.assert(
    fc.property(text, (each) => {
      // A port is taken off here alone.
      fc.pre(!/^[\d.]+:\d+$/.test(each));
      assert.equal(parseAddress(each) !== null, isIP(each) !== 0, each);
    }),
    { numRuns: 500 },
  );
});

test('a block contains the addresses with its beginning, whatever the length', () => {
  const isIn = (address: string, block: string): boolean => {
    const [parsed, of] = [parseAddress(address), parseBlock(block)];
    assert.ok(parsed !== null && of !== null);
    return isInBlock(parsed, of);
  };
  const inside = [
    ['10.255.0.1', '10.0.0.0/8'],
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.0/31'],
    ['10.0.0.1', '::ffff:10.0.0.0/104'],
    ['10.0.0.1', '0.0.0.0/0'],
    ['2001:db8:ffff::1', '2001:db8::/32'],
    ['2001:db8:7f::1', '2001:db8::/41'],
    ['fe80::1%eth0', 'fe80::/10'],
  ] as const;
  for (const [address, block] of inside) assert.ok(isIn(address, block), `${address} ${block}`);
  const outside = [
    ['11.0.0.1', '10.0.0.0/8'],
    ['10.0.0.2', '10.0.0.0/31'],
    ['2001:db8:80::1', '2001:db8::/41'],
    ['10.0.0.1', '::/0'],
    ['2002:a00:1::1', '10.0.0.0/8'],
    ['64:ff9b::10.0.0.1', '10.0.0.0/8'],
  ] as const;
  for (const [address, block] of outside) assert.ok(!isIn(address, block), `${address} ${block}`);
  for (const text of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::ffff:10.0.0.0/8',
    'x/8',
  ]) {
    assert.equal(parseBlock(text), null, text);
  }
});

test('the levels of a network are the network and the wider ones around it', () => {
  const widths = (network: string): string[] => levelsOf(network).map((level) => level.network);
  assert.deepEqual(widths('203.0.113.9'), ['203.0.113.9', '203.0.113.0/24']);
  assert.deepEqual(widths('2001:db8:1:2ff::/64'), [
    '2001:db8:1:2ff::/64',
    '2001:db8:1:200::/56',
    '2001:db8:1::/48',
  ]);
  assert.deepEqual(widths('unknown'), ['unknown']);
});
