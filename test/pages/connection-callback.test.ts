/** The page that a person sees who comes back from a provider, and the page of the demo provider itself. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { brandApp } from '../../src/core/directory/organization-lifecycle.ts';
import { parseUserIdText } from '../../src/core/ids.ts';
import { startConnection } from '../../src/core/providers/user-connections.ts';
import { digestOf } from '../../src/core/secret.ts';
import { addPerson } from '../support/contracts/people.ts';
import { browserTest } from '../support/machine/browser.ts';
import { approachDemo, type Jar, pressStart, visit, visitDemo } from '../support/server/demo-person.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import { startRoster, testDoor } from '../support/server/start.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const roster = setUpRoster();

/** The address of the start page, to which the person is sent. */
async function start(returnTo: 'page' | 'opener' = 'page'): Promise<string> {
  const { userId } = await addPerson(roster);
  const principal = { kind: 'operator', door: 'test', orgKey: roster.organization.key } as const;
  const user = { id: parseUserIdText(userId) ?? '' };
  const { authUrl } = await startConnection(roster.core, principal, { user, provider: 'demo', returnTo });
  return authUrl ?? '';
}

const open = async (query: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${roster.baseUrl}/connect/callback${query}`, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('the page after a visit to a provider', () => {
  test('names the app, with its colour and logo, and no app for an unknown state', async () => {
    const { appId } = roster.organization.app;
    const logo = Buffer.from('ffd8ffe000104a464946', 'hex');
    await brandApp(roster.core, testDoor, { appId, colour: '#1a2b3c', logo });
    const arrival = await visitDemo(await start(), 'allow');
    assert.match(
      arrival.text,
      /<header><img src="\/connect\/logos\/[0-9a-f]+\/[0-9a-f]+" alt=""><span>Default<\/span>/,
    );
    assert.match(arrival.headers.get('content-security-policy') ?? '', /img-src 'self'/);
    assert.doesNotMatch((await open('?state=oas_1_x&code=y')).text, /<header/);
    await brandApp(roster.core, testDoor, { appId, colour: null, logo: null });
  });

  test('shows the outcome in the language of the browser, without any secret', async () => {
    for (const [language, heading] of [
      ['en', 'Demo is connected'],
      ['es-MX', 'Demo está conectado'],
    ] as const) {
      const arrival = await visitDemo(await start(), 'allow', { 'accept-language': language });
      assert.equal(arrival.status, 200);
      assert.ok(arrival.text.includes(`<h1>${heading}</h1>`), arrival.text);
      const { searchParams } = new URL(arrival.url);
      for (const name of ['code', 'state']) {
        assert.ok(!arrival.text.includes(searchParams.get(name) ?? 'missing'), name);
      }
      assert.equal(arrival.headers.get('referrer-policy'), 'no-referrer');
      assert.equal(arrival.headers.get('cache-control'), 'no-store');
      assert.ok(!arrival.text.includes('<script'));
      assert.doesNotMatch(arrival.headers.get('content-security-policy') ?? '', /script-src/);
    }
  });

  test('tells that the person denied access', async () => {
    const arrival = await visitDemo(await start(), 'deny');
    assert.equal(arrival.status, 200);
    assert.match(arrival.text, /Demo is not connected/);
  });

  test('shows the outcome again on a reload, for as long as the state is valid', async () => {
    for (const [decision, heading] of [
      ['allow', /<h1>Demo is connected</],
      ['deny', /<h1>Demo is not connected</],
    ] as const) {
      const jar: Jar = new Map();
      const arrival = await visitDemo(await start(), decision, {}, jar);
      const before = await roster.rows.count('audit_events');
      for (let time = 0; time < 2; time += 1) {
        const again = await visit(arrival.url, jar);
        assert.equal(again.status, 200);
        assert.match(again.text, heading);
      }
      assert.equal(await roster.rows.count('audit_events'), before);
      roster.clock.advance(10 * 60_000);
      const late = await visit(arrival.url, jar);
      assert.equal(late.status, 400);
      assert.match(late.text, /This link does not work any more/);
    }
  });

  test('parallel deliveries of one callback all show that it is connected', async () => {
    const { callback, jar } = await approachDemo(await start());
    const answers = await Promise.all(Array.from({ length: 6 }, () => visit(callback, jar)));
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.match(answer.text, /<h1>Demo is connected</);
    }
    assert.equal(await roster.rows.count('revocations', "state in ('pending', 'overdue')"), 0);
  });

  test('says that the connection is being made while another delivery works on it, and loads itself again', async () => {
    const authUrl = await start('opener');
    const callback = new URL(`${roster.baseUrl}/connect/callback`);
    const jar: Jar = new Map();
    const state = new URL(await pressStart(authUrl, jar)).searchParams.get('state') ?? '';
    callback.searchParams.set('state', state);
    callback.searchParams.set('code', 'code-1');
    const settlesAt = roster.clock.now() + 60_000;
    await roster.core.work.change(roster.organization.key, async (tx) => {
      const consumed = await tx.attempts.consume(digestOf(state));
      await tx.attempts.settle(consumed?.flowDigest ?? '', { outcome: 'exchanging', settlesAt });
    });
    const answer = await visit(callback, jar, { headers: { 'accept-language': 'es' } });
    assert.deepEqual([answer.status, answer.headers.get('refresh')], [202, '2']);
    const { text } = answer;
    assert.match(text, /<h1>Demo se está conectando</);
    assert.ok(!text.includes('<script'));
  });

  test('does nothing on HEAD, and connects on the GET that follows', async () => {
    const { callback, jar } = await approachDemo(await start());
    const before = await roster.rows.count('connections', "status = 'active'");
    for (let time = 0; time < 2; time += 1) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const head = await fetch(callback, { method: 'HEAD', headers: { cookie } });
      assert.deepEqual(
        [head.status, head.headers.get('cache-control'), await head.text()],
        [200, 'no-store', ''],
      );
    }
    assert.equal(await roster.rows.count('connections', "status = 'active'"), before);
    assert.match((await visit(callback, jar)).text, /<h1>Demo is connected</);
    assert.equal(await roster.rows.count('connections', "status = 'active'"), before + 1);
  });

  for (const query of [
    '',
    '?state=x',
    '?code=a&state=oas_1_short',
    `?code=a&state=oas_1_${'a'.repeat(43)}`,
    `?code=a&state=oas_zzzzzz_${'a'.repeat(43)}`,
    '?state=a&state=b&code=c',
    '?state=%00&code=%ff',
    `?state=${'a'.repeat(5_000)}`,
    '?error=access_denied',
  ]) {
    test(`the query "${query.slice(0, 40)}" is refused on a page`, async () => {
      const { status, headers, text } = await open(query, { 'accept-language': 'es' });
      assert.equal(status, 400);
      assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
      assert.match(text, /Este enlace ya no funciona/);
    });
  }

  const refused = { en: 'This link does not work any more', es: 'Este enlace ya no funciona' };
  const failed = { en: 'Demo could not be connected', es: 'No se pudo conectar Demo' };
  /** What is done to a callback that would connect, and what the person reads then. */
  const changes: readonly (readonly [
    what: string,
    status: number,
    heading: { readonly en: string; readonly es: string },
    change: (callback: URL) => unknown,
  ])[] = [
    ['that is too old', 400, refused, () => roster.clock.advance(10 * 60_000)],
    [
      'with the state of another organization',
      400,
      refused,
      async ({ searchParams }) => {
        const { key } = await roster.addOrganization('Elsewhere');
        const state = searchParams.get('state') ?? '';
        searchParams.set('state', state.replace(/^oas_[0-9a-z]+_/, `oas_${key.toString(36)}_`));
      },
    ],
    [
      'from another issuer',
      400,
      refused,
      ({ searchParams }) => searchParams.set('iss', 'https://evil.example'),
    ],
    ['without the issuer', 400, refused, ({ searchParams }) => searchParams.delete('iss')],
    [
      "with another person's code, which is bound to that person's verifier",
      502,
      failed,
      async ({ searchParams }) => {
        const { callback: other } = await approachDemo(await start());
        searchParams.set('code', other.searchParams.get('code') ?? '');
      },
    ],
    [
      'with an error that is no decision of the person',
      502,
      failed,
      ({ searchParams }) => {
        searchParams.delete('code');
        searchParams.set('error', 'temporarily_unavailable');
      },
    ],
  ];
  for (const [what, status, heading, change] of changes) {
    test(`a callback ${what} is refused in plain words, and connects nothing`, async () => {
      for (const language of ['en', 'es'] as const) {
        const before = await roster.rows.count('connections', "status = 'active'");
        const { callback, jar } = await approachDemo(await start());
        await change(callback);
        const answer = await visit(callback, jar, { headers: { 'accept-language': language } });
        assert.equal(answer.status, status);
        const { text } = answer;
        assert.ok(text.includes(`<html lang="${language}">`));
        assert.ok(text.includes(`<h1>${heading[language]}</h1>`), text);
        const active = await roster.rows.count('connections', "status = 'active'");
        assert.equal(active, before);
      }
    });
  }

  test('answers on any host', async () => {
    const reply = await roster.open('GET /connect/callback', { host: 'sonar.localhost' });
    assert.equal(reply.statusCode, 400);
    reply.resume();
  });

  test('a script of this server, and no other, sends the outcome to the page that opened it', async () => {
    const arrival = await visitDemo(await start('opener'));
    assert.match(arrival.text, /<script src="\/connect\/callback.js" defer><\/script>/);
    assert.match(arrival.headers.get('content-security-policy') ?? '', /; script-src 'self'$/);
    const script = await fetch(`${roster.baseUrl}/connect/callback.js`);
    assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.match(await script.text(), /window\.location\.origin/);
  });
});

describe('the addresses in the pages of a flow', () => {
  const addressIn = ({ url, text }: { url: string; text: string }, name: 'src' | 'href'): URL =>
    new URL(new RegExp(`${name}="([^"]*)"`).exec(text)?.[1]?.replaceAll('&#38;', '&') ?? '', url);
  const isScript = async (address: URL): Promise<boolean> =>
    (await fetch(address)).headers.get('content-type') === 'text/javascript; charset=utf-8';

  test('are right where the address of the page ends with a slash', async () => {
    const first = new URL(await start('opener'));
    first.pathname += '/';
    const jar: Jar = new Map();
    const opened = await visit(first, jar);
    assert.ok(await isScript(addressIn(opened, 'src')), opened.text);

    const { callback, jar: browser } = await approachDemo(await start('opener'));
    callback.pathname += '/';
    const elsewhere = await visit(callback, new Map());
    const again = await visit(addressIn(elsewhere, 'href'), new Map());
    assert.equal(again.status, 200, elsewhere.text);
    const returned = await visit(callback, browser);
    assert.match(returned.text, /Demo is connected/);
    assert.ok(await isScript(addressIn(returned, 'src')), returned.text);
  });

  test('are right below a public address with a path', async () => {
    const below = await startRoster({ env: { ROSTER_PUBLIC_URL: 'http://localhost:8080/users/' } });
    try {
      const { userId } = await addPerson(below);
      const principal = { kind: 'operator', door: 'test', orgKey: below.organization.key } as const;
      const user = { id: parseUserIdText(userId) ?? '' };
      const { authUrl } = await startConnection(below.core, principal, {
        user,
        provider: 'demo',
        returnTo: 'page',
      });
      const { href, pathname, search } = new URL(authUrl ?? '');
      assert.equal(pathname, '/users/connect/start');
      const text = await (await fetch(`${below.baseUrl}/connect/start${search}`)).text();
      assert.equal(addressIn({ url: href, text }, 'src').pathname, '/users/connect/start.js');
    } finally {
      await below.close();
    }
  });
});

