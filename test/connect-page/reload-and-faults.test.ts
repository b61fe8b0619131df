/** What a person sees of the Connect page after a reload, and where the server or a proxy does not answer as it should. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Frame, Page } from 'playwright-core';
import { ApiError, createApi } from '../../web/connect/api.ts';
import { browserTest } from '../support/machine/browser.ts';
import type { Roster } from '../support/server/start.ts';
import { openSession } from './connect-calls.ts';
import { type EmbeddedRoster, type EmbeddingApp, openConnect, startEmbedded } from './embedding-app.ts';

/** Answers of proxies and of networks that ask for a login. */
const foreignAnswers = [
  { status: 504, contentType: 'text/html', body: '<html><h1>504 Gateway Time-out</h1></html>' },
  { status: 504, contentType: 'application/json', body: '{"message":"Endpoint request timed out"}' },
  { status: 500, contentType: 'application/json', body: '{"error":"internal"}' },
  { status: 403, contentType: 'application/json', body: '{"error":{"code":1}}' },
  { status: 401, contentType: 'text/html', body: 'Proxy login' },
  { status: 429, contentType: 'application/json', body: 'null' },
  { status: 200, contentType: 'text/html', body: '<html>Sign in to the network</html>' },
  { status: 200, contentType: 'application/json', body: '{}' },
  { status: 200, contentType: 'application/json', body: '{"app":{"name":"x"},"sources":[null]}' },
  { status: 204, contentType: 'text/plain', body: '' },
] as const;

test('the calls of the page take every answer of another program for a busy server', async () => {
  let answer: (typeof foreignAnswers)[number] = foreignAnswers[0];
  const proxy = createServer((_, response) => {
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const api = createApi(`http://127.0.0.1:${port}/`, 'cs_1_x');
  try {
    for (answer of foreignAnswers) {
      const isBusy = (error: unknown): boolean => error instanceof ApiError && error.code === 'busy';
      await assert.rejects(api.session(), isBusy, answer.body);
      await assert.rejects(api.start('demo'), isBusy, answer.body);
      if (answer.status !== 204) await assert.rejects(api.disconnect('dev_1'), isBusy, answer.body);
    }
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

describe('the Connect page', () => {
  let embedded: EmbeddedRoster;
  let roster: Roster;
  let app: EmbeddingApp;
  let site: string;

  before(async () => {
    embedded = await startEmbedded();
    ({ roster, app, site } = embedded);
  });
  after(() => embedded.close());

  function connectFrame(page: Page): Frame {
    const frame = page.frames().find((each) => each.url().startsWith(`${site}/connect`));
    assert.ok(frame, 'there is no frame of Connect');
    return frame;
  }

  browserTest(
    'a frame that cannot be opened can be closed by keyboard, and a plain page has no button',
    async ({ page }) => {
      const frame = await openConnect(page, app, { token: 'nonsense', base: `${site}/connect/` });
      await frame.getByRole('button', { name: 'Close' }).focus();
      await page.keyboard.press('Escape');
      await page.locator('#human-api').waitFor({ state: 'detached' });
      await page.goto(`${site}/connect?token=nonsense`);
      await page.getByRole('heading', { name: 'This window does not work any more' }).waitFor();
      assert.equal(await page.getByRole('button').count(), 0);
    },
  );

  browserTest(
    'a reload shows the page again, in a frame and alone, in the chosen language',
    async ({ page }) => {
      const session = await openSession(roster);
      const frame = await openConnect(page, app, { token: session.token, base: `${site}/connect` });
      await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
      for (let count = 0; count < 2; count += 1) {
        await connectFrame(page).evaluate('setTimeout(() => location.reload())');
        await page.waitForTimeout(200);
        await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
        assert.equal(connectFrame(page).url(), `${site}/connect`);
      }
      await page.goto(`${site}/connect/?token=${session.token}`);
      await page.getByRole('button', { name: 'Español' }).click();
      await page.reload();
      await page.getByRole('button', { name: 'Conectar Demo' }).waitFor();
      assert.equal(page.url(), `${site}/connect/`);
      const [other] = await Promise.all([
        page.waitForEvent('popup'),
        page.evaluate(`void open('${site}/connect')`),
      ]);
      await other
        .getByRole('heading', { name: 'Esta ventana ya no funciona' })
        .or(other.getByRole('heading', { name: 'This window does not work any more' }))
        .waitFor();
    },
  );

  browserTest(
    'an answer that is not ours says to try again, and never shows an empty box',
    async ({ page }) => {
      const foreign = foreignAnswers.slice(0, 2);
      let answer: (typeof foreign)[number] | undefined = foreign[0];
      const isApi = (url: URL): boolean => url.pathname.includes('/connect/api/');
      await page.clock.install();
      await page
        .context()
        .route(isApi, (route) => (answer === undefined ? route.continue() : route.fulfill(answer)));
      const session = await openSession(roster);
      for (answer of foreign) {
        await page.goto(`${site}/connect?token=${session.token}`);
        await page.clock.runFor(10_000);
        const alert = page.getByRole('alert');
        await alert.filter({ hasText: /Try again/ }).waitFor({ timeout: 10_000 });
        assert.match((await alert.innerText()) ?? '', /busy\. Try again in a moment/, answer.body);
      }
      answer = undefined;
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('button', { name: 'Connect Demo' }).waitFor();
      answer = foreign[0];
      await page.getByRole('button', { name: 'Connect Demo' }).click();
      await page.getByRole('alert').filter({ hasText: 'Try again in a moment' }).waitFor();
    },
  );

  browserTest('a script that does not come leaves a text, not an empty page', async ({ page }) => {
    const { token } = await openSession(roster);
    await page.route('**/connect/assets/*.js', (route) => route.fulfill({ status: 504, body: 'x' }));
    await page.goto(`${site}/connect?token=${token}`);
    await page.getByText('If this text stays, load the page again.').waitFor();
  });

  browserTest('the page shows an outage, and hides the notice when the outage ends', async ({ page }) => {
    const session = await openSession(roster);
    let isDown = true;
    await page
      .context()
      .route('**/connect/api/session', (route) => (isDown ? route.abort() : route.continue()));
    const frame = await openConnect(page, app, { token: session.token, base: `${site}/connect` });
    await frame.getByRole('alert').filter({ hasText: 'No connection.' }).waitFor();
    isDown = false;
    await frame.getByRole('button', { name: 'Try again' }).click();
    await frame.getByRole('button', { name: 'Connect Demo' }).waitFor();
  });
});
