/** The pages of erasures, keys and apps, figures, record and outbox, in a real browser on a real server. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { staffRoles } from '../../src/core/access/principal.ts';
import { addPerson, bareId } from '../support/contracts/people.ts';
import { browserTest } from '../support/machine/browser.ts';
import { createFakeClock } from '../support/server/clock.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { assertAccessible, openConsole, watchFaults } from './console-browser.ts';

describe('the console: erasures, keys and apps, overview, record and outbox', () => {
  // The browser's clock is the real one.
  const roster = setUpRoster({ clock: createFakeClock(new Date().toISOString()) });
  const owner = setUp(() => roster.organization.staff('owner'));

  const works = async (bearer: string): Promise<number> =>
    (await roster.call('GET /sonar/v1/users', { bearer })).status;

  async function eraseOne() {
    const { userId } = await addPerson(roster);
    const ask = { bearer: roster.organization.apiKeys.admin };
    const reply = await roster.call(`DELETE /sonar/v1/users/${userId}`, ask);
    await roster.settle();
    return { userId, id: reply.header('x-erasure-id') };
  }

  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).click();

  browserTest('an empty directory shows what to do next, with lines to copy', async ({ page }) => {
    const faults = watchFaults(page);
    const tenant = await roster.addOrganization();
    const own = await tenant.staff('owner');
    await openConsole(page, roster, own, '/overview');
    await page.getByRole('heading', { name: 'Nobody is here yet' }).waitFor();
    assert.ok(await page.getByText('npx roster demo --users').isVisible());
    await assertAccessible(page);
    // What the lines send is what the person then has.
    for (const line of await page.locator('.first-steps code', { hasText: 'curl' }).allTextContents()) {
      const [, path, body = ''] = /^curl -X POST \S+?(\/\w+\/v1\/users) .*-d '(.*)'$/s.exec(line) ?? [];
      const bearer = line.includes('Bearer') ? { bearer: tenant.apiKeys.admin } : {};
      const reply = await roster.call(`POST ${path}`, { ...bearer, json: JSON.parse(body) });
      const { password: _, ...sent } = JSON.parse(body).user ?? JSON.parse(body);
      assert.equal(reply.status, 201, reply.text);
      assert.partialDeepStrictEqual(Object(reply.body).data ?? reply.body, sent);
    }
    faults.assertNone();
  });

  browserTest(
    'an erasure is found by the id of its person, and its receipt is verified in the browser',
    async ({ page }) => {
      const faults = watchFaults(page);
      const { userId, id } = await eraseOne();
      await eraseOne();
      await openConsole(page, roster, owner, '/erasures');
      await page.getByRole('table', { name: 'Erasures' }).waitFor();
      await assertAccessible(page);
      await page.getByLabel('User id, erasure id or digest').fill(bareId(userId));
      await page.keyboard.press('Enter');
      await page.getByText('1 erasure', { exact: true }).waitFor();
      await page.locator('.list-table a').click();
      await page.getByRole('heading', { name: 'Erasure', exact: true }).waitFor();
      assert.ok(page.url().endsWith(id));
      await page.getByText('Complete', { exact: true }).first().waitFor();

      const saved = page.waitForEvent('download');
      await press(page, 'Download');
      const file = await (await saved).path();
      const receipt = (await readFile(file, 'utf8')).trim();
      assert.equal((await saved).suggestedFilename(), `receipt-${id}.jws`);

      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await press(page, 'Verify');
      await page.getByText('Checked in this browser').waitFor();
      assert.ok(asked.includes('/.well-known/jwks.json'));
      assert.ok(!asked.some((path) => path.endsWith('/receipts/verify')));
      await assertAccessible(page);

      // Paper shows the sheet for the person, and nothing else.
      await page.emulateMedia({ media: 'print' });
      const sheet = page.locator('.sheet');
      await sheet.waitFor();
      assert.match((await sheet.textContent()) ?? '', new RegExp(`Default confirms.*${id}`));
      assert.ok(await page.getByRole('heading', { name: 'Erasure', exact: true }).isHidden());
      await page.emulateMedia({ media: 'screen' });

      await page.getByRole('link', { name: 'All erasures' }).click();
      const [head, payload = '', signature = ''] = receipt.split('.');
      const forged = Buffer.from(payload, 'base64url').toString().replace('"users":1', '"users":2');
      const changed = `${head}.${Buffer.from(forged).toString('base64url')}.${signature}`;
      for (const [text, told] of [
        [receipt, 'The signature is right'],
        [changed, 'It was changed after it was signed'],
        ['hello', 'This is not the receipt'],
      ] as const) {
        await page.getByRole('textbox', { name: 'Receipt' }).fill(text);
        await press(page, 'Check');
        await page.getByText(told).waitFor();
      }
      faults.assertNone();
    },
  );

  browserTest(
    'a key is made and shown once, rotated so that the old one is refused, and revoked',
    async ({ page }) => {
      const faults = watchFaults(page);
      await openConsole(page, roster, owner, '/keys');
      await press(page, 'New key');
      await page.getByLabel('Name').fill('Nightly import');
      await press(page, 'Create the key');
      const secretOf = async (): Promise<string> => (await page.locator('.secret-text').textContent()) ?? '';
      await page.getByText('Copy it now').waitFor();
      const first = await secretOf();
      assert.equal(await works(first), 200);
      await assertAccessible(page);
      await press(page, 'I have it');
      const row = page.getByRole('row', { name: /Nightly import/ });
      await row.waitFor();
      assert.ok(!(await page.content()).includes(first), 'the key has left the page');
      await assertAccessible(page);

      await row.getByRole('button', { name: 'Rotate' }).click();
      await page.getByLabel('The old key').selectOption('24');
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
      await page.getByText('Copy it now').waitFor();
      const second = await secretOf();
      assert.deepEqual([await works(first), await works(second)], [200, 200]);
      await press(page, 'I have it');
      await row.getByText('The old key works until').waitFor();
      await row.getByRole('button', { name: 'Refuse it now' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Refuse it now' }).click();
      await page.getByText('The old key is refused.').waitFor();
      assert.deepEqual([await works(first), await works(second)], [401, 200]);

      await row.getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await row.getByText('Revoked', { exact: true }).waitFor();
      assert.equal(await works(second), 401);
      faults.assertNone();
    },
  );

  browserTest('an app gets a name, origins and a colour, and Connect is tried', async ({ page, context }) => {
    const faults = watchFaults(page);
    await openConsole(page, roster, owner, '/keys');
    const row = page.getByRole('table', { name: 'Apps' }).getByRole('row').nth(1);
    await row.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Name of the app').fill('Walks');
    await page.getByLabel('Origins').fill('https://app.example.com/path');
    const save = page.getByRole('dialog').getByRole('button', { name: 'Edit' });
    await save.click();
    await page.getByText('This is not a valid value.').waitFor();
    await page.getByLabel('Origins').fill('https://app.example.com');
    await page.getByLabel('Colour').fill('#0c7568');
    await assertAccessible(page);
    await save.click();
    await row.getByText('https://app.example.com').waitFor();
    assert.ok(await row.getByText('Walks').isVisible());
    await row.getByRole('button', { name: 'Try Connect' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Try Connect' }).click();
    const opened = context.waitForEvent('page');
    await page.getByRole('link', { name: 'Open the Connect page' }).click();
    const connect = await opened;
    await connect.waitForLoadState();
    await connect.getByText('Walks').first().waitFor();
    await connect.close();
    faults.assertNone();
  });

  browserTest('the overview draws the days, and has the same numbers in a table', async ({ page }) => {
    const faults = watchFaults(page);
    const { apiKeys } = roster.organization;
    for (let time = 0; time < 3; time++) {
      await roster.call('POST /sonar/v1/users', { bearer: apiKeys.admin, json: {} });
    }
    await openConsole(page, roster, owner, '/overview');
    await page.locator('.chart canvas').first().waitFor();
    await page.getByText('The numbers as a table').first().click();
    const today = page.locator('.list-table.stays').first().getByRole('row').nth(1);
    const shown = Number(await today.getByRole('cell').first().textContent());
    const answer = await roster.call('GET /console/api/v1/overview?days=30', owner.ask);
    assert.equal(shown, answer.number('days.29.created'));
    await assertAccessible(page);
    await page.getByLabel('Time').selectOption('7');
    await page.waitForURL(/days=7/);
    faults.assertNone();
  });

  browserTest('the record is filtered by actor and action, and leads to any page', async ({ page }) => {
    const faults = watchFaults(page);
    await openConsole(page, roster, owner, '/record');
    await page.getByRole('table', { name: 'Events' }).waitFor();
    await assertAccessible(page);
    await page.getByLabel('Action').selectOption('user.created');
    await page.waitForURL(/action=user.created/);
    await page.getByRole('table', { name: 'Events' }).waitFor();
    await page.getByLabel('Id of a key, app, user or staff account').fill('not an id');
    await page.keyboard.press('Enter');
    await page.getByText('This is not a valid value.').waitFor();
    await press(page, 'Remove the filters');
    await page.getByRole('table', { name: 'Events' }).waitFor();
    faults.assertNone();
  });

  browserTest('the outbox shows a code as soon as it is written', async ({ page }) => {
    const faults = watchFaults(page);
    await openConsole(page, roster, owner, '/outbox');
    const user = {
      email: 'cy@example.com',
      password: 'a-quiet-harbour-41',
      first_name: 'Cy',
      last_name: 'Roe',
    };
    await roster.call('POST /general/v1/users', {
      headers: { 'x-app-id': roster.organization.app.appId },
      json: { user: { ...user, phone: '+1-201-555-0123' } },
    });
    const look = page.waitForRequest((request) => request.headers()['x-roster-poll'] === '1');
    const code = page.locator('.outbox-code').first();
    await code.waitFor();
    assert.ok((await look).url().endsWith('/outbox'), 'the page says that it looks by itself');
    assert.match((await code.textContent()) ?? '', /^\d+$/);
    await assertAccessible(page);
    faults.assertNone();
  });

  browserTest('an engineer sees why a choice is for owners, and the outbox masked', async ({ page }) => {
    const faults = watchFaults(page);
    const json = { name: 'Deleter', role: 'admin', expiresAt: null };
    assert.equal((await roster.call('POST /console/api/v1/keys', { ...owner.ask, json })).status, 201);
    await openConsole(page, roster, await roster.organization.staff('engineer'), '/keys');
    const row = page.getByRole('row', { name: /Deleter/ });
    await row.getByText('For owners: it deletes people.').waitFor();
    assert.deepEqual(await row.getByRole('button').allTextContents(), ['Revoke']);
    await press(page, 'New key');
    await page.getByText('Owners issue admin keys').waitFor();
    assert.ok(await page.getByRole('option', { name: /^Admin/ }).isDisabled());
    await assertAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Outbox' }).click();
    await page.getByText('Your role sees addresses masked').waitFor();
    await assertAccessible(page);
    faults.assertNone();
  });

  browserTest('each role sees the pages of its role, also in Spanish', async ({ page }) => {
    const seen: Record<(typeof staffRoles)[number], readonly string[]> = {
      owner: ['Resumen', 'Borrados', 'Claves y aplicaciones', 'Registro'],
      support: ['Resumen'],
      privacy: ['Resumen', 'Borrados', 'Registro'],
      engineer: ['Resumen', 'Claves y aplicaciones'],
    };
    await page.addInitScript("localStorage.setItem('roster-console-language', 'es')");
    for (const role of staffRoles) {
      await openConsole(page, roster, await roster.organization.staff(role), '/overview');
      const names = await page.getByRole('navigation').getByRole('link').allTextContents();
      const own = names
        .map((name) => name.trim())
        .filter((name) => seen.owner.some((each) => name.includes(each)));
      assert.equal(own.length, seen[role].length, `${role}: ${names}`);
      for (const name of seen[role])
        assert.ok(
          own.some((each) => each.includes(name)),
          `${role}: ${name}`,
        );
    }
    await assertAccessible(page);
  });
});
