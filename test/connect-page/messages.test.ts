/**
 * Messages between windows, in a real browser. The Connect page wakes only for a message of its own origin, and the window
 * that comes back from a provider tells and closes itself only where a page of that origin has opened it.
 */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Frame, Page } from 'playwright-core';
import { browserTest } from '../support/machine/browser.ts';
import type { Roster } from '../support/server/start.ts';
import { openSession } from './connect-calls.ts';
import {
  type EmbeddedRoster,
  type EmbeddingApp,
  messagesOf,
  openConnect,
  startEmbedded,
} from './embedding-app.ts';

let embedded: EmbeddedRoster;
let roster: Roster;
/** The web site of an app, on another origin than Roster. */
let app: EmbeddingApp;
let site: string;

before(async () => {
  embedded = await startEmbedded();
  ({ roster, app, site } = embedded);
});
after(() => embedded.close());

describe('a message to the frame of the Connect page', () => {
  const wake = JSON.stringify({ type: 'roster:connection' });

  /** The open frame, and how often it has asked the server for its sources since. */
  async function openFrame(page: Page): Promise<{ frame: Frame; asked: () => number }> {
    const session = await openSession(roster);
    const shown = await openConnect(page, app, { token: session.token, base: `${site}/connect` });
    await shown.getByRole('button', { name: 'Connect Demo' }).waitFor();
    const frame = page.frames().find((each) => each.url().startsWith(`${site}/connect`));
    assert.ok(frame);
    let count = 0;
    page.on('request', (request) => {
      if (request.url() === `${site}/connect/api/session`) count += 1;
    });
    await frame.evaluate(
      'window.arrived = 0; window.addEventListener("message", () => { window.arrived += 1; });',
    );
    return { frame, asked: () => count };
  }

  /** Resolves when so many messages have arrived, and what they cause would have begun. */
  async function arrival(frame: Frame, count: number): Promise<void> {
    await frame.evaluate(`new Promise((resolve) => {
      const look = () => (window.arrived === ${count} ? setTimeout(resolve, 100) : setTimeout(look, 10));
      look();
    })`);
  }

  /** Messages arrive in order, so what an ignored one would have caused is seen before what this one causes. */
  async function wakeByOwnMessage(page: Page, frame: Frame): Promise<void> {
    const answered = page.waitForResponse(`${site}/connect/api/session`);
    await frame.evaluate(`window.postMessage(${wake}, location.origin)`);
    await answered;
  }

  browserTest('from the page of the app, or of another origin, does nothing', async ({ page }) => {
    const { frame, asked } = await openFrame(page);
    const into = (value: string): Promise<unknown> =>
      page.evaluate(`document.getElementById('human-api').contentWindow.postMessage(${value}, '*')`);
    await into(wake);
    // A page without an origin, in a frame of the app's page.
    await page.evaluate(`{
      const other = document.createElement('iframe');
      other.sandbox = 'allow-scripts';
      other.srcdoc = '<script>parent.frames[0].postMessage(${wake}, "*")</scr' + 'ipt>';
      document.body.append(other);
    }`);
    await arrival(frame, 2);
    assert.equal(asked(), 0, 'a message of another origin woke the page');
    await wakeByOwnMessage(page, frame);
    assert.equal(asked(), 1);
  });

  browserTest('of another kind does nothing, also from its own origin', async ({ page }) => {
    const { frame, asked } = await openFrame(page);
    const others = ['null', '"roster:connection"', '{}', '{ type: "connection" }', '[]', '7'];
    for (const value of others) await frame.evaluate(`window.postMessage(${value}, location.origin)`);
    await arrival(frame, others.length);
    assert.equal(asked(), 0);
    await wakeByOwnMessage(page, frame);
    assert.equal(asked(), 1);
  });
});

describe('the window that comes back from a provider', () => {
  /** The address of a start page, as a backend gets it and sends it to the person. */
  async function startAddress(): Promise<string> {
    const { token } = await openSession(roster);
    const ask = { bearer: token, json: { provider: 'demo' } };
    return (await roster.call('POST /connect/api/connections', ask)).string('authUrl');
  }

  browserTest(
    'tells nothing to a page of another origin that has opened it, and stays open',
    async ({ page }) => {
      const address = await startAddress();
      await page.goto(`${app.origin}/?token=x&base=${site}/connect`);
      const [popup] = await Promise.all([
        page.waitForEvent('popup'),
        page.evaluate(`void window.open(${JSON.stringify(address)})`),
      ]);
      await popup.getByRole('button', { name: 'Continue to Demo' }).click();
      await popup.getByRole('button', { name: 'Allow access' }).click();
      await popup.getByRole('heading', { name: 'Demo is connected' }).waitFor();
      await popup.waitForLoadState('load');
      assert.equal(new URL(popup.url()).pathname, '/connect/callback');
      assert.equal(
        await popup.evaluate('window.opener !== null'),
        true,
        'the link to the opener was cut anyway',
      );
      await popup.evaluate('new Promise((resolve) => setTimeout(resolve, 100))');
      assert.equal(popup.isClosed(), false);
      assert.deepEqual(await messagesOf(page), []);
    },
  );
});
