/** The table of people and the page of one person, in a real browser: find, change, unlock, cancel, delete. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { operatorAt } from '../../src/core/access/principal.ts';
import { addDemoPeople } from '../../src/core/demo-people/fill-directory.ts';
import { getOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { createCeremony, halfMinuteMs, password } from '../contracts/console/ceremony.ts';
import { signInStatus, signUp } from '../contracts/general/sign-up.ts';
import { addPerson } from '../support/contracts/people.ts';
import { effort, slowTestMs } from '../support/effort.ts';
import { browserTest } from '../support/machine/browser.ts';
import { createFakeClock } from '../support/server/clock.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';
import { assertAccessible, openConsole, siteOf, watchFaults } from './console-browser.ts';

const peopleSize = effort({ short: 240, long: 100_000 });

describe('people in the console', () => {
  // The browser's clock is the real one.
  const roster = setUpRoster({ clock: createFakeClock(new Date().toISOString()) });
  const { code, enrolWithTotp } = createCeremony(roster);
  const owner = setUp(() => roster.organization.staff('owner'));
  setUp(
    async () => {
      const organization = await getOrganization(roster.core, roster.organization.id);
      const principal = operatorAt(testDoor, roster.organization.key);
      return Array.fromAsync(
        addDemoPeople(roster.core, principal, { organization, size: peopleSize, seed: 7 }),
      );
    },
    { timeout: slowTestMs },
  );

  const rows = (page: Page) => page.locator('tbody tr[data-index]');
  const count = (page: Page) => page.locator('.page-note');

  async function addGrace() {
    const fields = { first_name: 'Grace', last_name: `Höpper${crypto.randomUUID().slice(0, 8)}` };
    const person = await signUp(roster, { ...fields, phone: '+49 151 1234 0987' });
    const path = `GET /console/api/v1/people?q=${person.number}`;
    const id = (await roster.call(path, owner.ask)).string('items.0.id');
    return { ...person, id, name: `${fields.first_name} ${fields.last_name}` };
  }

  browserTest(
    'a sign-in with a code leads to the person that one types, by each identifier',
    async ({ page }) => {
      const faults = watchFaults(page);
      const { id, number, email, name } = await addGrace();
      const { email: staffEmail, secret } = await enrolWithTotp();
      await page.goto(siteOf(roster));
      await page.getByLabel('Email').fill(staffEmail);
      await page.getByLabel('Password', { exact: true }).fill(password);
      await page.keyboard.press('Enter');
      await page.getByLabel('Code of the app').fill(code(secret));
      await page.keyboard.press('Enter');
      await rows(page).first().waitFor();
      await assertAccessible(page);

      await page.keyboard.press('/');
      await page.locator('input[type=search]:focus').waitFor();
      const [hex = ''] = /[0-9a-f]{32}/.exec(id) ?? [];
      const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      const typed = [email, name, name.replace('ö', 'o').toLowerCase().slice(0, 12), '0151 1234 0987'];
      for (const text of [...typed, id, hex, uuid, String(number)]) {
        await page.getByRole('searchbox').fill(text);
        await page.waitForURL((url) => url.searchParams.get('q') === text);
        await page.getByRole('row', { name: email }).waitFor();
      }
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name }).waitFor();
      assert.ok(page.url().endsWith(`/console/people/${id}`), page.url());
      await page.goBack();
      await rows(page).first().waitFor();
      assert.equal(
        await page.getByRole('searchbox').inputValue(),
        String(number),
        'the way back keeps the search',
      );
      faults.assertNone();
    },
  );

  browserTest(
    'the table turns to any page, keeps filters, columns and views, and takes keys',
    async ({ page }) => {
      const faults = watchFaults(page);
      await openConsole(page, roster, owner, '/people?size=25');
      await rows(page).first().waitFor();
      const total = Number(/[\d,]+/.exec((await count(page).textContent()) ?? '')?.[0].replaceAll(',', ''));
      assert.ok(total >= peopleSize);
      const pages = Math.ceil(total / 25);
      const created = page.getByRole('columnheader', { name: 'Created' });
      for (const [order, sort] of [
        ['ascending', 'oldest'],
        ['descending', null],
      ] as const) {
        await created.getByRole('button').click();
        await page.waitForURL((url) => url.searchParams.get('sort') === sort);
        await page.locator(`th[aria-sort="${order}"]`).waitFor();
      }
      await page.getByRole('button', { name: 'Last page' }).click();
      await page.waitForURL(`**page=${pages}`);
      await page.locator(`tr[aria-rowindex="${total + 1}"]`).waitFor({ state: 'attached' });
      assert.equal(await page.getByLabel('Page', { exact: true }).inputValue(), String(pages));
      await page.getByLabel('Page', { exact: true }).fill('3');
      await page.keyboard.press('Enter');
      await page.locator('tr[aria-rowindex="52"]').waitFor({ state: 'attached' });

      await rows(page).first().focus();
      await page.keyboard.press('ArrowRight');
      await page.waitForURL('**page=4');
      await page.locator('tr[aria-rowindex="77"]').waitFor();
      await page.locator('tr[aria-rowindex="77"]').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      const focused = await page.evaluate("document.activeElement?.getAttribute('aria-rowindex')");
      assert.equal(focused, '79');
      await page.keyboard.press('End');
      await page.locator(`tr[aria-rowindex="101"]:focus`).waitFor();

      await page.getByRole('button', { name: 'Filters' }).click();
      await assertAccessible(page);
      await page.getByLabel('Status').selectOption('inactive');
      await page.keyboard.press('Escape');
      await page.waitForURL(/status=inactive/);
      await page.getByRole('gridcell', { name: 'Cancelled' }).first().waitFor();
      assert.ok(!page.url().includes('page='), 'another question begins at its first page');
      await page.getByRole('button', { name: 'Columns' }).click();
      await page.getByRole('checkbox', { name: 'Number' }).check();
      await page.keyboard.press('Escape');
      await page.getByRole('columnheader', { name: 'Number' }).waitFor();
      await page.getByRole('button', { name: 'Views' }).click();
      await page.getByLabel('Name of the view').fill('Gone');
      await page.keyboard.press('Enter');
      await page.getByText('The view is saved').waitFor();
      const saved = page.url();
      await page.getByRole('button', { name: 'Remove the filter Status' }).click();
      await page.waitForURL((url) => !url.searchParams.has('status'));
      await page.reload();
      await page.getByRole('button', { name: 'Views' }).click();
      await page.getByRole('link', { name: 'Gone' }).click();
      await page.waitForURL((url) => url.searchParams.get('status') === 'inactive');
      assert.deepEqual([...new URL(page.url()).searchParams].sort(), [...new URL(saved).searchParams].sort());
      faults.assertNone();
    },
  );

  browserTest('the palette opens by a key, and finds pages and people', async ({ page }) => {
    const faults = watchFaults(page);
    const { email, name } = await addGrace();
    await openConsole(page, roster, owner, '/staff');
    await page.keyboard.press('Control+k');
    const field = page.getByPlaceholder('A page, or a person');
    await field.fill(email);
    await page.getByRole('button', { name }).waitFor();
    await assertAccessible(page);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.getByRole('heading', { level: 1, name: 'People' }).waitFor();
    faults.assertNone();
  });

  browserTest(
    'one person is edited, cancelled and reinstated, and each act says why it is refused',
    async ({ page }) => {
      const faults = watchFaults(page);
      const { id, email, name, password: own } = await addGrace();
      await openConsole(page, roster, owner, `/people/${id}`);
      await assertAccessible(page);
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await assertAccessible(page);
      await page.getByLabel('Email').fill('not an email');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('This is not a valid value.').waitFor();
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('First name').fill('Graça');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { level: 1, name: name.replace('Grace', 'Graça') }).waitFor();

      await page.getByRole('button', { name: 'Acts' }).click();
      const reinstate = page.getByRole('menuitem', { name: /^Reinstate/ });
      assert.match((await reinstate.textContent()) ?? '', /\./, 'the reason stands there');
      assert.equal(await reinstate.getAttribute('aria-disabled'), 'true');
      await assertAccessible(page);
      await page.getByRole('menuitem', { name: /^Confirm the account/ }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Confirm the account' }).click();
      await page.locator('.page-note').getByText('Active').waitFor();
      assert.equal(await signInStatus(roster, email, own), 201);

      await page.getByRole('button', { name: 'Acts' }).click();
      await page.getByRole('menuitem', { name: 'Cancel the account' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel the account' }).click();
      await page.getByText('This person cannot sign in.').waitFor();
      await page.getByText('The account is cancelled.').waitFor();
      assert.notEqual(await signInStatus(roster, email, own), 201);
      await page.getByRole('button', { name: 'Reinstate the account' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Reinstate the account' }).click();
      await page.getByText('can sign in with the right password').waitFor();
      assert.equal(await signInStatus(roster, email, own), 201);

      await page.getByRole('tab', { name: 'In the contracts' }).click();
      for (const contract of ['sonar', 'general', 'humanapi', 'organization']) {
        await page.getByRole('region', { name: contract }).getByText('"').first().waitFor();
      }
      await assertAccessible(page);
      await page.getByRole('tab', { name: 'Timeline' }).click();
      await page.getByText('Person changed').first().waitFor();
      await page.getByText(owner.email).first().waitFor();
      await assertAccessible(page);
      faults.assertNone();
    },
  );

  browserTest('a person who is locked out is unlocked', async ({ page }) => {
    const { id, email, password: own } = await addGrace();
    for (let turn = 0; turn < 12; turn += 1) await signInStatus(roster, email, 'a-wrong-harbour-41');
    assert.notEqual(await signInStatus(roster, email, own), 201);
    const support = await roster.organization.staff('support');
    await openConsole(page, roster, support, `/people/${id}`);
    await page
      .getByText(/Too many wrong passwords/)
      .first()
      .waitFor();
    await assertAccessible(page);
    await page.getByRole('button', { name: 'Unlock' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unlock' }).click();
    await page.getByText(/Unlocked:/).waitFor();
    assert.equal(await signInStatus(roster, email, own), 201);
  });

  browserTest('an engineer sees a person masked, and looks at one field with a reason', async ({ page }) => {
    const { id, email } = await addGrace();
    const engineer = await roster.organization.staff('engineer');
    await openConsole(page, roster, engineer, `/people/${id}`);
    assert.equal(await page.getByText(email).count(), 0);
    await assertAccessible(page);
    await page.getByRole('button', { name: 'Show Email', exact: true }).click();
    await page.getByLabel('Reason').fill('asked by phone, ticket 41');
    await page.keyboard.press('Enter');
    await page.getByText(email).first().waitFor();
    const looks = (await roster.rows.all('audit_events')).filter(
      (row) => row['actor_id'] === engineer.staffId && String(row['action']).includes('reveal'),
    );
    assert.equal(looks.length, 1);
    await page.goto(`${siteOf(roster)}/people?q=${email}`);
    await page.getByText('This cannot be searched with your role.').waitFor();
  });

  browserTest('many are selected, and an act on them runs by a plan', async ({ page }) => {
    const faults = watchFaults(page);
    const added = [await addGrace(), await addGrace(), await addGrace()];
    await openConsole(page, roster, owner, '/people?q=höpper');
    for (const { email } of added) await page.getByRole('row', { name: email }).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Cancel accounts' }).click();
    const confirmation = page.getByRole('dialog').getByRole('textbox');
    await confirmation.waitFor();
    await assertAccessible(page);
    assert.ok(await page.getByRole('button', { name: 'Start' }).isDisabled());
    await confirmation.fill('3');
    await page.keyboard.press('Enter');
    await page.getByText(/Done\. \d (person|people)/).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    for (const { id } of added) {
      const shown = await roster.call(`GET /console/api/v1/people/${id}`, owner.ask);
      assert.equal(shown.at('fields.status'), 'inactive');
    }
    faults.assertNone();
  });

  browserTest('many get a role, and are deleted, each after a plan', async ({ page }) => {
    const faults = watchFaults(page);
    // The factor is fresh.
    const { token, ask } = await roster.organization.staff('owner');
    const word = crypto.randomUUID().slice(0, 8);
    const added = await Promise.all(
      ['a', 'b'].map((each) =>
        addPerson(roster, {
          ...{ firstName: 'Bulk', lastName: word, email: `${word}-${each}@example.com` },
          emailProvedAt: roster.clock.now(),
        }),
      ),
    );
    await openConsole(page, roster, { token }, `/people?q=${word}`);
    const dialog = page.getByRole('dialog');
    const begin = async (act: string) => {
      for (const each of ['a', 'b']) {
        await page
          .getByRole('row', { name: `${word}-${each}@example.com` })
          .getByRole('checkbox')
          .check();
      }
      await page.getByRole('button', { name: act, exact: true }).click();
    };
    await begin('Give a role');
    await dialog.getByLabel('The new role').selectOption('member');
    await assertAccessible(page);
    await dialog.getByRole('button', { name: 'Make the plan' }).click();
    await dialog.getByText('The new role: Member').waitFor();
    await dialog.getByRole('textbox').fill('2');
    await page.keyboard.press('Enter');
    await page.getByText('Done. 2 people were changed.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('row', { name: 'Member' }).first().waitFor();

    await begin('Delete');
    await dialog.getByRole('textbox').fill('2');
    assert.ok(await page.getByRole('button', { name: 'Start' }).isDisabled());
    await dialog.getByRole('textbox').fill('delete 2');
    await page.keyboard.press('Enter');
    await page.getByText('Done. 2 people were deleted').waitFor();
    await dialog.getByRole('link', { name: 'Watch the erasures' }).waitFor();
    await assertAccessible(page);
    for (const { userId } of added) {
      assert.equal((await roster.call(`GET /console/api/v1/people/${userId}`, ask)).status, 404);
    }
    faults.assertNone();
  });

  browserTest(
    'a person is deleted after a typed text and a fresh factor, and the erasure is watched',
    async ({ page }) => {
      const faults = watchFaults(page);
      const { id, email } = await addGrace();
      const { ask, secret } = await enrolWithTotp();
      const token = /roster-console=([^;]+)/.exec(ask.headers['cookie'] ?? '')?.[1] ?? '';
      roster.clock.advance(12 * 2 * halfMinuteMs);
      await openConsole(page, roster, { token }, `/people/${id}`);
      await page.getByRole('button', { name: 'Acts' }).click();
      await page.getByRole('menuitem', { name: 'Delete the person' }).click();
      const submit = page.getByRole('dialog').getByRole('button', { name: 'Delete the person' });
      await page.getByRole('dialog').getByRole('textbox').fill(email.slice(1));
      assert.ok(await submit.isDisabled());
      await page.getByRole('dialog').getByRole('textbox').fill(email);
      await assertAccessible(page);
      await submit.click();
      await page.getByText('Confirm that it is you').waitFor();
      await page.getByLabel('Code of the app').fill(code(secret));
      await page.keyboard.press('Enter');
      await page.getByText('The erasure', { exact: true }).waitFor();
      await roster.settle();
      await page.getByText('Complete.').waitFor();
      await assertAccessible(page);
      await page.getByRole('button', { name: 'To the list of people' }).click();
      await rows(page).first().waitFor();
      await page.goto(`${siteOf(roster)}/people/${id}`);
      await page.getByRole('heading', { name: 'This person does not exist' }).waitFor();
      faults.assertNone();
    },
  );

  browserTest('the people of a list, and all data of a person, are handed out as files', async ({ page }) => {
    const faults = watchFaults(page);
    const { id, email } = await addGrace();
    const { ask, secret } = await enrolWithTotp();
    const token = /roster-console=([^;]+)/.exec(ask.headers['cookie'] ?? '')?.[1] ?? '';
    roster.clock.advance(12 * 2 * halfMinuteMs);
    await openConsole(page, roster, { token }, `/people?q=${email}&status=pending`);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('dialog').getByText('1 person').waitFor();
    await assertAccessible(page);
    await page.getByRole('button', { name: 'Export them' }).click();
    await page.getByLabel('Code of the app').fill(code(secret));
    const listComing = page.waitForEvent('download');
    await page.keyboard.press('Enter');
    const list = await listComing;
    assert.equal(list.suggestedFilename(), 'people.csv');
    const [, line = '', ...rest] = readFileSync(await list.path(), 'utf8').split('\r\n');
    assert.ok(line.includes(id) && line.includes(email), line);
    assert.deepEqual(rest, ['']);

    await page.goto(`${siteOf(roster)}/people/${id}`);
    await page.getByRole('button', { name: 'Acts' }).click();
    await page.getByRole('menuitem', { name: 'Export all data' }).click();
    await assertAccessible(page);
    const coming = page.waitForEvent('download');
    await page.getByRole('dialog').getByRole('button', { name: 'Export all data' }).click();
    const file = await coming;
    assert.match(file.suggestedFilename(), /^exp_[0-9a-f]{32}\.zip$/);
    const bytes = readFileSync(await file.path());
    assert.deepEqual([...bytes.subarray(0, 4)], [0x50, 0x4b, 0x03, 0x04]);
    assert.ok(bytes.includes('manifest.json'));
    faults.assertNone();
  });
});
