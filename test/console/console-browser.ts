/** The console in a real browser, for its tests: opens it, and checks what every page must keep. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { SignedInStaff } from '../support/server/staff.ts';
import type { Roster } from '../support/server/start.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The address of the pages: passkeys work for a name, not for an IP address. */
export function siteOf({ baseUrl }: Pick<Roster, 'baseUrl'>): string {
  return `${baseUrl.replace('127.0.0.1', 'localhost')}/console`;
}

/** Opens a page with the session of that account; the page then shows its first heading. */
export async function openConsole(
  page: Page,
  roster: Roster,
  { token }: Pick<SignedInStaff, 'token'>,
  path: string,
): Promise<void> {
  const { hostname } = new URL(siteOf(roster));
  await page.context().addCookies([{ name: 'roster-console', value: token, domain: hostname, path: '/' }]);
  await page.goto(`${siteOf(roster)}${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
}

/**
 * Notes what a page must never do: break the content security policy, or throw. Call `assertNone` at the end of a test.
 */
export function watchFaults(page: Page): { assertNone(): void } {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(text);
  });
  return { assertNone: () => assert.deepEqual(faults, []) };
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Wide in dark colours, and at the width of a phone in light ones. */
export async function assertAccessible(page: Page): Promise<void> {
  const wide = page.viewportSize() ?? { width: 1280, height: 800 };
  await page.evaluate(axe);
  for (const [width, scheme] of [
    [wide.width, 'dark'],
    [390, 'light'],
  ] as const) {
    await page.setViewportSize({ ...wide, width });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor({ state: 'attached' });
    // A colour that is still changing is neither the former nor the next one.
    await page.evaluate('Promise.allSettled(document.getAnimations().map(({ finished }) => finished))');
    const found: readonly Violation[] = await page.evaluate(
      'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
    );
    const told = found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    assert.deepEqual(told, [], `${page.url()} ${scheme} ${width}`);
    const overflow: number = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0, `${page.url()} is ${overflow} pixels wider than ${width}`);
  }
  await page.setViewportSize(wide);
}
