/**
 * Tests in a real browser: Chromium, driven by `playwright-core`.
 *
 *     browserTest('a person sets a password by keyboard', async ({ page }) => {
 *       await page.goto(`${roster.baseUrl}/set-password?token=${token}`);
 *     });
 *
 * The browser is the one that `CHROMIUM` names, or the machine's own. With `CI=true` Debian's package is installed
 * where there is none, and a browser that cannot be had fails the tests; elsewhere they are skipped, and say why.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

export interface Browsing {
  readonly context: BrowserContext;
  readonly page: Page;
}

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

const isCi = process.env['CI'] === 'true';
const skip =
  isCi || findBrowser() !== null ? false : 'no Chromium on this machine; CHROMIUM=/path/to/it names one';

/** A test with a fresh browser profile; `lang` is the browser's language. */
export function browserTest(
  title: string,
  work: (browsing: Browsing) => Promise<void>,
  options: { readonly lang?: string } = {},
): void {
  test(title, { skip }, async () => {
    const executablePath = findBrowser() ?? installBrowser();
    const profile = await mkdtemp(join(tmpdir(), 'roster-browser-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: flags,
      locale: options.lang ?? 'en-US',
    });
    try {
      await work({ context, page: await context.newPage() });
    } finally {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    }
  });
}

function findBrowser(): string | null {
  const named = process.env['CHROMIUM'];
  return (named === undefined ? places : [named]).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs Debian's package. Test files run at the same time: the second one waits, and finds it done. */
function installBrowser(): string {
  const steps = [
    'test -x /usr/bin/chromium && exit 0',
    'apt-get update',
    'DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium',
  ];
  const lock = join(tmpdir(), 'roster-browser.lock');
  execFileSync('flock', [lock, 'sh', '-ec', steps.join('\n')], { stdio: 'pipe', timeout: 600_000 });
  const path = findBrowser();
  if (path === null) throw new Error('the package was installed, and brought no Chromium');
  return path;
}
