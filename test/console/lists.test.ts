/** What the lists of the console say where an address asks for too much, in a narrow window, and in Spanish. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { addPerson } from '../support/contracts/people.ts';
import { browserTest } from '../support/machine/browser.ts';
import { createFakeClock } from '../support/server/clock.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { openConsole, watchFaults } from './console-browser.ts';

describe('the lists of the console', () => {
  // The browser's clock is the real one.
  const roster = setUpRoster({ clock: createFakeClock(new Date().toISOString()) });
  const owner = setUp(() => roster.organization.staff('owner'));
  const people = setUp(async () => {
    const added = [];
    for (let each = 0; each < 60; each += 1) {
      const status = each < 30 ? ('active' as const) : ('pending' as const);
      added.push(await addPerson(roster, { email: `list-${each}@example.com`, status }));
    }
    return { added };
  });

  const rows = (page: Page) => page.locator('tbody tr[data-index]');
  const note = (page: Page) => page.locator('.page-note');

  browserTest('a search that is refused says what is wrong, and stops counting', async ({ page }) => {
    const faults = watchFaults(page);
    await openConsole(page, roster, owner, '/people?q=%00');
    await page.getByText('This text has a character that cannot be searched.').waitFor();
    assert.equal(await note(page).textContent(), '');
    await openConsole(page, roster, owner, '/people?status=zzz&role=nobody');
    await page.getByText('Status: This is not a valid value.').waitFor();
    await page.getByText('Role: This is not a valid value.').waitFor();
    assert.equal(await note(page).textContent(), '');
    await page.getByRole('button', { name: 'Remove all filters' }).click();
    await rows(page).first().waitFor();
    assert.equal(new URL(page.url()).search, '');
    const engineer = await roster.organization.staff('engineer');
    await openConsole(page, roster, engineer, '/people?q=list');
    await page.getByText('This cannot be searched with your role.').waitFor();
    assert.equal(await note(page).textContent(), '');
    faults.assertNone();
  });

  browserTest('a page behind the last one leads to the last one', async ({ page }) => {
    const faults = watchFaults(page);
    await openConsole(page, roster, owner, '/people?size=25&page=99999');
    await page.waitForURL((url) => url.searchParams.get('page') === '3');
    await rows(page).first().waitFor();
    const [person] = people.added;
    for (const path of ['/record', `/people/${person?.userId}?tab=timeline`]) {
      await openConsole(page, roster, owner, `${path}${path.includes('?') ? '&' : '?'}page=99999`);
      await page.waitForURL((url) => Number(url.searchParams.get('page')) < 99_999);
      await page.locator('.list-table tbody tr, .timeline .event').first().waitFor();
    }
    await openConsole(page, roster, owner, '/people?q=has-no-such-person&page=7');
    await page.getByText('No person matches').waitFor();
    faults.assertNone();
  });

  browserTest('all who match are selected with one press', async ({ page }) => {
    const faults = watchFaults(page);
    await openConsole(page, roster, owner, '/people?size=25&status=pending');
    await rows(page).first().getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Select all 30 who match' }).click();
    await page.getByText('Everyone who matches is selected').waitFor();
    await page.getByRole('button', { name: 'End sessions' }).click();
    await page.getByRole('dialog').getByText('For 30 people.').waitFor();
    faults.assertNone();
  });

  browserTest('a phone shows a long name, the acts and the size of the pages whole', async ({ page }) => {
    const [long, invited] = [
      await addPerson(roster, { firstName: 'W'.repeat(60), email: 'long@example.com', status: 'active' }),
      await addPerson(roster, { email: 'invited@example.com', status: 'pending', passwordHash: null }),
    ];
    await page.setViewportSize({ width: 390, height: 844 });
    await openConsole(page, roster, owner, `/people/${long.userId}`);
    const end = async (part: Locator) => {
      const box = await part.boundingBox();
      assert.ok(box);
      return { ...box, right: box.x + box.width };
    };
    const heading = page.getByRole('heading', { level: 1 });
    assert.ok((await end(heading)).right <= 390);
    const cut = 'document.querySelector("h1").scrollWidth - document.querySelector("h1").clientWidth';
    assert.equal(await page.evaluate(cut), 0);
    await openConsole(page, roster, owner, `/people/${invited.userId}`);
    const acts = page.locator('.sign-in-state').getByRole('button');
    await acts.first().waitFor();
    const lefts = await Promise.all((await acts.all()).map(async (act) => (await end(act)).x));
    assert.deepEqual([...new Set(lefts)].length, 1, `${lefts}`);
    await page.setViewportSize({ width: 320, height: 640 });
    await openConsole(page, roster, owner, '/people');
    const size = page.getByLabel('Rows');
    await size.waitFor();
    assert.ok((await end(size)).width >= 64);
    const overflow: number = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0);
  });

  browserTest('actors, doors and actions have Spanish words', async ({ page }) => {
    await page.addInitScript("localStorage.setItem('roster-console-language', 'es')");
    const [person] = people.added;
    await openConsole(page, roster, owner, `/people/${person?.userId}`);
    await openConsole(page, roster, owner, `/people/${person?.userId}?tab=timeline`);
    await page.getByText('Persona leída').first().waitFor();
    await page.getByText(`por ${owner.email} mediante la consola`).first().waitFor();
    await openConsole(page, roster, owner, '/record?action=user.read');
    const row = page.getByRole('row', { name: /Persona leída/ }).first();
    await row.getByText('mediante la consola').waitFor();
    assert.ok(await row.getByText(owner.email).isVisible());
    await openConsole(page, roster, owner, '/people');
    await openConsole(page, roster, owner, '/record?action=user.listed');
    await page.getByRole('cell', { name: 'Personas de la organización' }).first().waitFor();
  });
});
