import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browserTest } from '../support/machine/browser.ts';
import { type Harness, startHarness } from './harness.ts';

describe('the reference page', () => {
  let harness: Harness;
  before(async () => {
    harness = await startHarness({
      handlers: { listLamps: async ({ principal }) => ({ status: 200, body: ['a lamp', principal?.kind] }) },
    });
  });
  after(() => harness.close());

  test('lists every contract, and allows no other host', async () => {
    for (const path of ['/docs', '/docs/']) {
      const reply = await harness.ask(`GET ${path}`, { key: null });
      assert.equal(reply.status, 200);
      assert.match(reply.headers.get('content-type') ?? '', /^text\/html/);
      const policy = reply.headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
      const html = await reply.text();
      assert.match(html, /\/openapi\/lighthouse\.json/);
      assert.match(html, /\/openapi\/harbor\.json/);
      assert.doesNotMatch(html, /https?:\/\//);
    }
  });

  test('serves its own script, which caches may store for ever, compressed where the browser accepts it', async () => {
    const html = await (await harness.ask('GET /docs', { key: null })).text();
    const [path = ''] = /\/docs\/js\/scalar-[0-9a-f]{16}\.js/.exec(html) ?? [];
    assert.ok(path);
    const plain = await harness.ask(`GET ${path}`, { key: null, headers: { 'accept-encoding': 'identity' } });
    assert.equal(plain.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.equal(plain.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(plain.headers.get('content-encoding'), null);
    const script = await plain.text();
    assert.ok(script.length > 1_000_000);
    for (const coding of ['br', 'gzip']) {
      const packed = await harness.ask(`GET ${path}`, { key: null, headers: { 'accept-encoding': coding } });
      assert.equal(packed.headers.get('content-encoding'), coding);
      assert.equal(packed.headers.get('vary'), 'Accept-Encoding');
      assert.ok(Number(packed.headers.get('content-length')) < script.length / 3, coding);
      assert.equal(await packed.text(), script, coding);
    }
    assert.equal((await harness.ask('GET /docs/js/scalar.js', { key: null })).status, 200);
    assert.equal((await harness.ask('GET /docs/js/scalar-0.js', { key: null })).status, 404);
  });

  browserTest(
    'shows the documents and tries a call, with requests to this server alone',
    async ({ page, context }) => {
      const asked: string[] = [];
      const complaints: string[] = [];
      context.on('request', (request) => asked.push(request.url()));
      page.on('console', (line) => {
        if (line.type() === 'error') complaints.push(line.text());
      });
      page.on('pageerror', ({ message }) => complaints.push(message));

      await page.goto(`${harness.origin}/docs`);
      await page.getByRole('heading', { name: 'List lamps' }).waitFor();
      // What the reader shows in an empty field for a credential.
      await page.getByPlaceholder('QUxMIFlPVVIgQkFTRSBBUkUgQkVMT05HIFRPIFVT').first().fill('reader');
      await page.getByRole('button', { name: 'Test Request' }).first().click();
      await page.getByRole('button', { name: 'Send' }).first().click();
      await page.getByText('a lamp').first().waitFor();

      assert.ok(
        harness.lines.some(
          ({ fields }) => fields['route'] === '/lighthouse/v2/lamps' && fields['status'] === 200,
        ),
      );
      assert.deepEqual(
        asked.filter((url) => !url.startsWith(harness.origin) && !/^(data|blob):/.test(url)),
        [],
      );
      assert.deepEqual(complaints, []);
    },
  );
});
