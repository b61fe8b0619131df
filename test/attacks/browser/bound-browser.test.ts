/**
 * A flow to a provider is bound to the browser of the person who confirmed it. The attacker has an account of the app and
 * gets addresses of flows for it. The victim has a wearable and a browser that Roster has never seen; the attacker
 * wants the data of that wearable. The attacker cannot read or write the victim's cookies.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { parseUserIdText, type UserId } from '../../../src/core/ids.ts';
import { openSession } from '../../connect-page/connect-calls.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { browserTest } from '../../support/machine/browser.ts';
import { findPort } from '../../support/machine/port.ts';
import { allowDemo, type Jar, pressStart, visit, visitDemo } from '../../support/server/demo-person.ts';
import { type Roster, startRoster } from '../../support/server/start.ts';

let roster: Roster;
/** Where people reach Roster: another site than `127.0.0.1`, where the attacker's page is. */
let site: string;

before(async () => {
  const port = await findPort();
  roster = await startRoster({ env: { PORT: String(port) } });
  site = `http://localhost:${port}`;
});
after(() => roster.close());

interface Lure {
  /** The address that the attacker sends to the victim. */
  readonly address: string;
  /** The attacker's account. */
  readonly account: UserId;
  /** How the start page names the account. */
  readonly name: RegExp;
}

const emails = { count: 0 };

/** The `auth_url` that the backend of an app gets for the attacker's account. */
async function lureOfBackend(): Promise<Lure> {
  emails.count += 1;
  const { userId } = await addPerson(roster, { email: `mallory-${emails.count}@evil.example` });
  const bearer = roster.organization.apiKeys.admin;
  const ask = { bearer, json: { provider: 'demo' } };
  const reply = await roster.call(`POST /sonar/v1/users/${userId}/devices`, ask);
  const account = parseUserIdText(userId) ?? '';
  return { address: reply.string('data.auth_url'), account, name: /m\*\*\*@e\*\*\*\.example/ };
}

/** The address that the Connect page gets when the attacker presses "Connect" there. */
async function lureOfConnectPage(): Promise<Lure> {
  const { token, humanId, externalId } = await openSession(roster);
  const ask = { bearer: token, json: { provider: 'demo' } };
  const reply = await roster.call('POST /connect/api/connections', ask);
  return {
    address: reply.string('authUrl'),
    account: humanId,
    name: new RegExp(`…${externalId.slice(-4)}`),
  };
}

async function statusesOf(account: UserId): Promise<readonly string[]> {
  const connections = await roster.core.work.read(roster.organization.key, (tx) =>
    tx.connections.listOf(account),
  );
  return connections.map(({ status }) => status);
}

const exchangingOrConnected = "outcome in ('exchanging', 'connected')";

/** The victim sees a page that names the app and the account, and nothing has happened yet. */
async function assertAsked(page: Page, { name, account }: Lure): Promise<void> {
  const button = page.getByRole('button', { name: 'Continue to Demo' });
  await button.waitFor({ timeout: 10_000 });
  const text = await page.locator('main').innerText();
  assert.match(text, name);
  assert.match(text, /Default asks for your data/);
  assert.equal(new URL(page.url()).pathname, '/connect/start');
  assert.deepEqual(await statusesOf(account), ['pending']);
}

/** The victim opens a page of the attacker on another site, which has the lure's address in `location.hash`. */
async function withEvilPage(body: string, work: (origin: string) => Promise<void>): Promise<void> {
  const evil = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Prizes</title>${body}`);
  }).listen(0, '127.0.0.1');
  await once(evil, 'listening');
  try {
    await work(`http://127.0.0.1:${(evil.address() as AddressInfo).port}`);
  } finally {
    evil.closeAllConnections();
    evil.close();
  }
}

const openingButton = '<button onclick="window.open(location.hash.slice(1))">Prize</button>';
const formThatSendsItself =
  '<form method="post"></form><script>document.forms[0].action = location.hash.slice(1); document.forms[0].submit();</script>';

