/** The Connect page in a real browser, opened by the public client from npm on the web site of an app. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import type { Frame, FrameLocator, Page } from 'playwright-core';
import { hourMs } from '../../src/core/time.ts';
import { browserTest } from '../support/machine/browser.ts';
import type { Roster } from '../support/server/start.ts';
import { addConnection, type OpenSession, openSession } from './connect-calls.ts';
import {
  type EmbeddedRoster,
  type EmbeddingApp,
  messagesOf,
  openConnect,
  pressForWindow,
  startEmbedded,
  startEmbeddingApp,
  toldEvents,
} from './embedding-app.ts';

/** The SHA-256 of `build/humanapi-connect-client.js` in that package. */
const publishedClient = '0136d1f235fb8df7a1b1172a2b59fbf50f897ad28edb0bc9573b74d6d5d238d5';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe('the Connect page', () => {
  let embedded: EmbeddedRoster;
  let roster: Roster;
  let app: EmbeddingApp;
  let site: string;

  before(async () => {
    embedded = await startEmbedded({ origins: ['https://other.example'] });
    ({ roster, app, site } = embedded);
  });
  after(() => embedded.close());

  const open = (page: Page, { token }: OpenSession, query = ''): Promise<FrameLocator> =>
    openConnect(page, app, { token, base: `${site}/connect${query}` });

  type Decision = 'Allow access' | 'Cancel';

  /** Presses the button that connects the demo, and decides on the demo's own page. */
  async function connectDemo(page: Page, frame: FrameLocator, answer: Decision): Promise<Page> {
    const popup = await pressForWindow(page, frame.getByRole('button', { name: 'Connect Demo' }));
    await popup.getByRole('button', { name: answer }).click();
    return popup;
  }

  /** In light and in dark colours. */
  async function assertAccessible(frame: Frame): Promise<void> {
    await frame.evaluate(axe);
    for (const scheme of ['dark', 'light'] as const) {
      await frame.page().emulateMedia({ colorScheme: scheme });
      const follows = `html:not(:has(#root)), html[data-mantine-color-scheme="${scheme}"]`;
      await frame.locator(follows).waitFor({ state: 'attached' });
      const found: readonly { id: string; nodes: readonly { html: string }[] }[] = await frame.evaluate(
        'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
      );
      const lines = found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${scheme} ${id}: ${html}`));
      assert.deepEqual(lines, []);
    }
  }

  function connectFrame(page: Page): Frame {
    const frame = page.frames().find((each) => each.url().startsWith(`${site}/connect`));
    assert.ok(frame, 'there is no frame of Connect');
    return frame;
  }

  test('the client is the unchanged package 2.4.1 of npm', () => {
    const file = readFileSync(createRequire(import.meta.url).resolve('humanapi-connect-client'));
    assert.equal(hash('sha256', file), publishedClient);
  });

  browserTest(
    'a person connects, disconnects and closes, and the app gets an event each time',
    async ({ page }) => {
      const session = await openSession(roster);
      const frame = await open(page, session);
      await frame.getByRole('heading', { name: 'Connect your data' }).waitFor();
      const demo = frame.getByRole('listitem').filter({ hasText: 'Not a real service' });
      await demo.getByText('Demo', { exact: true }).first().waitFor();

      const popup = await connectDemo(page, frame, 'Allow access');
      await frame.getByText('Connected since March 2, 2026').waitFor();
      await frame.getByRole('status').filter({ hasText: 'Demo is connected.' }).waitFor();
      assert.ok(popup.isClosed(), 'the window of the provider is still open');
      const [connected] = await toldEvents(page);
      const [connection] = await roster.core.work.read(roster.organization.key, (tx) =>
        tx.connections.listOf(session.humanId),
      );
      const named = { id: connection?.id, name: 'Demo' };
      assert.deepEqual(connected, {
        event: 'connect',
        report: {
          type: 'hapi-connect-connect-source',
          sessionResults: { connectedSources: [named], disconnectedSources: [], requestedSources: [] },
          currentConnections: [named],
          requestedProviders: [],
        },
      });

      await frame.getByRole('button', { name: 'Disconnect Demo' }).click();
      const dialog = frame.getByRole('dialog', { name: 'Disconnect Demo?' });
      await dialog.getByRole('button', { name: 'Keep' }).click();
      await dialog.waitFor({ state: 'hidden' });
      assert.equal((await toldEvents(page)).length, 1);
      await frame.getByRole('button', { name: 'Disconnect Demo' }).click();
      await dialog.getByRole('button', { name: 'Disconnect' }).click();
      await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();

      await frame.getByRole('button', { name: 'Done' }).click();
      await page.locator('#human-api').waitFor({ state: 'detached' });
      const [, disconnected, closed, ...more] = await toldEvents(page);
      const results = { connectedSources: [named], disconnectedSources: [named], requestedSources: [] };
      const report = { sessionResults: results, currentConnections: [], requestedProviders: [] };
      assert.deepEqual(disconnected, {
        event: 'disconnect',
        report: { type: 'hapi-connect-disconnect-source', ...report },
      });
      assert.deepEqual(closed, { event: 'close', report: { type: 'hapi-connect-close', ...report } });
      assert.deepEqual(more, []);
      assert.deepEqual(
        [...new Set((await messagesOf(page)).map(({ origin }) => origin))],
        [site],
        'something else has sent messages',
      );
    },
  );

  browserTest('the token is taken out of the address, and goes along with no request', async ({ page }) => {
    const session = await openSession(roster);
    const asked: { url: string; referrer: string | undefined }[] = [];
    page.context().on('request', async (request) => {
      asked.push({ url: request.url(), referrer: (await request.allHeaders())['referer'] });
    });
    const frame = await open(page, session);
    const popup = await connectDemo(page, frame, 'Cancel');
    await frame.getByText('Access was not allowed').waitFor();
    assert.equal(connectFrame(page).url(), `${site}/connect`);
    const own = asked.filter(({ url }) => url.startsWith(site));
    const withToken = own.filter(({ url, referrer = '' }) => `${url} ${referrer}`.includes(session.token));
    assert.deepEqual(
      withToken.map(({ url }) => new URL(url).pathname),
      ['/connect'],
    );
    assert.ok(
      own.some(({ url }) => url.endsWith('/connect/images/data-source-type-icons/launch-connect-text.svg')),
    );
    await popup.close();
  });

  browserTest(
    'a person who denies access at the provider sees a notice, and may try again',
    async ({ page }) => {
      const frame = await open(page, await openSession(roster));
      const popup = await connectDemo(page, frame, 'Cancel');
      await frame.getByText('Access was not allowed, and nothing is shared. You can try again.').waitFor();
      await popup.getByRole('heading', { name: 'Demo is not connected' }).waitFor();
      await popup.close();
      await connectDemo(page, frame, 'Allow access');
      await frame.getByText('1 connected').waitFor();
    },
  );

  browserTest(
    'the page shows that a provider gave no grant, and the person may try again',
    async ({ page }) => {
      const frame = await open(page, await openSession(roster));
      // The demo sends the person back with a code that it then does not know.
      const beginning = '**/connect/start?*';
      await page.context().route(beginning, async (route) => {
        if (route.request().method() !== 'POST') return route.continue();
        const { location = '' } = (await route.fetch({ maxRedirects: 0 })).headers();
        const state = new URL(location).searchParams.get('state') ?? '';
        const said = new URLSearchParams({ state, code: 'made-up', iss: `${site}/demo-provider` });
        return route.fulfill({ status: 303, headers: { location: `${site}/connect/callback?${said}` } });
      });
      const popup = await pressForWindow(page, frame.getByRole('button', { name: 'Connect Demo' }));
      await popup.getByRole('heading', { name: 'Demo could not be connected' }).waitFor();
      await frame.getByText('Demo could not be connected. Try again in a while.').waitFor();
      await page.context().unroute(beginning);
      await popup.close();
      await connectDemo(page, frame, 'Allow access');
      await frame.getByText('1 connected').waitFor();
    },
  );

  browserTest('the page shows a failed disconnect, and the source stays', async ({ page }) => {
    const frame = await open(page, await openSession(roster));
    await connectDemo(page, frame, 'Allow access');
    await frame.getByText('1 connected').waitFor();
    const isEnd = (url: URL): boolean => url.pathname.includes('/connect/api/');
    await page.context().route(isEnd, (route) => route.abort());
    await frame.getByRole('button', { name: 'Disconnect Demo' }).click();
    await frame.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await frame.getByRole('alert').filter({ hasText: 'No connection.' }).waitFor();
    await page.context().unroute(isEnd);
    assert.equal((await toldEvents(page)).length, 1, 'only connecting was reported');
    await frame.getByRole('button', { name: 'Disconnect Demo' }).click();
    await frame.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
  });

  browserTest('a window that is closed too early is noticed', async ({ page }) => {
    const frame = await open(page, await openSession(roster));
    const popup = await pressForWindow(page, frame.getByRole('button', { name: 'Connect Demo' }));
    await frame.getByText('Sign in to Demo in the window that has opened.').waitFor();
    await popup.close();
    await frame.getByText('The window was closed before it was done.').waitFor();
    await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
  });

  browserTest('where the other window cannot tell, the source appears all the same', async ({ page }) => {
    const frame = await open(page, await openSession(roster));
    await page.context().route('**/connect/callback.js', (route) => route.abort());
    const popup = await connectDemo(page, frame, 'Allow access');
    await frame.getByText('1 connected').waitFor();
    assert.ok(popup.isClosed());
  });

  browserTest('where pop-ups are blocked there is a link to follow', async ({ page }) => {
    await page.context().addInitScript('window.open = () => null');
    const frame = await open(page, await openSession(roster));
    await frame.getByRole('button', { name: 'Connect Demo' }).click();
    const opening = page.waitForEvent('popup');
    await frame.getByRole('link', { name: 'Go to Demo' }).click();
    await (await opening).getByRole('button', { name: 'Allow access' }).click();
    await frame.getByText('1 connected').waitFor();
  });

  browserTest('a page of an origin that the app does not list may not show it', async ({ page }) => {
    const { token } = await openSession(roster);
    const stranger = await startEmbeddingApp();
    try {
      await openConnect(page, stranger, { token, base: `${site}/connect` });
      await page.waitForFunction("document.getElementById('human-api') !== null");
      await assert.rejects(page.frameLocator('#human-api').getByRole('heading').waitFor({ timeout: 1_500 }));
      assert.ok(page.frames().every((frame) => !frame.url().startsWith(site)));
    } finally {
      await stranger.close();
    }
  });

  browserTest('everything can be done by keyboard alone', async ({ page }) => {
    const frame = await open(page, await openSession(roster));
    await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
    const focused = (): Promise<string> =>
      connectFrame(page).evaluate(
        "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
      );
    async function tabTo(name: string): Promise<void> {
      for (let count = 0; count < 12; count += 1) {
        if ((await focused()) === name) return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`no way to ${name} by the tab key: ${await focused()}`);
    }
    await tabTo('Close');
    await tabTo('Connect Demo');
    const opening = page.waitForEvent('popup');
    await page.keyboard.press('Enter');
    const popup = await opening;
    await popup.getByRole('button', { name: 'Allow access' }).focus();
    await popup.keyboard.press('Enter');
    await frame.getByText('1 connected').waitFor();
    await page.bringToFront();
    await tabTo('Disconnect Demo');
    await page.keyboard.press('Enter');
    await frame.getByRole('dialog').waitFor();
    assert.equal(await focused(), 'Keep');
    await page.keyboard.press('Escape');
    await frame.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.equal(await focused(), 'Disconnect Demo', 'the focus is not where it came from');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await frame.getByText('Nothing connected yet').waitFor();
    assert.equal(await focused(), 'Connect Demo', 'the focus is lost');
    await page.keyboard.press('Escape');
    await page.locator('#human-api').waitFor({ state: 'detached' });
  });

  browserTest('sources can be searched, without case and accents', async ({ page }) => {
    const session = await openSession(roster);
    await addConnection(roster, session.humanId, { status: 'active', provider: 'Reloj Élan' });
    const frame = await open(page, session);
    await frame.getByRole('listitem').nth(1).waitFor();
    assert.match(
      (await frame.getByRole('listitem').first().textContent()) ?? '',
      /Reloj Élan/,
      'connected first',
    );
    const search = frame.getByRole('searchbox', { name: 'Search sources' });
    await search.fill('elan');
    await frame.getByRole('status').filter({ hasText: '1 source' }).waitFor();
    assert.equal(await frame.getByRole('listitem').count(), 1);
    await search.fill('nothing like it');
    await frame.getByText('No source is called “nothing like it”.').waitFor();
    await search.press('Escape');
    await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
  });

  browserTest('fits a phone, and axe finds nothing in any state of it', async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 640 });
    const frame = await open(page, await openSession(roster));
    const assertFits = async (): Promise<void> => {
      const inner = connectFrame(page);
      const width = await inner.evaluate('document.documentElement.scrollWidth');
      assert.equal(width, 360, 'it has to be moved sideways');
      await assertAccessible(inner);
    };
    await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
    await assertFits();
    await connectDemo(page, frame, 'Allow access');
    await frame.getByText('1 connected').waitFor();
    await assertFits();
    await frame.getByRole('button', { name: 'Disconnect Demo' }).click();
    await frame.getByRole('dialog').waitFor();
    await assertFits();
  });

  browserTest('is dark for who prefers dark pages, from before the script on', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.route('**/connect/assets/*.js', (route) => route.abort());
    const frame = await open(page, await openSession(roster));
    await frame.locator('#root').waitFor({ state: 'attached' });
    await connectFrame(page).waitForLoadState('load');
    const ground = 'getComputedStyle(document.body).backgroundColor';
    assert.equal(await connectFrame(page).evaluate(ground), 'rgb(26, 27, 30)');
  });

  browserTest(
    'speaks Spanish to who reads Spanish, and English at the press of a button',
    async ({ page }) => {
      const frame = await open(page, await openSession(roster));
      await frame.getByRole('heading', { name: 'Conecte sus datos' }).waitFor();
      await frame.getByRole('button', { name: 'Conectar Demo' }).waitFor();
      await assertAccessible(connectFrame(page));
      await frame.getByRole('button', { name: 'English' }).click();
      await frame.getByRole('heading', { name: 'Connect your data' }).waitFor();
      assert.equal(await connectFrame(page).evaluate('document.documentElement.lang'), 'en');
    },
    { lang: 'es-MX' },
  );

  browserTest(
    'a source that wants its person again is offered so, in words that fit a phone in Spanish too',
    async ({ page }) => {
      await page.setViewportSize({ width: 360, height: 640 });
      const session = await openSession(roster);
      await addConnection(roster, session.humanId, { status: 'needs_user', provider: 'demo' });
      const frame = await open(page, session);
      await frame.getByText('Demo ha terminado el acceso. Conecte de nuevo para seguir.').waitFor();
      await frame.getByRole('button', { name: 'Conectar de nuevo Demo' }).waitFor();
      const cut = await connectFrame(page).evaluate(
        "[...document.querySelectorAll('button *')].filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0).map((each) => each.textContent)",
      );
      assert.deepEqual(cut, []);
      await assertAccessible(connectFrame(page));
    },
    { lang: 'es-MX' },
  );

  browserTest('the page says that a session has ended, and the window can be closed', async ({ page }) => {
    const session = await openSession(roster);
    const frame = await open(page, session);
    await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
    roster.clock.advance(hourMs);
    await frame.getByRole('button', { name: 'Connect Demo' }).click();
    await frame.getByRole('heading', { name: 'This window has been open for too long' }).waitFor();
    await assertAccessible(connectFrame(page));
    await frame.getByRole('button', { name: 'Close' }).click();
    await page.locator('#human-api').waitFor({ state: 'detached' });

    const again = await open(page, session);
    await again.getByRole('heading', { name: 'This window has been open for too long' }).waitFor();
    const unknown = await openConnect(page, app, { token: 'nonsense', base: `${site}/connect` });
    await unknown.getByRole('heading', { name: 'This window does not work any more' }).waitFor();
    await assertAccessible(connectFrame(page));
    await unknown.getByRole('button', { name: 'Close' }).click();
    await page.locator('#human-api').waitFor({ state: 'detached' });
    const told = await toldEvents(page);
    assert.deepEqual(
      told.map(({ event }) => event),
      ['close'],
    );
  });
});
