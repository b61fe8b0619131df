/** The pages of the console and the page at `/`: what they allow, and where they are. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Call } from '../../src/http/contract.ts';
import { isHttpRefusal } from '../../src/http/http-refusals.ts';
import { consolePages } from '../../src/pages/console/console-page.ts';
import { setUpRoster } from '../support/server/set-up.ts';

/** A call of which a page of the console reads only headers and parameters. */
function callWith(headers: Record<string, string>, params: Record<string, string>): Call {
  const call: Partial<Call> = { headers, params };
  return call as Call;
}

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the document of the console', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'roster-console-'));
  after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'main-1a2b.js'), 'export {};');
  await writeFile(join(folder, 'people-page-3c4d.js'), 'export {};');
  await writeFile(join(folder, 'main-5e6f.css'), 'body {}');
  const pages = consolePages(folder);
  const document = pages.find(({ path }) => path === '/console');
  const answer = await document?.handle(callWith({ 'accept-language': 'es' }, {}));

  test('has files of this server alone, and nothing inline', () => {
    const text = String(answer?.content);
    assert.match(text, /<script type="module" src="\/console\/assets\/main-1a2b\.js"><\/script>/);
    assert.match(text, /<link rel="stylesheet" href="\/console\/assets\/main-5e6f\.css">/);
    assert.doesNotMatch(text, /<style|style=|<script(?! type="module" src=)/);
    assert.match(text, /<html lang="es"/);
  });

  test('forbids inline scripts, inline styles, other hosts and frames', () => {
    const headers = answer?.headers ?? {};
    const policy = headers['content-security-policy'] ?? '';
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    const directives = new Map(policy.split('; ').map((each) => [each.split(' ')[0], each]));
    assert.equal(directives.get('default-src'), "default-src 'none'");
    assert.equal(directives.get('script-src'), "script-src 'self'");
    assert.equal(directives.get('style-src'), "style-src 'self'");
    assert.equal(directives.get('frame-ancestors'), "frame-ancestors 'none'");
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
  });

  test('loads files that browsers may store for ever', async () => {
    const file = pages.find(({ path }) => path === '/console/assets/:name');
    const read = (name: string) => file?.handle(callWith({}, { name }));
    const found = await read('people-page-3c4d.js');
    assert.equal(found?.headers?.['cache-control'], 'public, max-age=31536000, immutable');
    await assert.rejects(async () => read('../package.json'));
  });

  test('is not there without a build', async () => {
    const [unbuilt] = consolePages(join(folder, 'nowhere'));
    await assert.rejects(
      async () => unbuilt?.handle(callWith({}, {})),
      (error) => isHttpRefusal(error, 'route_not_found'),
    );
  });
});

describe('with the console', () => {
  const roster = setUpRoster();
  const get = (path: string, headers: Record<string, string> = browser): Promise<Response> =>
    fetch(`${roster.baseUrl}${path}`, { headers });

  test('a browser that opens the deployment is led to the console and the reference', async () => {
    const answer = await get('/');
    assert.equal(answer.status, 200);
    const text = await answer.text();
    assert.match(text, /href="\/console"/);
    assert.match(text, /href="\/docs"/);
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const spanish = await get('/', { ...browser, 'accept-language': 'es-AR' });
    assert.match(await spanish.text(), /Abrir la consola/);
  });

  test('a program that asks for the same address gets JSON', async () => {
    for (const headers of [{}, { accept: 'application/json' }, { accept: '*/*' }]) {
      const answer = await get('/', headers as Record<string, string>);
      assert.equal(answer.status, 404);
      assert.deepEqual(Object.keys(Object(await answer.json())), ['error', 'message']);
    }
    const post = await fetch(`${roster.baseUrl}/`, { method: 'POST', headers: browser });
    assert.equal(post.status, 404);
  });

  test('an unknown path of its API is answered in JSON, in its envelope', async () => {
    for (const path of ['/console/api', '/console/api/v1', '/console/api/v1/nowhere', '/console/assets']) {
      const answer = await get(path);
      assert.equal(answer.status, 404, path);
      assert.equal(Object(await answer.json()).error.code, 'route_not_found', path);
    }
  });

  test('its pages take no other method', async () => {
    for (const path of ['/console', '/console/people', '/console/people/usr_1/timeline']) {
      const answer = await fetch(`${roster.baseUrl}${path}`, { method: 'DELETE' });
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD'], path);
    }
  });
});

describe('without the console', () => {
  const roster = setUpRoster({ env: { ROSTER_CONSOLE: 'off' } });

  test('neither its pages nor its API nor the page at / are there', async () => {
    for (const path of ['/', '/console', '/console/people', '/console/api/v1/session']) {
      const answer = await fetch(`${roster.baseUrl}${path}`, { headers: browser });
      assert.equal(answer.status, 404, path);
      assert.equal(Object(await answer.json()).error, 'not_found', path);
    }
  });
});
