import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createHarbor, type Harness, startHarness } from './harness.ts';
import { createLighthouse } from './lighthouse/contract.ts';

const page = 'https://app.example.com';
const asking = { origin: page, 'access-control-request-method': 'POST' };

describe('pages of configured origins', () => {
  let harness: Harness;
  before(async () => {
    const shut = { ...createLighthouse(), name: 'cellar', claims: () => false, allowsBrowsers: false };
    harness = await startHarness({
      contracts: [createLighthouse(), shut, createHarbor()],
      settings: { corsOrigins: [page] },
    });
  });
  after(() => harness.close());

  test('may read every answer and the header fields of the API', async () => {
    for (const [line, status] of [
      ['GET /v2/lamps', 200],
      ['GET /lighthouse/nowhere', 404],
      ['DELETE /v2/lamps', 405],
    ] as const) {
      const reply = await harness.ask(line, { headers: { origin: page } });
      assert.equal(reply.status, status);
      assert.equal(reply.headers.get('access-control-allow-origin'), page);
      assert.equal(reply.headers.get('vary'), 'Origin');
      assert.equal(
        reply.headers.get('access-control-expose-headers'),
        'X-User-Token, X-Email-Pending, X-Request-Id, X-Erasure-Id, X-Challenge, Retry-After',
      );
      assert.equal(reply.headers.get('access-control-allow-credentials'), null);
    }
  });

  test('learn from a preflight which methods and header fields they may send', async () => {
    const reply = await harness.ask('OPTIONS /v2/lamps', { key: null, headers: asking });
    assert.equal(reply.status, 204);
    assert.equal(await reply.text(), '');
    assert.equal(reply.headers.get('access-control-allow-origin'), page);
    assert.equal(reply.headers.get('access-control-allow-methods'), 'GET, HEAD, POST');
    assert.match(
      reply.headers.get('access-control-allow-headers') ?? '',
      /X-App-Id, X-Challenge-Answer, X-User-Token/,
    );
    assert.ok(reply.headers.get('x-request-id'));
  });

  test('of other origins get no CORS header fields', async () => {
    const headers = { ...asking, origin: 'https://evil.example.com' };
    for (const line of ['OPTIONS /v2/lamps', 'GET /v2/lamps']) {
      const reply = await harness.ask(line, { headers });
      const names = [...reply.headers.keys()].filter((name) => name.startsWith('access-control'));
      assert.deepEqual(names, []);
      assert.equal(reply.headers.get('vary'), 'Origin');
    }
  });

  test('OPTIONS that is not a preflight is 405, on an unknown path 404', async () => {
    assert.equal((await harness.ask('OPTIONS /v2/lamps')).status, 405);
    assert.equal((await harness.ask('OPTIONS /v2/lamps', { headers: { origin: page } })).status, 405);
    assert.equal((await harness.ask('OPTIONS /lighthouse/nowhere', { headers: asking })).status, 404);
  });

  test('a contract for servers alone answers no preflight', async () => {
    const reply = await harness.ask('OPTIONS /cellar/v2/lamps', { headers: asking });
    assert.equal(reply.status, 405);
    assert.equal(reply.headers.get('access-control-allow-origin'), null);
  });
});

describe('without configured origins', () => {
  test('no browser may call', async () => {
    const harness = await startHarness();
    const reply = await harness.ask('OPTIONS /v2/lamps', { headers: asking });
    assert.equal(reply.status, 405);
    const plain = await harness.ask('GET /v2/lamps', { headers: asking });
    assert.equal(plain.headers.get('access-control-allow-origin'), null);
    await harness.close();
  });

  test('every origin can be allowed', async () => {
    const harness = await startHarness({ settings: { corsOrigins: ['*'] } });
    const reply = await harness.ask('GET /v2/lamps', { headers: { origin: 'null' } });
    assert.equal(reply.headers.get('access-control-allow-origin'), 'null');
    await harness.close();
  });
});
