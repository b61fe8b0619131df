/**
 * The web site of an app that opens the Connect page, with the unchanged public client from npm, on its own origin. The
 * app's page stores every event of the client and every message of the frame.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { updateApp } from '../../src/core/directory/organization-lifecycle.ts';
import { html } from '../../src/pages/html.ts';
import { findPort } from '../support/machine/port.ts';
import { type Roster, startRoster, testDoor } from '../support/server/start.ts';

const client = readFileSync(createRequire(import.meta.url).resolve('humanapi-connect-client'));

export interface EmbeddingApp {
  /** `http://127.0.0.1:…`: another site than `localhost`, where Roster is. */
  readonly origin: string;
  close(): Promise<void>;
}

/** An event of the client, with its arguments. */
export interface ToldEvent {
  readonly event: string;
  readonly report: Readonly<Record<string, unknown>>;
}

export async function startEmbeddingApp(): Promise<EmbeddingApp> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app');
    if (pathname === '/client.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(client);
      return;
    }
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(pageOf(searchParams.get('token') ?? '', searchParams.get('base') ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A server, and the web site of its first app on another origin, which may embed its Connect page. */
export interface EmbeddedRoster {
  readonly roster: Roster;
  readonly app: EmbeddingApp;
  /** The address of Roster: another site than the app's. */
  readonly site: string;
  close(): Promise<void>;
}

/** `origins` may embed the page too. */
export async function startEmbedded({
  env = {},
  origins = [],
}: {
  readonly env?: Readonly<Record<string, string>>;
  readonly origins?: readonly string[];
} = {}): Promise<EmbeddedRoster> {
  const app = await startEmbeddingApp();
  const port = await findPort();
  const roster = await startRoster({ env: { PORT: String(port), ...env } });
  const { appId } = roster.organization.app;
  await updateApp(roster.core, testDoor, { appId, origins: [...origins, app.origin] });
  return {
    ...{ roster, app, site: `http://localhost:${port}` },
    async close() {
      await roster.close();
      await app.close();
    },
  };
}

function pageOf(token: string, base: string): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>App</title></head>
<body>
<h1>An app</h1>
<div class="hapi__token-container">
<button id="open" data-hapi-token="${token}" data-hapi-base-url="${base}" data-hapi-focus-trap="true">Open</button>
</div>
<script src="/client.js"></script>
<script>
window.told = [];
window.messages = [];
for (const event of ['connect', 'disconnect', 'close', 'error']) {
  HumanConnect.on(event, (report) => window.told.push({ event, report: structuredClone(report) }));
}
window.addEventListener('message', ({ origin, data }) => window.messages.push({ origin, type: data?.type }));
</script>
</body>
</html>
`.text;
}

/** Goes to the app and opens the Connect page there; returns its frame. */
export async function openConnect(
  page: Page,
  app: EmbeddingApp,
  opened: { readonly token: string; readonly base: string },
): Promise<FrameLocator> {
  await page.goto(`${app.origin}/?${new URLSearchParams(opened)}`);
  await page.getByRole('button', { name: 'Open' }).click();
  return page.frameLocator('#human-api');
}

/**
 * Presses a button in the frame of the Connect page and resolves with the window that opens. Where no window opens for
 * some time, it presses again, as a person would, because a browser on a busy machine may lose a press of the mouse.
 * Tests with the keyboard check that one press is enough.
 */
export async function pressForWindow(page: Page, button: Locator): Promise<Page> {
  for (let pressesLeft = 3; ; pressesLeft -= 1) {
    try {
      const [opened] = await Promise.all([page.waitForEvent('popup', { timeout: 10_000 }), button.click()]);
      return opened;
    } catch (cause) {
      if (pressesLeft > 1) continue;
      const text = await page.frameLocator('#human-api').locator('body').innerText();
      throw new Error(`no window was seen, and the page says: ${text}`, { cause });
    }
  }
}

/** The events of the client so far. */
export function toldEvents(page: Page): Promise<readonly ToldEvent[]> {
  return page.evaluate('window.told');
}

/** The messages to the page, by the origin of the sender. */
export function messagesOf(page: Page): Promise<readonly { origin: string; type: string }[]> {
  return page.evaluate('window.messages');
}
