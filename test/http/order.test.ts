import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type AskInit, type Harness, startHarness } from './harness.ts';
import { codeOf } from './harness-answers.ts';

const tooLarge: AskInit = { body: 'x'.repeat(300_000), headers: { 'content-type': 'text/plain' } };
const wrongType: AskInit = { body: '{', headers: { 'content-type': 'text/plain' } };
const brokenJson: AskInit = { body: '{', headers: { 'content-type': 'application/json' } };

describe('the order of the checks', () => {
  let harness: Harness;
  before(async () => {
    harness = await startHarness({ quota: 3 });
  });
  after(() => harness.close());

  const code = async (line: string, init: AskInit): Promise<string> => {
    const reply = await harness.ask(line, init);
    return `${reply.status} ${codeOf(await reply.text())}`;
  };

  test('the path comes before the method, the method before the credential', async () => {
    assert.equal(await code('PATCH /lighthouse/nowhere', { key: null }), '404 lighthouse route_not_found');
    assert.equal(await code('PATCH /v2/lamps', { key: null }), '405 lighthouse method_not_allowed');
  });

  test('the credential comes before the role, the role before the body', async () => {
    assert.equal(await code('POST /v2/lamps', { ...tooLarge, key: null }), '401 lighthouse unauthorized');
    assert.equal(await code('POST /v2/lamps', { ...tooLarge, key: 'reader' }), '403 lighthouse forbidden');
  });

  test('the size comes before the content type, the content type before the JSON', async () => {
    assert.equal(await code('POST /v2/lamps', tooLarge), '413 lighthouse payload_too_large');
    assert.equal(await code('POST /v2/lamps', wrongType), '415 lighthouse unsupported_media_type');
    assert.equal(await code('POST /v2/lamps', brokenJson), '400 lighthouse malformed_body');
  });

  test('the throttle comes before the body, and counts by network', async () => {
    for (const expected of [
      '413 lighthouse payload_too_large',
      '415 lighthouse unsupported_media_type',
      '400 lighthouse malformed_body',
    ]) {
      const init = expected.startsWith('413')
        ? tooLarge
        : expected.startsWith('415')
          ? wrongType
          : brokenJson;
      assert.equal(await code('POST /v2/signal', init), expected);
    }
    const reply = await harness.ask('POST /v2/signal', tooLarge);
    assert.equal(`${reply.status} ${codeOf(await reply.text())}`, '429 lighthouse rate_limited');
    assert.equal(reply.headers.get('retry-after'), '30');
    assert.equal(new Set(harness.hits).size, 1);
    assert.doesNotMatch(harness.hits.join(), /127\.0\.0\.1/);
  });

  test('a method that the path does not have is not counted', async () => {
    const before = harness.hits.length;
    await harness.ask('GET /v2/signal');
    assert.equal(harness.hits.length, before);
  });
});

describe('the network behind a trusted proxy', () => {
  const networkOf = async (trustedProxies: readonly string[], forwarded: string): Promise<unknown> => {
    const harness = await startHarness({ settings: { trustedProxies } });
    const reply = await harness.ask('POST /v2/signal', { headers: { 'x-forwarded-for': forwarded } });
    const { network } = JSON.parse(await reply.text());
    await harness.close();
    return network;
  };

  test('X-Forwarded-For is ignored unless the proxy is listed', async () => {
    assert.equal(await networkOf([], '203.0.113.9'), '127.0.0.1');
    assert.equal(await networkOf(['10.0.0.0/8'], '203.0.113.9'), '127.0.0.1');
  });

  test('production warns once of the header from another peer, and names no address', async () => {
    const warnings = async (isProduction: boolean, trustedProxies: readonly string[]): Promise<number> => {
      const harness = await startHarness({ settings: { trustedProxies }, isProduction });
      const headers = { 'x-forwarded-for': '203.0.113.9' };
      for (let count = 0; count < 3; count++) await harness.ask('GET /healthz', { headers });
      await harness.close();
      const warned = harness.lines.filter(({ message }) => message.startsWith('X-Forwarded-For'));
      assert.doesNotMatch(JSON.stringify(warned), /203\.|127\./);
      return warned.length;
    };
    assert.equal(await warnings(true, ['10.0.0.0/8']), 1);
    assert.equal(await warnings(true, ['127.0.0.1']), 0);
    assert.equal(await warnings(false, []), 0);
  });

  test('the last address that no listed proxy added counts', async () => {
    assert.equal(await networkOf(['127.0.0.0/8'], '198.51.100.1, 203.0.113.9'), '203.0.113.9');
    assert.equal(
      await networkOf(['127.0.0.1', '203.0.113.0/24'], '198.51.100.1, 203.0.113.9'),
      '198.51.100.1',
    );
    assert.equal(await networkOf(['127.0.0.1'], '2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  });
});
