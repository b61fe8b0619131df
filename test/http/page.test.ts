import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keyRoles } from '../../src/core/access/principal.ts';
import { refuse } from '../../src/core/errors.ts';
import type { PageAccess, PageRoute } from '../../src/http/page.ts';
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

/** The door of a page for members of staff: everyone else is refused before the page runs. */
const access: PageAccess = {
  action: 'staff.invite',
  async authenticate({ headers, door }) {
    const role = keyRoles.find((each) => each === headers['x-lamp-key']);
    if (role === undefined) throw refuse('unauthorized', {});
    return { kind: 'api_key', orgKey: 1, keyId: `key_${role}`, role, door };
  },
};
const staffPages: readonly PageRoute[] = (['PUT', 'PATCH', 'DELETE'] as const).map((method) => ({
  ...{ method, path: '/staff/:name', operationId: `staff.${method}`, access },
  handle: async ({ body, params, principal, baseUrl }) => ({
    status: 200,
    body: { method, body: body ?? null, name: params['name'], kind: principal?.kind, baseUrl },
  }),
}));

describe('a page of our own', () => {
  let harness: Harness;
  before(async () => {
    harness = await startHarness({ pages: [...pages, ...staffPages], quota: 2 });
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

  test('accepts forms, throttles by network, and presents its own refusals', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const sent = await harness.ask('POST /welcome', { headers, body: 'a=1&a=2' });
    assert.deepEqual(await sent.json(), { a: ['1', '2'] });
    const wrong = await harness.ask('POST /welcome', { json: {} });
    assert.equal(await wrong.text(), '<p>unsupported_media_type</p>');
    const often = await harness.ask('POST /welcome', { headers });
    assert.equal(await often.text(), '<p>rate_limited</p>');
    assert.equal(often.headers.get('retry-after'), '30');
  });

  test('is refused in the fallback’s envelope if it presents no refusals', async () => {
    for (const [line, code] of [
      ['PUT /welcome/jane', 'harbor method_not_allowed'],
      ['GET /welcome/jane/more', 'harbor route_not_found'],
    ] as const) {
      assert.equal(codeOf(await (await harness.ask(line)).text()), code);
    }
  });

  test('a HEAD request gets the head only', async () => {
    const bytes = await harness.speak('HEAD /welcome/jane HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(bytes, /^HTTP\/1\.1 200 .*content-length: 20\r\n.*\r\n\r\n$/s);
  });

  test('takes PUT, PATCH and DELETE, and callers whom the rulebook allows its action', async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const line = `${method} /staff/jane`;
      const taken = await harness.ask(line, { key: 'member', json: { a: 1 } });
      assert.deepEqual(await taken.json(), {
        ...{ method, body: method === 'DELETE' ? null : { a: 1 }, name: 'jane', kind: 'api_key' },
        baseUrl: 'https://directory.example.com',
      });
      for (const [key, code] of [
        [null, 'harbor unauthorized'],
        ['reader', 'harbor forbidden'],
      ] as const) {
        const refused = await harness.ask(line, { key, body: 'x'.repeat(300_000) });
        assert.equal(codeOf(await refused.text()), code);
      }
    }
    assert.equal(codeOf(await (await harness.ask('GET /staff/jane')).text()), 'harbor method_not_allowed');
  });
});
