/**
 * Tests in a real browser: Chromium, driven by `playwright-core`.
 *
 *     browserTest('a person sets a password by keyboard', async ({ page }) => {
 *       await page.goto(`${roster.baseUrl}/set-password?token=${token}`);
 *     });
 *
 * The browser is the one that `CHROMIUM` names, or the one of the machine; `program.ts` says what happens to the tests if
 * there is none.
 */
import { after, test } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { ensureProgram, reasonToSkip, type WantedProgram } from './program.ts';

export interface Browsing {
  readonly context: BrowserContext;
  readonly page: Page;
}

const named = process.env['CHROMIUM'];
const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

const browser: WantedProgram = { name: 'chromium', places: named === undefined ? places : [named] };

/** The browser of this process: a start takes longer than most tests. */
let running: Promise<Browser> | null = null;

function launch(): Promise<Browser> {
  running ??= chromium.launch({ executablePath: ensureProgram(browser), headless: true, args: flags });
  return running;
}

after(async () => (await running)?.close());

/** A test with a new, temporary browser profile; `lang` is the browser's language. */
export function browserTest(
  title: string,
  work: (browsing: Browsing) => Promise<void>,
  options: { readonly lang?: string } = {},
): void {
  test(title, { skip: reasonToSkip(browser) }, async () => {
    const context = await (await launch()).newContext({ locale: options.lang ?? 'en-US' });
    try {
      await work({ context, page: await context.newPage() });
    } finally {
      await context.close();
    }
  });
}
