/** The table of people with a filter, in a real browser: on to the last person who matches, and back. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { NewUser } from '../../src/core/directory/user.ts';
import { newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { browserTest } from '../support/machine/browser.ts';
import { createFakeClock } from '../support/server/clock.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { assertAccessible, openConsole, watchFaults } from './console-browser.ts';

const members = 730;
/** One call looks at 10,000 people. */
const others = 10_400;

describe('people with a filter in the console', () => {
  const roster = setUpRoster({ clock: createFakeClock(new Date().toISOString()) });
  const owner = setUp(() => roster.organization.staff('owner'));
  setUp(async () => {
    const { key, app } = roster.organization;
    const now = roster.clock.now();
    const add = (count: number, traits: Partial<NewUser>) => {
      const users = Array.from({ length: count }, () => ({ ...newUserOf(app.appId, now), ...traits }));
      return roster.core.work.change(key, (tx) => tx.users.insertAll(users));
    };
    await add(members, { status: 'pending', role: 'member' });
    for (let at = 0; at < others; at += 1_300) await add(1_300, { createdAt: now + 1 });
  });

  browserTest(
    'the table goes on to the last person, by the pointer and by keys, and back',
    async ({ page }) => {
      const faults = watchFaults(page);
      await openConsole(page, roster, owner, '/people?status=pending&confirmed=no');
      const range = (text: string) => page.locator('.pager').getByText(text, { exact: true }).waitFor();
      const focusFirst = () => page.locator('tbody tr[data-index="0"]').focus();
      await range('1 to 100');
      await page.locator('.page-note').getByText('at least 500 people').waitFor();
      const before = page.getByRole('button', { name: 'Previous page' });
      assert.equal(await before.isDisabled(), true);
      for (let from = 101; from <= 601; from += 100) {
        if (from % 200 === 1) {
          await focusFirst();
          await page.keyboard.press('ArrowRight');
        } else await page.getByRole('button', { name: 'Next page' }).click();
        await range(`${from} to ${from + 99}`);
        await page.locator(`tr[aria-rowindex="${from + 1}"]`).waitFor();
      }
      await page.locator('.page-note').getByText('730 people', { exact: true }).waitFor();
      await assertAccessible(page);
      const shared = page.url();
      await page.getByRole('button', { name: 'Next page' }).click();
      await range('701 to 730');
      assert.equal(await page.getByRole('button', { name: 'Next page' }).isDisabled(), true);
      await focusFirst();
      await page.keyboard.press('ArrowLeft');
      await range('601 to 700');
      assert.equal(page.url(), shared);
      await before.click();
      await range('501 to 600');

      await openConsole(page, roster, owner, shared.slice(shared.indexOf('/people')));
      await range('601 to 700');
      assert.equal(await before.isDisabled(), true, 'the reader came otherwise');
      await page.getByRole('button', { name: 'First page' }).click();
      await range('1 to 100');
      assert.ok(!page.url().includes('after='), page.url());
      faults.assertNone();
    },
  );

  browserTest(
    'where few match, the table says how many it has looked at, and looks further',
    async ({ page }) => {
      const faults = watchFaults(page);
      await openConsole(page, roster, owner, '/people?role=member');
      await page.getByText('Looked at 10,000 of 11,130 people so far.').waitFor();
      await page.getByRole('heading', { name: 'No match in this part' }).waitFor();
      await assertAccessible(page);
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.locator('.pager').getByText('1 to 100', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Previous page' }).click();
      await page.getByRole('button', { name: 'Go on' }).waitFor();

      await page.goto(`${page.url().split('?')[0]}?role=member&after=1`);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('Looked at 10,000').waitFor();
      faults.assertNone();
    },
  );
});