for (const [whose, makeLure] of [
  ['the address that a backend gets', lureOfBackend],
  ["the address of the Connect page's own call", lureOfConnectPage],
] as const) {
  describe(`an attacker with ${whose}`, () => {
    browserTest('sends a link: the victim reads whose account it is, and has to press', async ({ page }) => {
      const lure = await makeLure();
      await page.goto(lure.address);
      const allow = page.getByRole('button', { name: 'Allow access' });
      // A victim who follows whatever page comes first.
      if (await allow.isVisible()) await allow.click();
      await assertAsked(page, lure);
    });

    browserTest('opens it in a pop-up of a page of theirs: the victim has to press too', async ({ page }) => {
      const lure = await makeLure();
      await withEvilPage(openingButton, async (origin) => {
        await page.goto(`${origin}/#${lure.address}`);
        const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button').click()]);
        await assertAsked(popup, lure);
      });
    });

    browserTest('sends the form from another site: the victim has to press too', async ({ page }) => {
      const lure = await makeLure();
      await withEvilPage(formThatSendsItself, async (origin) => {
        await page.goto(`${origin}/#${lure.address}`);
        await assertAsked(page, lure);
        assert.deepEqual(await page.context().cookies(site), []);
      });
    });

    test('begins it and sends the address of the provider: the victim is told, and no code is spent', async () => {
      const lure = await makeLure();
      const own: Jar = new Map();
      const atProvider = await pressStart(lure.address, own);
      const victims: Jar = new Map();
      const callback = await allowDemo(atProvider, victims);
      const returned = await visit(callback, victims);
      assert.equal(returned.status, 403, returned.text);
      assert.match(returned.text, /begun in another browser/);
      assert.doesNotMatch(returned.text, lure.name);
      assert.deepEqual(await statusesOf(lure.account), ['pending']);
      assert.equal(
        await roster.rows.count('oauth_attempts', `user_id = '${lure.account}' and ${exchangingOrConnected}`),
        0,
      );
      // The page offers to begin again, and that leads to the page that names the account.
      const [, again = ''] = /<a href="(\/connect\/start\?flow=[\w-]+)"/.exec(returned.text) ?? [];
      const asked = await visit(new URL(again, callback), victims);
      assert.equal(asked.status, 200);
      assert.match(asked.text, lure.name);
      // The try of the victim's browser has used nothing up.
      assert.match((await visit(callback, own)).text, /Demo is connected/);
    });

    test('feeds the victim a callback with a code of theirs: it is not taken', async () => {
      const lure = await makeLure();
      const own: Jar = new Map();
      const callback = await allowDemo(await pressStart(lure.address, own), own);
      // The victim's browser has begun a flow of its own.
      const victims: Jar = new Map();
      const victim = await lureOfBackend();
      const victimsReturn = await allowDemo(await pressStart(victim.address, victims), victims);
      for (const jar of [victims, new Map([...victims].map(([name]) => [name, 'x'.repeat(43)])), new Map()]) {
        assert.equal((await visit(callback, jar)).status, 403);
      }
      // Neither is the attacker's code with the state of the victim's flow, from any browser but the victim's.
      const mixed = new URL(victimsReturn);
      mixed.searchParams.set('code', callback.searchParams.get('code') ?? '');
      assert.equal((await visit(mixed, own)).status, 403);
      assert.deepEqual(await statusesOf(victim.account), ['pending']);
      assert.deepEqual(await statusesOf(lure.account), ['pending']);
      assert.match((await visit(victimsReturn, victims)).text, /Demo is connected/);
    });
  });
}

browserTest(
  'the second click of a double click on another window is not a press, and a later click is',
  async ({ page }) => {
    const lure = await lureOfBackend();
    await page.clock.install();
    await page.goto(lure.address);
    const button = page.getByRole('button', { name: 'Continue to Demo' });
    const box = await button.boundingBox();
    assert.ok(box);
    for (const meet of ['when the page has just come', 'when it has just come into view again']) {
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      await assertAsked(page, lure);
      await page.clock.runFor(1_000);
      assert.equal(await button.getAttribute('aria-disabled'), null, meet);
      await page.evaluate("window.dispatchEvent(new Event('focus'))");
    }
    await page.clock.runFor(1_000);
    await button.click();
    await page.getByRole('button', { name: 'Allow access' }).waitFor();
  },
);

