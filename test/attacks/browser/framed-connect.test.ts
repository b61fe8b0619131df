/**
 * The bound flow works where browsers and providers are strict: in the frame of the unchanged public client, with
 * third-party cookies blocked, at a provider whose pages cut the link between windows, on a phone, and in one window.
 */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { updateApp } from '../../../src/core/directory/organization-lifecycle.ts';
import { makeFolder, removeFolder } from '../../cli/program.ts';
import { openSession } from '../../connect-page/connect-calls.ts';
import {
  type EmbeddedRoster,
  type EmbeddingApp,
  openConnect,
  pressForWindow,
  startEmbedded,
} from '../../connect-page/embedding-app.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { browserTest } from '../../support/machine/browser.ts';
import { type Roster, testDoor } from '../../support/server/start.ts';
import { startWearable, type Wearable } from '../support/wearable.ts';

let folder: string;
let wearable: Wearable;
let embedded: EmbeddedRoster;
let roster: Roster;
let app: EmbeddingApp;
let site: string;

before(async () => {
  folder = await makeFolder();
  wearable = await startWearable();
  embedded = await startEmbedded({ env: wearable.settings(folder) });
  ({ roster, app, site } = embedded);
});
after(async () => {
  await embedded.close();
  await wearable.close();
  await removeFolder(folder);
});

for (const [what, options] of [
  ['with third-party cookies', {}],
  ['without third-party cookies', { hasThirdPartyCookies: false }],
] as const) {
  describe(what, () => {
    browserTest(
      'a person connects in a frame without a press on the start page, at a provider that cuts the link',
      async ({ page, context }) => {
        await page.setViewportSize({ width: 360, height: 640 });
        const { token } = await openSession(roster);
        const frame = await openConnect(page, app, { token, base: `${site}/connect` });
        for (const decision of ['closes', 'allows'] as const) {
          const button = frame.getByRole('button', { name: /(Connect|Open again) Wearable/ });
          const popup = await pressForWindow(page, button);
          const allow = popup.getByRole('button', { name: 'Allow access' });
          await allow.waitFor();
          assert.equal(await popup.evaluate('window.opener'), null, 'the provider has cut the link');
          if (decision === 'closes') {
            await popup.close();
            continue;
          }
          await allow.click();
          await popup.getByRole('heading', { name: 'Wearable is connected' }).waitFor();
        }
        await frame.getByText('1 connected').waitFor();
        const [cookie, ...more] = await context.cookies(site);
        assert.deepEqual(more, []);
        assert.partialDeepStrictEqual(cookie, {
          ...{ name: '__Host-roster-connect', secure: true, httpOnly: true, sameSite: 'Lax', path: '/' },
        });
      },
      options,
    );

    browserTest(
      'the frame learns from the server that the person was refused, where no message can come',
      async ({ page }) => {
        const { token } = await openSession(roster);
        const frame = await openConnect(page, app, { token, base: `${site}/connect` });
        const popup = await pressForWindow(page, frame.getByRole('button', { name: 'Connect Wearable' }));
        await popup.getByRole('button', { name: 'Allow access' }).waitFor();
        const callback = new URL(`${site}/connect/callback?error=access_denied`);
        callback.searchParams.set('state', new URL(popup.url()).searchParams.get('state') ?? '');
        await popup.goto(callback.href);
        await popup.getByRole('heading', { name: 'Wearable is not connected' }).waitFor();
        await frame.getByText('Access was not allowed, and nothing is shared.').waitFor();
      },
      options,
    );

    browserTest('the frame learns that the account is connected to another user', async ({ page }) => {
      const { appId } = roster.organization.app;
      await updateApp(roster.core, testDoor, { appId, isOneAccount: true });
      wearable.account = `account of ${what}`;
      for (const text of ['1 connected', 'This account of Wearable is connected to another user.']) {
        const { token } = await openSession(roster);
        const frame = await openConnect(page, app, { token, base: `${site}/connect` });
        const popup = await pressForWindow(page, frame.getByRole('button', { name: 'Connect Wearable' }));
        await popup.getByRole('button', { name: 'Allow access' }).click();
        await frame.getByText(text).waitFor();
        await popup.close();
      }
      await updateApp(roster.core, testDoor, { appId, isOneAccount: false });
    });

    browserTest(
      'a person connects in one window, from a link, on a phone and without script',
      async ({ context }) => {
        const browser = context.browser();
        assert.ok(browser);
        const plain = await browser.newContext({
          javaScriptEnabled: false,
          viewport: { width: 360, height: 640 },
        });
        try {
          const page = await plain.newPage();
          const { userId } = await addPerson(roster, { email: `ann-${crypto.randomUUID()}@example.com` });
          const bearer = roster.organization.apiKeys.admin;
          const reply = await roster.call(`POST /sonar/v1/users/${userId}/devices`, {
            ...{ bearer, json: { provider: 'wearable' } },
          });
          await page.goto(reply.string('data.auth_url'));
          await page.getByText('a***@e***.com').waitFor();
          await page.getByRole('button', { name: 'Continue to Wearable' }).click();
          await page.getByRole('button', { name: 'Allow access' }).click();
          await page.getByRole('heading', { name: 'Wearable is connected' }).waitFor();
          await page.getByText('a***@e***.com').waitFor();
          await page.reload();
          await page.getByRole('heading', { name: 'Wearable is connected' }).waitFor();
        } finally {
          await plain.close();
        }
      },
      options,
    );
  });
}
