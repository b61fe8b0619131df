/** The pages of the console before there is a session, and those of the own account, in a real browser. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { createCeremony, halfMinuteMs, password } from '../contracts/console/ceremony.ts';
import { addPerson } from '../support/contracts/people.ts';
import { browserTest } from '../support/machine/browser.ts';
import { createFakeClock } from '../support/server/clock.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import { assertAccessible, openConsole, siteOf, watchFaults } from './console-browser.ts';

describe('the console before a sign-in', () => {
  // The browser's clock is the real one.
  const roster = setUpRoster({ clock: createFakeClock(new Date().toISOString()) });
  const { code, invite, enrolWithTotp } = createCeremony(roster);

  async function givePassword(page: Page, email: string): Promise<void> {
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Continue' }).click();
  }

  /** A passkey on this machine that confirms its owner by itself. */
  async function addAuthenticator(page: Page): Promise<void> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
  }

  const signedIn = (page: Page): Promise<void> =>
    page.getByRole('heading', { level: 1, name: 'People' }).waitFor();

  browserTest(
    'a one-time link leads over a password and an app to the recovery codes and the console',
    async ({ page }) => {
      const faults = watchFaults(page);
      const { link } = await invite();
      await page.goto(`${siteOf(roster)}/enrol#${link}`);
      const first = page.getByLabel('New password');
      await first.waitFor();
      assert.equal(new URL(page.url()).hash, '', 'the token has left the address');
      await assertAccessible(page);
      await first.fill(password);
      await page.getByLabel('Repeat the password').fill('another');
      assert.ok(await page.getByText('The two passwords differ.').isVisible());
      assert.ok(await page.getByRole('button', { name: 'Save the password' }).isDisabled());
      await page.getByLabel('Repeat the password').fill(password);
      await page.keyboard.press('Enter');

      await page.getByRole('button', { name: 'Set up the app' }).click();
      await page.getByRole('img', { name: /QR code/ }).waitFor();
      await assertAccessible(page);
      const secret = ((await page.locator('.secret code').textContent()) ?? '').replaceAll(' ', '');
      await page.getByLabel('Code of the app').fill('000000');
      await page.keyboard.press('Enter');
      await page.getByText('The code is not right').waitFor();
      await page.getByLabel('Code of the app').fill(code(secret));
      await page.keyboard.press('Enter');

      await page.getByText('each of these codes signs you in once').waitFor();
      await assertAccessible(page);
      assert.equal(await page.locator('.codes code').count(), 10);
      await page.getByLabel('I have stored the codes').check();
      await page.getByRole('button', { name: 'Open the console' }).click();
      await signedIn(page);
      faults.assertNone();
    },
  );

  browserTest(
    'a sign-in asks for the password and then for a code, and says what is wrong',
    async ({ page }) => {
      const faults = watchFaults(page);
      const { email, secret, recoveryCodes } = await enrolWithTotp();
      await page.goto(`${siteOf(roster)}/people?status=active`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await assertAccessible(page);
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('Password', { exact: true }).fill('a-wrong-harbour-41');
      await page.keyboard.press('Enter');
      await page.getByText('The email or the password is not right.').waitFor();
      await givePassword(page, email);
      await page.getByRole('heading', { name: 'Second factor' }).waitFor();
      await assertAccessible(page);
      await page.getByLabel('Code of the app').fill('000000');
      await page.keyboard.press('Enter');
      await page.getByText('The code is not right').waitFor();
      await page.getByLabel('Code of the app').fill(code(secret));
      await page.keyboard.press('Enter');
      await signedIn(page);
      assert.match(page.url(), /\/people\?status=active$/, 'the reader is where they wanted to be');

      await page.getByTitle('Account and appearance').click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      roster.clock.advance(halfMinuteMs);
      await givePassword(page, email);
      await page.getByRole('button', { name: 'Use a recovery code' }).click();
      await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '');
      await page.keyboard.press('Enter');
      await signedIn(page);
      faults.assertNone();
    },
  );

  browserTest('a passkey is set up by the link, signs in, and makes a session fresh', async ({ page }) => {
    const faults = watchFaults(page);
    await addAuthenticator(page);
    const { account, link } = await invite();
    await page.goto(`${siteOf(roster)}/enrol#${link}`);
    await page.getByLabel('New password').fill(password);
    await page.getByLabel('Repeat the password').fill(password);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByLabel('I have stored the codes').check();
    await page.getByRole('button', { name: 'Open the console' }).click();
    await signedIn(page);

    await page.context().clearCookies();
    await page.reload();
    await givePassword(page, account.email);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await signedIn(page);

    roster.clock.advance(10 * 2 * halfMinuteMs);
    await page.goto(`${siteOf(roster)}/account`);
    await page.getByRole('button', { name: 'New recovery codes' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'New recovery codes' }).click();
    await page.getByText('Confirm that it is you').waitFor();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('each of these codes signs you in once').waitFor();
    faults.assertNone();
  });

  browserTest(
    'a session that ends leads to the sign-in form, and back to the same page',
    async ({ page }) => {
      const { email, secret } = await enrolWithTotp();
      const owner = await roster.organization.staff('owner');
      await openConsole(page, roster, owner, '/staff');
      roster.clock.advance(13 * 60 * 2 * halfMinuteMs);
      await page.getByRole('button', { name: 'Add a person' }).click();
      await page.getByLabel('Name').fill('Kai Lund');
      await page.getByLabel('Email').fill('kai@staff.example.com');
      await page.keyboard.press('Enter');
      await page.getByText('Your session has ended.').waitFor();
      await givePassword(page, email);
      await page.getByLabel('Code of the app').fill(code(secret));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Staff' }).waitFor();
    },
  );

  browserTest(
    'another account in the same browser sees nothing of what the former one saw, in any tab',
    async ({ page, context }) => {
      const faults = watchFaults(page);
      const seen = 'seen-by-an-owner@example.com';
      await addPerson(roster, { email: seen, externalId: 'seen-by-an-owner@clinic' });
      const engineer = await enrolWithTotp(undefined, undefined, 'engineer');
      await openConsole(page, roster, await roster.organization.staff('owner'), '/people');
      await page.getByText(seen).first().waitFor();
      await page.locator('.account-names').getByText('Owner', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'Staff' }).first().click();
      await page.getByRole('heading', { name: 'Staff' }).waitFor();

      const other = await context.newPage();
      await other.goto(`${siteOf(roster)}/people`);
      await other.getByTitle('Account and appearance').click();
      await other.getByRole('button', { name: 'Sign out' }).click();
      // The first tab is told of the sign-out, and of the sign-in.
      await page.getByLabel('Password', { exact: true }).waitFor();
      await givePassword(other, engineer.email);
      await other.getByLabel('Code of the app').fill(code(engineer.secret));
      await other.keyboard.press('Enter');
      await signedIn(other);
      await page.locator('.account-names').getByText('Engineer', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'People' }).first().click();
      await page.locator('.masked-note').first().waitFor();
      assert.equal((await page.locator('body').innerText()).includes('seen-by'), false);

      // Also where one account takes the place of another at once.
      const owner = await roster.organization.staff('owner');
      await openConsole(page, roster, owner, '/people');
      await page.getByText(seen).first().waitFor();
      await page.getByRole('link', { name: 'Staff' }).first().click();
      await page.getByRole('heading', { name: 'Staff' }).waitFor();
      const { token } = await roster.organization.staff('engineer');
      const { hostname } = new URL(siteOf(roster));
      await context.addCookies([{ name: 'roster-console', value: token, domain: hostname, path: '/' }]);
      await other.evaluate("new BroadcastChannel('roster-console-session').postMessage('changed')");
      await page.locator('.account-names').getByText('Engineer', { exact: true }).waitFor();
      await page.goBack();
      await page.locator('.masked-note').first().waitFor();
      assert.equal((await page.locator('body').innerText()).includes('seen-by'), false);
      faults.assertNone();
    },
  );

  browserTest('an owner adds an account, gives another role, and removes it', async ({ page }) => {
    const faults = watchFaults(page);
    const owner = await roster.organization.staff('owner');
    await openConsole(page, roster, owner, '/staff');
    await page.getByRole('button', { name: 'Add a person' }).click();
    await page.getByLabel('Name').fill('Kai Lund');
    await page.getByLabel('Email').fill('kai@staff.example.com');
    await page.getByLabel('Role').selectOption('engineer');
    await page.keyboard.press('Enter');
    await page.getByText(`${siteOf(roster)}/enrol#`).waitFor();
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await assertAccessible(page);
    await page.getByTitle('Change the role of Kai Lund').click();
    await page.getByRole('dialog').getByLabel('Role').selectOption('privacy');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    const rows = await roster.rows.all('staff_accounts');
    const row = rows.find(({ email }) => email === 'kai@staff.example.com');
    assert.equal(row?.['role'], 'privacy');
    await page.getByTitle('Remove Kai Lund').click();
    await page.getByRole('dialog').getByRole('textbox').fill('kai@staff.example.com');
    await page.keyboard.press('Enter');
    await page.getByText('Removed.').waitFor();
    await page.getByText('kai@staff.example.com').waitFor({ state: 'detached' });
    faults.assertNone();
  });

  browserTest(
    'the console speaks Spanish to a Spanish browser, and the theme and language stay',
    async ({ page }) => {
      const support = await roster.organization.staff('support');
      await openConsole(page, roster, support, '/account');
      await page.getByRole('heading', { name: 'Su cuenta' }).waitFor();
      await page.getByTitle('Cuenta y aspecto').click();
      await page.getByText('English').click();
      await page.getByRole('heading', { name: 'Your account' }).waitFor();
      await page.getByTitle('Dark').click();
      await page.reload();
      await page.getByRole('heading', { name: 'Your account' }).waitFor();
      await page.locator('html[data-mantine-color-scheme="dark"][lang="en"]').waitFor({ state: 'attached' });
      await page.goto(`${siteOf(roster)}/staff`);
      await page.getByRole('heading', { name: 'Your role does not see this page' }).waitFor();
    },
    { lang: 'es-MX' },
  );
});
