/** The marks of providers, from the deployment's file to the Connect page. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { browserTest } from '../support/machine/browser.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import { openSession } from './connect-calls.ts';

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><style>.a{fill:#203070}</style><circle class="a" cx="12" cy="12" r="10"/></svg>';
/** A PNG picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

const acme = {
  title: 'Acme Band',
  client_id: 'id-1',
  client_secret: 'secret-of-acme',
  authorization_endpoint: 'https://acme.example/oauth/authorize',
  token_endpoint: 'https://acme.example/oauth/token',
  revocation_endpoint: 'https://acme.example/oauth/revoke',
};

const folder = mkdtempSync(join(tmpdir(), 'roster-marks-'));
const file = join(folder, 'providers.json');
const providers = [
  { ...acme, name: 'acme', mark: 'acme.svg' },
  { ...acme, name: 'pulse', title: 'élan-pulse 2' },
  { ...acme, name: 'broken', title: 'Broken', mark: 'broken.png' },
  { name: 'fitbit', mark: 'fitbit.png' },
];
writeFileSync(join(folder, 'acme.svg'), svg);
writeFileSync(join(folder, 'fitbit.png'), png);
// It begins as a PNG picture and has nothing more.
writeFileSync(join(folder, 'broken.png'), png.subarray(0, 20));
writeFileSync(file, JSON.stringify({ providers }));
after(() => rmSync(folder, { recursive: true }));

describe('the mark of a provider', () => {
  const roster = setUpRoster({
    env: {
      ROSTER_PROVIDERS_FILE: file,
      ROSTER_PROVIDER_FITBIT_CLIENT_ID: 'fitbit-client',
      ROSTER_PROVIDER_FITBIT_CLIENT_SECRET: 'fitbit-secret',
    },
  });

  async function marks(): Promise<ReadonlyMap<string, string | null>> {
    const { token } = await openSession(roster);
    const reply = await roster.call('GET /connect/api/session', { bearer: token });
    const { sources } = JSON.parse(reply.text) as { sources: { provider: string; mark: string | null }[] };
    return new Map(sources.map(({ provider, mark }) => [provider, mark]));
  }

  test('is a file under a name with its digest, which a browser may only show', async () => {
    const addresses = await marks();
    assert.match(addresses.get('acme') ?? '', /^\.\.\/marks\/acme\/[0-9a-f]{32}$/);
    assert.deepEqual([addresses.get('pulse'), addresses.get('demo')], [null, null]);
    for (const [provider, type, content] of [
      ['acme', 'image/svg+xml; charset=utf-8', Buffer.from(svg)],
      ['fitbit', 'image/png', png],
    ] as const) {
      const address = new URL(addresses.get(provider) ?? '', `${roster.baseUrl}/connect/api/`);
      const answer = await fetch(address);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), type);
      assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(
        answer.headers.get('content-security-policy'),
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      );
      assert.deepEqual(Buffer.from(await answer.bytes()), content);
    }
  });

  test('is at no other address', async () => {
    const digest = (await marks()).get('acme')?.split('/').at(-1) ?? '';
    for (const wrong of [
      `fitbit/${digest}`,
      `pulse/${digest}`,
      `nobody/${digest}`,
      'acme/0',
      'pulse/undefined',
    ]) {
      assert.equal((await roster.call(`GET /connect/marks/${wrong}`)).status, 404, wrong);
    }
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    browserTest(
      `is beside the name, and initials where there is none, on a ${colorScheme} page`,
      async ({ page }) => {
        await page.emulateMedia({ colorScheme });
        const { token } = await openSession(roster);
        await page.goto(`${roster.baseUrl}/connect/?token=${token}`);
        const shown = (provider: string) => page.locator(`[data-provider="${provider}"]`);
        for (const provider of ['acme', 'fitbit']) {
          const mark = shown(provider).locator('img');
          await mark.waitFor();
          await page.waitForFunction(
            `document.querySelector('[data-provider="${provider}"] img').naturalWidth > 0`,
          );
          assert.deepEqual(
            [await mark.getAttribute('alt'), await mark.getAttribute('aria-hidden')],
            ['', 'true'],
          );
          assert.equal(await shown(provider).locator('.initial').count(), 0);
        }
        for (const [provider, initials] of [
          ['pulse', 'ÉP'],
          ['demo', 'D'],
          ['broken', 'B'],
        ] as const) {
          const shownInitials = shown(provider).locator('.initial');
          await shownInitials.waitFor();
          assert.equal(await shownInitials.textContent(), initials);
          assert.equal(await shownInitials.getAttribute('aria-hidden'), 'true');
          assert.equal(await shown(provider).locator('img').count(), 0);
        }
      },
    );
  }
});
