/**
 * A stranger calls from one network and makes it look like many: other notations of one address, ports, made-up entries in
 * `X-Forwarded-For`, and the many addresses that a provider gives to one customer. Each counts as what it is.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { minuteMs } from '../../../src/core/time.ts';
import { setUpRoster } from '../../support/server/set-up.ts';

const limit = 3;
const env = { ROSTER_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8', ROSTER_LIMIT_EMAIL_CHECK: String(limit) };

describe('a stranger has one share of calls', () => {
  const roster = setUpRoster({ env });

  /** How many of the calls pass, one from each of these chains of `X-Forwarded-For`. */
  async function passed(chains: readonly (string | readonly string[])[]): Promise<number> {
    let count = 0;
    for (const chain of chains) {
      const ask = { json: {}, headers: { 'X-Forwarded-For': chain } };
      const { status } = await roster.call('POST /general/v1/users/email_has_account', ask);
      assert.ok(status === 422 || status === 429);
      if (status === 422) count += 1;
    }
    return count;
  }

  const many = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));

  test('in every notation of an IPv4 address, with every port', async () => {
    const notations = [
      ...many(10, (index) => `203.0.113.9:${4_000 + index}`),
      ...many(10, (index) => `[::ffff:203.0.113.9]:${4_000 + index}`),
      ...['::ffff:cb00:7109', '0:0:0:0:0:FFFF:cb00:7109', '::ffff:203.0.113.9%eth0', '64:ff9b::cb00:7109'],
      ...many(10, (index) => `2002:cb00:7109:${index}::1`),
    ];
    assert.equal(await passed(notations), limit);
  });

  test('whatever stands before the address that the proxy has added, in one line or in several', async () => {
    const chains = [
      ...many(5, (index) => `198.51.${index}.1, 203.0.114.9`),
      ...many(5, (index) => `nonsense${index}, 203.0.114.9, 10.0.0.${index}`),
      ...many(5, (index) => [`198.51.${index}.1`, '203.0.114.9', `[::ffff:10.0.0.1]:${4_000 + index}`]),
    ];
    assert.equal(await passed(chains), limit);
  });

  test('a proxy that reports no address, or one with leading zeros, is counted itself', async () => {
    assert.equal(await passed(many(12, (index) => `unknown${index}, 10.0.9.1`)), limit);
    assert.equal(await passed(many(12, (index) => `203.0.113.0${index}, 10.0.9.2`)), limit);
    assert.equal(await passed(many(12, (index) => `for=203.0.115.${index}`)), limit);
  });

  test('on all addresses of a /24 together eight shares, of a /56 four, and of a /48 sixteen', async () => {
    assert.equal(await passed(many(60, (index) => `203.0.116.${index}`)), 8 * limit);
    assert.equal(await passed(many(30, (index) => `2001:db8:1:1${(16 + index).toString(16)}::1`)), 4 * limit);
    assert.equal(await passed(many(99, (index) => `2001:db8:2:${index.toString(16)}00::1`)), 16 * limit);
    assert.equal(await passed(many(8, () => '2001:db8:3::1')), limit);
  });

  test('a flood from one network leaves the other members of its wider network their shares', async () => {
    assert.equal(await passed(many(60, () => '203.0.117.1')), limit);
    assert.equal(await passed(many(60, () => '203.0.117.2')), limit);
    assert.equal(await passed(['203.0.117.3', '203.0.117.3']), 2);
    for (let each = 0; each < 40; each++) await passed(many(4, (index) => `2001:db8:4:${each}::${index}`));
    assert.equal(
      await passed(['2001:db8:4:ff00::1', '2001:db8:4:ff00::2']),
      2,
      'one /56 has a quarter of the /48',
    );
    roster.clock.advance(minuteMs);
    assert.equal(await passed(many(8, () => '203.0.117.1')), limit);
  });

  test('the rows of a flood are bounded by the limits, and go with housekeeping', async () => {
    roster.clock.advance(2 * minuteMs);
    const sweep = () =>
      roster.core.work.changeSystem('job', (tx) => tx.housekeeping.sweep(roster.clock.now(), 10_000));
    await sweep();
    await passed(many(150, (index) => `2001:db8:5:${(index * 97).toString(16)}::1`));
    roster.clock.advance(2 * minuteMs);
    assert.equal(await sweep(), 3 * 16 * limit);
  });
});

describe('doors that need no credential', () => {
  const roster = setUpRoster({ env: { ROSTER_LIMIT_PAGE: '5', ROSTER_TRUSTED_PROXIES: '127.0.0.1' } });

  test('a stranger gets a limited number of pages, documents and unknown paths, and others go on', async () => {
    const paths = [
      '/nowhere',
      '/openapi/sonar.json',
      '/docs',
      '/connect',
      '/set-password',
      '/.well-known/jwks.json',
    ];
    const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });
    for (let count = 0; count < 5; count++) await roster.call('GET /nowhere', from('203.0.113.9'));
    for (const path of paths) {
      const reply = await roster.call(`GET ${path}`, from('203.0.113.9'));
      assert.equal(reply.status, 429, path);
      assert.match(reply.header('retry-after') ?? '', /^\d+$/);
    }
    for (const path of ['/healthz', '/readyz', '/connect/notice.js']) {
      assert.equal((await roster.call(`GET ${path}`, from('203.0.113.9'))).status, 200, path);
    }
    assert.equal((await roster.call('GET /nowhere', from('203.0.113.10'))).status, 404);
  });
});
