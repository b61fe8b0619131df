import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { updateApp } from '../../src/core/directory/organization-lifecycle.ts';
import { dayMs, hourMs } from '../../src/core/time.ts';
import type { Call } from '../../src/http/contract.ts';
import { assetsFolder, readAssets } from '../../src/pages/connect/connect-assets.ts';
import { connectPages } from '../../src/pages/connect/connect-page.ts';
import { createSiteTexts } from '../../src/pages/site-texts.ts';
import type { Reply } from '../support/server/http.ts';
import { openLedger } from '../support/server/ledger.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';
import { addConnection, askToken, openSession } from './connect-calls.ts';

const origins = ['https://app.example.com', 'http://localhost:3000'];

describe('the frame of the Connect page', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);

  before(async () => {
    await updateApp(roster.core, testDoor, { appId: tenant.app.appId, origins });
  });

  const open = (token: string, headers: Record<string, string> = {}): Promise<Reply> =>
    roster.call(`GET /connect?token=${encodeURIComponent(token)}&mode=auth`, { headers });

  function policyOf(reply: Reply): Readonly<Record<string, string>> {
    const parts = reply.header('content-security-policy').split('; ');
    return Object.fromEntries(parts.map((part) => [part.split(' ', 1)[0], part.replace(/^\S+ /, '')]));
  }

  test('is built from its present source (by `npm run build`)', () => {
    const newest = (folder: string): number =>
      Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs));
    const source = join(import.meta.dirname, '..', '..', 'web', 'connect');
    assert.ok(newest(assetsFolder) >= newest(source), 'the page was changed since it was built');
  });

  test('may be shown in a frame by the origins of the app, and by no other', async () => {
    const { token } = await openSession(roster);
    const reply = await open(token);
    assert.equal(reply.status, 200);
    assert.equal(reply.header('content-type'), 'text/html; charset=utf-8');
    assert.equal(policyOf(reply)['frame-ancestors'], origins.join(' '));
    assert.equal(reply.headers['x-frame-options'], undefined);
    const other = await roster.addOrganization();
    const unlisted = await open((await openSession(roster, other.app)).token);
    assert.equal(policyOf(unlisted)['frame-ancestors'], "'none'");
  });

  test('runs only its own files, and sends its address to no other site', async () => {
    const { token } = await openSession(roster);
    const reply = await open(token);
    const { 'default-src': other, 'script-src': script, 'style-src': style, ...rest } = policyOf(reply);
    assert.deepEqual([other, script, style, rest['connect-src']], ["'none'", ...Array(3).fill("'self'")]);
    assert.equal(reply.header('referrer-policy'), 'no-referrer');
    assert.equal(reply.header('cache-control'), 'no-store');
    assert.equal(reply.header('x-content-type-options'), 'nosniff');
    assert.doesNotMatch(reply.text, /<script(?![^>]* src=)|<style| style=| on\w+=/);
    assert.ok(!reply.text.includes(token), 'the token stands in the page');
  });

  test('a request for it changes nothing', async () => {
    const { token } = await openSession(roster);
    const ledger = await openLedger(roster);
    await open(token);
    await open('nonsense');
    await ledger.expect({});
  });

  test('id and public tokens open it too, and tokens for backends do not', async () => {
    const { token, humanId, externalId } = await openSession(roster);
    await addConnection(roster, humanId, { status: 'active' });
    const id = await askToken(roster, { type: 'id', client_user_id: externalId });
    const access = await askToken(roster, { type: 'access', client_user_id: externalId });
    const { appId: clientId, clientSecret } = tenant.app;
    const json = { humanId, clientId, clientSecret, sessionToken: token };
    const tokens = await roster.call('POST /v1/connect/tokens', { json });
    const statusOf = async (each: string): Promise<number> => (await open(each)).status;
    assert.deepEqual(
      [await statusOf(id.string('id_token')), await statusOf(tokens.string('publicToken'))],
      [200, 200],
    );
    for (const name of ['access_token', 'refresh_token'])
      assert.equal(await statusOf(access.string(name)), 403);
    assert.equal(await statusOf(tokens.string('accessToken')), 403);
  });

  test('an expired token still names its app, so that the page can say so in its frame', async () => {
    const { token } = await openSession(roster);
    roster.clock.advance(hourMs);
    const reply = await open(token);
    assert.equal(reply.status, 403);
    assert.equal(policyOf(reply)['frame-ancestors'], origins.join(' '));
    assert.match(reply.text, /<script type="module"/);
    roster.clock.advance(7 * dayMs);
    await roster.core.work.changeSystem('job', (tx) => tx.housekeeping.sweep(roster.clock.now(), 1_000));
    assert.match((await open(token)).text, /does not work any more/);
  });

  test('a text that is no token gets a notice, whose only control closes the frame', async () => {
    const other = await roster.addOrganization();
    const { token } = await openSession(roster, other.app);
    for (const wrong of ['', 'nonsense', `${token.slice(0, -1)}~`, token.replace('cs_', 'st_')]) {
      const reply = await open(wrong);
      assert.equal(reply.status, 403);
      assert.match(reply.text, /<h1>This window does not work any more<\/h1>/);
      assert.doesNotMatch(reply.text, /<form|<a /);
      assert.deepEqual(reply.text.match(/<(script|button).*?>/g), [
        '<script src="connect/notice.js">',
        '<button type="button" data-close hidden>',
      ]);
      assert.match(reply.header('content-security-policy'), /^default-src 'none'.*; script-src 'self'$/);
    }
    for (const line of ['GET /connect', 'GET /connect?token=a&token=b']) {
      assert.equal((await roster.call(line)).status, 403);
    }
  });

  test('has the language of the address, else of the browser', async () => {
    const { token } = await openSession(roster);
    const spanish = await open(token, { 'accept-language': 'es-MX,en;q=0.5' });
    assert.match(spanish.text, /<html lang="es">/);
    assert.equal(spanish.header('content-language'), 'es');
    const english = await roster.call(`GET /connect?token=${token}&lang=en`, {
      headers: { 'accept-language': 'es' },
    });
    assert.match(english.text, /<html lang="en">/);
    const unknown = await roster.call('GET /connect?token=x', { headers: { 'accept-language': 'es' } });
    assert.match(unknown.text, /Esta ventana ya no funciona/);
  });

  for (const [path, base] of [
    ['/connect', '/connect/'],
    ['/connect/', '/connect/'],
  ] as const) {
    test(`its files are beside it at ${path}, under names that may be cached without an end`, async () => {
      const { token } = await openSession(roster);
      const { text } = await roster.call(`GET ${path}?token=${token}`);
      const names = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name]) => name ?? '');
      assert.equal(names.length, 2);
      for (const name of names) {
        const { pathname } = new URL(name, `http://roster${path}`);
        assert.ok(pathname.startsWith(`${base}assets/main-`), pathname);
        const plain = await roster.call(`GET ${pathname}`);
        assert.equal(plain.status, 200);
        assert.equal(plain.header('cache-control'), 'public, max-age=31536000, immutable');
        assert.match(plain.header('content-type'), /^text\/(css|javascript); charset=utf-8$/);
        const packed = await fetch(`${roster.baseUrl}${pathname}`, { headers: { 'accept-encoding': 'br' } });
        assert.equal(packed.headers.get('content-encoding'), 'br');
        assert.equal(await packed.text(), plain.text);
      }
      const api = new URL(/data-api="([^"]+)"/.exec(text)?.[1] ?? '', `http://roster${path}`).pathname;
      assert.equal(api, '/connect/api/');
    });
  }

  test('is read at the request, so that a page that is built later is served without a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'roster-page-'));
    try {
      await assert.rejects(readAssets(join(folder, 'nowhere')));
      await assert.rejects(readAssets(folder), /there is no script/);
      const route = connectPages(roster.core, createSiteTexts(), folder).find(({ path }) =>
        path.endsWith('/:name'),
      );
      const ask: Call = {
        ...{ params: { name: 'main-1.js' }, headers: {}, query: {}, principal: null, door: 'pages' },
        ...{
          operationId: null,
          body: undefined,
          rawBody: Buffer.alloc(0),
          requestId: '',
          network: '',
          baseUrl: '',
        },
        arrival: { network: '', arrivedAt: 0 },
      };
      await assert.rejects(route?.handle(ask) ?? Promise.resolve());
      await writeFile(join(folder, 'main-1.js'), 'export {};');
      assert.equal((await route?.handle(ask))?.status, 200);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is small: less than 120 KiB are transferred', () => {
    const files = readdirSync(assetsFolder).filter((name) => name.endsWith('.br'));
    const sizes = files.map((name) => statSync(join(assetsFolder, name)).size);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 120 * 1024, String(sizes));
    for (const name of files) {
      assert.ok(brotliDecompressSync(readAsset(name)).equals(readAsset(name.slice(0, -3))), name);
    }
  });

  test('the picture that the client shows while it loads may be shown by any site', async () => {
    // The client appends the path to the whole base address, also after a query.
    for (const base of ['/connect/', '/connect//', '/connect?lang=es/', '/connect/?lang=en//']) {
      const picture = await roster.call(`GET ${base}images/data-source-type-icons/launch-connect-text.svg`);
      assert.equal(picture.status, 200);
      assert.equal(picture.header('content-type'), 'image/svg+xml');
      assert.equal(picture.header('cross-origin-resource-policy'), 'cross-origin');
      assert.match(picture.text, /^<svg /);
    }
  });

  test('unknown paths are not found, and other methods are not allowed', async () => {
    assert.equal((await roster.call('GET /connect/assets/main.js')).status, 404);
    assert.equal((await roster.call('GET /connect/assets/..%2Fpackage.json')).status, 404);
    const refused = await roster.call('POST /connect');
    assert.deepEqual([refused.status, refused.header('allow')], [405, 'GET, HEAD']);
  });
});

function readAsset(name: string): Buffer {
  return readFileSync(join(assetsFolder, name));
}
