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
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { slowTestMs } from '../effort.ts';
import { startsOnPostgres } from '../server/start.ts';
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

/** With it a page in a frame of another site gets no cookie that is not partitioned. */
const withoutThirdPartyCookies = '--test-third-party-cookie-phaseout';

/** The browsers of this process, by their further flags: a start takes longer than most tests. */
const running = new Map<string, Promise<Browser>>();

function launch(furtherFlags: readonly string[]): Promise<Browser> {
  const key = furtherFlags.join(' ');
  const args = [...flags, ...furtherFlags];
  const launched =
    running.get(key) ?? chromium.launch({ executablePath: ensureProgram(browser), headless: true, args });
  running.set(key, launched);
  return launched;
}

/** A browser that has opened no page by then stands still, as some do at their start on a busy machine. */
const openMaxMs = 30_000;
const startsMax = 3;

/** Opens a page. Where that takes too long, once more in another browser. */
async function open(furtherFlags: readonly string[], locale: string): Promise<Browsing> {
  for (let starts = 1; ; starts += 1) {
    const opening = launch(furtherFlags).then(async (started) => {
      const context = await started.newContext({ locale });
      return { context, page: await context.newPage() };
    });
    const opened = await Promise.race([opening, sleep(openMaxMs, null, { ref: false })]);
    if (opened !== null) return opened;
    if (starts === startsMax) throw new Error(`no browser of ${startsMax} has opened a page`);
    const stuck = running.get(furtherFlags.join(' '));
    running.delete(furtherFlags.join(' '));
    opening.catch(() => {});
    void stuck?.then((each) => each.close()).catch(() => {});
  }
}

after(async () => {
  for (const each of running.values()) await (await each).close();
});

/**
 * A test with a new, temporary browser profile; `lang` is the browser's language. A browser sees no difference between the
 * databases, so suites that run again on PostgreSQL leave these tests out.
 */
export function browserTest(
  title: string,
  work: (browsing: Browsing) => Promise<void>,
  options: { readonly lang?: string; readonly hasThirdPartyCookies?: false } = {},
): void {
  if (startsOnPostgres()) return;
  const further = options.hasThirdPartyCookies === false ? [withoutThirdPartyCookies] : [];
  test(title, { skip: reasonToSkip(browser), timeout: slowTestMs }, async () => {
    const browsing = await open(further, options.lang ?? 'en-US');
    try {
      await work(browsing);
    } finally {
      await browsing.context.close();
    }
  });
}
