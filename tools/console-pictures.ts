/**
 * Takes the pictures of the console for the documentation: `node tools/console-pictures.ts`, after `npm run build`. It starts a
 * server in this process, fills it with made-up people, and opens each page in light and in dark colours. Needs Chromium.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { operatorAt } from '../src/core/access/principal.ts';
import { addDemoPeople } from '../src/core/demo-people/fill-directory.ts';
import { getOrganization } from '../src/core/directory/organization-lifecycle.ts';
import { siteOf } from '../test/console/console-browser.ts';
import { createCeremony } from '../test/contracts/console/ceremony.ts';
import { createFakeClock } from '../test/support/server/clock.ts';
import { startRoster, testDoor } from '../test/support/server/start.ts';

const folder = join(import.meta.dirname, '..', 'docs', 'images', 'console');
const peopleSize = 5000;
const wide = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
const readyMs = 1500;

interface Picture {
  readonly name: string;
  /** Below `/console`; `$person` is the id of a person who is locked out. */
  readonly path: string;
  readonly size?: typeof wide;
  readonly prepare?: (page: Page) => Promise<void>;
}

const pictures: readonly Picture[] = [
  { name: 'people', path: '/people' },
  { name: 'person', path: '/people/$person' },
  { name: 'contracts', path: '/people/$person?tab=contracts' },
  { name: 'overview', path: '/overview' },
  { name: 'keys', path: '/keys' },
  { name: 'people-phone', path: '/people', size: phone },
];

const roster = await startRoster({ clock: createFakeClock(new Date().toISOString()) });
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const organization = await getOrganization(roster.core, roster.organization.id);
  const principal = operatorAt(testDoor, roster.organization.key);
  await Array.fromAsync(addDemoPeople(roster.core, principal, { organization, size: peopleSize, seed: 3 }));
  const { ask } = await createCeremony(roster).enrolWithTotp();
  const token = /roster-console=([^;]+)/.exec(ask.headers['cookie'] ?? '')?.[1] ?? '';
  const found = await roster.call('GET /console/api/v1/people?status=active&proved=yes&provider=demo', ask);
  const [id, email] = [found.string('items.0.id'), found.string('items.0.email')];
  // The browser's clock goes on.
  roster.clock.advance(Date.now() - roster.clock.now());
  for (let turn = 0; turn < 12; turn += 1) {
    await roster.call('POST /general/v1/sessions', { json: { email, password: 'not-the-password-9' } });
  }
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const { name, path, size = wide, prepare } of pictures) {
      const context = await browser.newContext({ viewport: size, colorScheme, locale: 'en-GB' });
      const { hostname } = new URL(siteOf(roster));
      await context.addCookies([{ name: 'roster-console', value: token, domain: hostname, path: '/' }]);
      const page = await context.newPage();
      await page.goto(`${siteOf(roster)}${path.replace('$person', id)}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForTimeout(readyMs);
      await prepare?.(page);
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
      process.stdout.write(`docs/images/console/${name}-${colorScheme}.png\n`);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await roster.close();
}
