/** Enrolment and sign-in to the console in a browser, with a virtual authenticator (Chrome DevTools Protocol, WebAuthn). */
import assert from 'node:assert/strict';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { operatorAt } from '../../src/core/access/principal.ts';
import { createStaff } from '../../src/core/staff/manage-staff.ts';
import { browserTest } from '../support/machine/browser.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';

const roster = setUpRoster();
const password = 'a-quiet-harbour-41';
const halfMinuteMs = 30_000;

/** Passkeys need a name of this machine; its address is none. */
const base = (): string => roster.baseUrl.replace('127.0.0.1', 'localhost');

async function invite(email: string): Promise<string> {
  const principal = operatorAt(testDoor, roster.organization.key);
  const { link } = await createStaff(roster.core, principal, { email, name: 'Jo Smith', role: 'owner' });
  return `${base()}/console/enrol#${link}`;
}

/** A security key that is plugged in, and verifies its user. */
async function plugIn(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
}

/** What the browser says against the content policy, or about a script that fails. */
function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return complaints;
}

async function choosePassword(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('Repeat the password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Save the password' }).click();
}

async function storeCodes(page: Page): Promise<readonly string[]> {
  const box = page.getByLabel('I have stored the codes');
  await box.waitFor();
  const codes = await page.locator('.codes code').allTextContents();
  await box.check();
  await page.getByRole('button', { name: 'Open the console' }).click();
  return codes;
}

async function givePassword(page: Page, email: string): Promise<void> {
  await page.getByLabel('Email', { exact: true }).fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Waits until the browser has an open session, and returns the email of the account. */
async function emailOf(page: Page): Promise<string> {
  await page.getByRole('navigation').first().waitFor();
  return page.evaluate(async () => {
    const answer = await fetch('/console/api/v1/session');
    return String(Object(await answer.json()).staff?.email);
  });
}

async function signOut(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await fetch('/console/api/v1/session', { method: 'DELETE', headers: { 'x-roster-console': '1' } });
  });
  await page.goto(`${base()}/console`);
}

browserTest('a person enrols with a passkey, and signs in with it', async ({ page }) => {
  const complaints = complaintsOf(page);
  const email = 'passkey@staff.example.com';
  await plugIn(page);
  await choosePassword(page, await invite(email));
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  assert.equal((await storeCodes(page)).length, 10);
  assert.equal(await emailOf(page), email);
  assert.equal(new URL(page.url()).hash, '', 'the token has left the address');
  await signOut(page);
  await givePassword(page, email);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  assert.equal(await emailOf(page), email);
  const [cookie] = (await page.context().cookies()).filter(({ name }) => name === 'roster-console');
  assert.deepEqual([cookie?.httpOnly, cookie?.sameSite, cookie?.path], [true, 'Strict', '/']);
  assert.deepEqual(complaints, []);
});

browserTest(
  'a person enrols with an app for codes, and signs in with a code and a recovery code',
  async ({ page }) => {
    const complaints = complaintsOf(page);
    const email = 'codes@staff.example.com';
    await choosePassword(page, await invite(email));
    await page.getByRole('button', { name: 'Set up the app' }).click();
    const shown = await page.locator('.secret code').textContent();
    const secret = Secret.fromBase32((shown ?? '').replaceAll(' ', ''));
    const code = (): string => TOTP.generate({ secret, timestamp: roster.clock.now() });
    await page.getByLabel('Code of the app').fill(code());
    await page.getByRole('button', { name: 'Confirm' }).click();
    const [recoveryCode = ''] = await storeCodes(page);
    assert.equal(await emailOf(page), email);

    await signOut(page);
    roster.clock.advance(halfMinuteMs);
    await givePassword(page, email);
    await page.getByLabel('Code of the app').fill(code());
    await page.getByRole('button', { name: 'Continue' }).click();
    assert.equal(await emailOf(page), email);

    await signOut(page);
    await givePassword(page, email);
    await page.getByRole('button', { name: 'Use a recovery code' }).click();
    await page.getByLabel('Recovery code', { exact: true }).fill(recoveryCode.toUpperCase());
    await page.getByRole('button', { name: 'Continue' }).click();
    assert.equal(await emailOf(page), email);
    assert.deepEqual(complaints, []);
  },
);
