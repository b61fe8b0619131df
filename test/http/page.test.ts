import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PageRoute } from '../../src/http/page.ts';
import { type Harness, startHarness } from './harness.ts';
import { codeOf, readAnswer } from './harness-answers.ts';

const html = 'text/html; charset=utf-8';
const pages: readonly PageRoute[] = [
  {
    ...{ method: 'GET', path: '/welcome/:name', operationId: 'welcome' },
    async handle({ params, door }) {
      const headers = { 'Content-Security-Policy': "default-src 'self'", 'Cache-Control': 'private' };
      return { status: 200, headers, content: `<p>${params['name']} by ${door}</p>`, contentType: html };
    },
  },
  {
    ...{ method: 'POST', path: '/welcome', operationId: 'welcome.send', networkThrottle: 'signup' },
    bodyTypes: ['application/x-www-form-urlencoded'],
    handle: async ({ body }) => ({ status: 200, body }),
    present: ({ code }) => ({ status: 400, content: `<p>${code}</p>`, contentType: html }),
  },
];

describe('a page of our own', () => {
  let harness: Harness;
  before(async () => {
    harness = await startHarness({ pages, quota: 2 });
  });
  after(() => harness.close());

  test('answers on any host, a contract’s too, and sets its own headers', async () => {
    for (const host of ['localhost', 'lighthouse.example.com']) {
      const ask = `GET /welcome/jane HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      const answer = readAnswer(await harness.speak(ask));
      assert.equal(answer.status, 200);
      assert.equal(answer.text, '<p>jane by pages</p>');
      assert.equal(answer.headers.get('content-type'), html);
      assert.equal(answer.headers.get('content-security-policy'), "default-src 'self'");
      assert.equal(answer.headers.get('cache-control'), 'private');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    }
  });

  test('takes forms and throttles by network, and refuses in words of its own', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const sent = await harness.ask('POST /welcome', { headers, body: 'a=1&a=2' });
    assert.deepEqual(await sent.json(), { a: ['1', '2'] });
    const wrong = await harness.ask('POST /welcome', { json: {} });
    assert.equal(await wrong.text(), '<p>unsupported_media_type</p>');
    const often = await harness.ask('POST /welcome', { headers });
    assert.equal(await often.text(), '<p>rate_limited</p>');
    assert.equal(often.headers.get('retry-after'), '30');
  });

  test('is refused in the fallback’s envelope where it has no words', async () => {
    for (const [line, code] of [
      ['PUT /welcome/jane', 'harbor method_not_allowed'],
      ['GET /welcome/jane/more', 'harbor route_not_found'],
    ] as const) {
      assert.equal(codeOf(await (await harness.ask(line)).text()), code);
    }
  });

  test('a HEAD request gets the head alone', async () => {
    const bytes = await harness.speak('HEAD /welcome/jane HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(bytes, /^HTTP\/1\.1 200 .*content-length: 20\r\n.*\r\n\r\n$/s);
  });
});