describe('in a browser', () => {
  for (const [language, scheme] of [
    ['en-US', 'light'],
    ['en-US', 'dark'],
    ['es-MX', 'light'],
    ['es-MX', 'dark'],
  ] as const) {
    browserTest(
      `axe finds nothing in what a person sees on the way, in ${language} on ${scheme} pages`,
      async ({ page }) => {
        await page.setViewportSize({ width: 360, height: 640 });
        await page.emulateMedia({ colorScheme: scheme });
        const check = async (): Promise<void> => {
          await page.evaluate(axe);
          const found: readonly { id: string; nodes: readonly { html: string }[] }[] = await page.evaluate(
            'axe.run(document).then(({ violations }) => violations)',
          );
          const lines = found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
          assert.deepEqual(lines, []);
          assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
        };
        for (const button of ['first', 'last'] as const) {
          await page.goto(await start());
          await check();
          await page.getByRole('button').click();
          await page.locator('form button').nth(1).waitFor();
          await check();
          await page.getByRole('button')[button]().click();
          await page.getByRole('status').waitFor();
          await check();
        }
        await page.goto(page.url());
        await check();
      },
      { lang: language },
    );
  }

  browserTest('a person connects by keyboard on a phone', async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 640 });
    await page.goto(await start());
    await page.getByRole('button', { name: 'Continue to Demo' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Connect the demo wearable' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Demo is connected' }).waitFor();
  });

  browserTest(
    'the page that opened the pop-up hears that it is over, and the pop-up closes',
    async ({ page, context }) => {
      await page.goto(`${roster.baseUrl}/connect/callback`.replace('127.0.0.1', 'localhost'));
      const authUrl = await start('opener');
      const opened = context.waitForEvent('page');
      await page.evaluate(`
      window.heard = new Promise((resolve) => {
        window.addEventListener('message', ({ origin, data }) => resolve({ origin, ...data }), { once: true });
      });
      window.open(${JSON.stringify(authUrl)}, 'connect', 'popup');
    `);
      const popup = await opened;
      const closed = popup.waitForEvent('close');
      await popup.getByRole('button', { name: 'Continue to Demo' }).click();
      await popup.getByRole('button', { name: 'Allow access' }).click();
      const { port } = new URL(roster.baseUrl);
      assert.deepEqual(await page.evaluate('window.heard'), {
        origin: `http://localhost:${port}`,
        type: 'roster:connection',
      });
      await closed;
    },
  );
});