describe('the start page', () => {
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://evil.localhost' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { referer: 'https://evil.example/page' },
  ]) {
    test(`begins nothing for a form with ${JSON.stringify(headers)}`, async () => {
      const lure = await lureOfBackend();
      const jar: Jar = new Map();
      const answer = await visit(lure.address, jar, { form: '', headers });
      assert.equal(answer.status, 403);
      assert.match(answer.text, lure.name);
      assert.equal(answer.headers.get('location'), null);
      assert.equal(jar.size, 0);
      assert.equal(
        await roster.rows.count('oauth_attempts', `user_id = '${lure.account}' and state_digest is not null`),
        0,
      );
    });
  }

  test('cannot be framed, and names no account to a stranger without the link', async () => {
    const { address, name } = await lureOfBackend();
    const shown = await visit(address, new Map());
    assert.match(shown.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    assert.equal(shown.headers.get('x-frame-options'), 'DENY');
    for (const page of [address, `${site}/connect`, `${site}/connect/callback`]) {
      const { headers } = await visit(page, new Map());
      assert.equal(headers.get('cross-origin-opener-policy'), null, 'it would cut the pop-up off');
    }
    assert.equal(shown.headers.get('set-cookie'), null);
    for (const wrong of [`${address.slice(0, -1)}~`, address.replace(/flow=.*/, ''), `${address}&flow=x`]) {
      const refused = await visit(wrong, new Map());
      assert.equal(refused.status, 404, wrong);
      assert.match(refused.text, /does not work any more/);
      assert.doesNotMatch(refused.text, name);
      assert.equal((await visit(wrong, new Map(), { form: '' })).status, 404);
    }
  });

  test('works until the flow is ten minutes old or used, and can be opened again before', async () => {
    const lure = await lureOfBackend();
    const jar: Jar = new Map();
    const first = await pressStart(lure.address, jar);
    assert.equal(
      await pressStart(lure.address, jar),
      first,
      'a second press in one browser leads to the same place',
    );
    const other: Jar = new Map();
    const second = await pressStart(lure.address, other);
    const stateOf = (address: string) => new URL(address).searchParams.get('state');
    assert.notEqual(stateOf(second), stateOf(first));
    assert.equal((await visitDemo(lure.address, 'allow', {}, other)).status, 200);
    for (const each of [jar, other]) assert.equal((await visit(lure.address, each)).status, 404);
    const late = await lureOfBackend();
    roster.clock.advance(10 * 60_000);
    assert.equal((await visit(late.address, new Map())).status, 404);
    assert.equal((await visit(late.address, new Map(), { form: '' })).status, 404);
  });

  test('binds several flows of one browser, each by itself, in any order', async () => {
    const jar: Jar = new Map();
    const flows = [await lureOfBackend(), await lureOfConnectPage(), await lureOfBackend()];
    const callbacks: URL[] = [];
    for (const { address } of flows) callbacks.push(await allowDemo(await pressStart(address, jar), jar));
    const names = [...jar.keys()].filter((name) => name.includes('roster-connect'));
    assert.deepEqual(names, ['__Host-roster-connect']);
    for (const callback of callbacks.toReversed()) {
      assert.match((await visit(callback, jar)).text, /Demo is connected/);
    }
    for (const { account } of flows) assert.deepEqual(await statusesOf(account), ['active']);
    const digests = (await roster.rows.all('oauth_attempts'))
      .filter((row) => flows.some(({ account }) => account === row['user_id']))
      .map((row) => row['browser_digest']);
    assert.equal(new Set(digests).size, 3, 'rows do not tell which flows are of one browser');
  });

  test('sets a cookie that other hosts and scripts cannot reach, and stores only digests of it', async () => {
    const { address } = await lureOfBackend();
    const pressed = await visit(address, new Map(), {
      form: '',
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    const cookie = pressed.headers.get('set-cookie') ?? '';
    assert.match(
      cookie,
      /^__Host-roster-connect=[\w-]{43}; Secure; Path=\/; Max-Age=1800; HttpOnly; SameSite=Lax$/,
    );
    const [, secret = ''] = /=([\w-]{43});/.exec(cookie) ?? [];
    const rows = JSON.stringify(await roster.rows.all('oauth_attempts'));
    assert.ok(!rows.includes(secret) && !rows.includes(new URL(address).searchParams.get('flow') ?? ''));
  });

  test('at a plain http address of a network, in development, the cookie has no prefix', async () => {
    const plain = await startRoster({ env: { ROSTER_PUBLIC_URL: 'http://roster.test:8080' } });
    try {
      const { userId } = await addPerson(plain);
      const ask = { bearer: plain.organization.apiKeys.admin, json: { provider: 'demo' } };
      const reply = await plain.call(`POST /sonar/v1/users/${userId}/devices`, ask);
      const { pathname, search, origin } = new URL(reply.string('data.auth_url'));
      assert.equal(origin, 'http://roster.test:8080');
      const jar: Jar = new Map();
      const pressed = await visit(`${plain.baseUrl}${pathname}${search}`, jar, { form: '' });
      assert.match(
        pressed.headers.get('set-cookie') ?? '',
        /^roster-connect=[\w-]{43}; Path=\/; Max-Age=1800; HttpOnly; SameSite=Lax$/,
      );
      const state = new URL(pressed.headers.get('location') ?? '').searchParams.get('state') ?? '';
      const callback = `${plain.baseUrl}/connect/callback?${new URLSearchParams({ state, error: 'access_denied', iss: `${origin}/demo-provider` })}`;
      assert.equal((await visit(callback, new Map())).status, 403);
      assert.match((await visit(callback, jar)).text, /Demo is not connected/);
    } finally {
      await plain.close();
    }
  });
});

browserTest(
  'a Connect page with the session of the attacker, outside a frame, does not vouch for the victim',
  async ({ page }) => {
    const { token, externalId, humanId } = await openSession(roster);
    await page.goto(`${site}/connect?token=${token}`);
    const connect = page.getByRole('button', { name: 'Connect Demo' });
    const [popup] = await Promise.all([page.waitForEvent('popup'), connect.click()]);
    await popup.waitForURL((url) => url.pathname !== 'blank' && url.pathname !== '/connect');
    const name = new RegExp(`…${externalId.slice(-4)}`);
    await assertAsked(popup, { address: popup.url(), account: humanId, name });
    await popup.getByRole('button', { name: 'Continue to Demo' }).click();
    await popup.getByRole('button', { name: 'Allow access' }).click();
    await page.getByText('1 connected').waitFor();
  },
);
