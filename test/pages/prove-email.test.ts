/** The page that proves an email. What its link proves, and what not, is in `test/attacks/proof-of-addresses.test.ts`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contracts } from '../../src/contracts/index.ts';
import { createLogger } from '../../src/http/log.ts';
import { createServer } from '../../src/http/server/server.ts';
import { defaultHttpSettings } from '../../src/http/settings.ts';
import { proveEmailPages } from '../../src/pages/prove-email/prove-email-page.ts';
import { browserTest } from '../support/machine/browser.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import { startRoster } from '../support/server/start.ts';

const roster = setUpRoster();
let people = 0;

/** A person who has signed up with a phone; the token of the link in the mail. */
async function signUp(): Promise<{ email: string; token: string }> {
  people += 1;
  const email = `person-${people}@example.com`;
  const user = { email, password: 'securepassword123', first_name: 'Ann', last_name: 'Lee' };
  const json = { user: { ...user, phone: `+1555200${String(people).padStart(4, '0')}` } };
  assert.equal((await roster.call('POST /general/v1/users', { json })).status, 201);
  const { token = '' } = await roster.lastMessage(email);
  return { email, token };
}

interface Shown {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function shownBy(answer: Promise<Response>): Promise<Shown> {
  const response = await answer;
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const open = (query: Record<string, string>, headers: Record<string, string> = {}): Promise<Shown> =>
  shownBy(fetch(`${roster.baseUrl}/prove-email?${new URLSearchParams(query)}`, { headers }));

const send = (
  form: Record<string, string> | URLSearchParams | string,
  headers: Record<string, string> = {},
): Promise<Shown> => {
  const body = typeof form === 'string' ? form : new URLSearchParams(form);
  return shownBy(fetch(`${roster.baseUrl}/prove-email`, { method: 'POST', headers, body }));
};

async function isProved(email: string): Promise<boolean> {
  const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.findByEmail(email));
  assert.ok(user !== null);
  return user.emailProvedAt !== null;
}

describe('the page that proves an email', () => {
  test('asks in the language of the reader, and links to the other language', async () => {
    const { token } = await signUp();
    const english = await open({ token });
    assert.match(english.text, /<html lang="en">[\s\S]*Is this your email address\?/);
    const spanish = await open({ token }, { 'Accept-Language': 'es-MX' });
    assert.match(spanish.text, /<html lang="es">[\s\S]*¿Es esta su dirección de correo\?/);
    const href = /<a href="([^"]*)" lang="es"/.exec(english.text)?.[1]?.replaceAll('&#38;', '&') ?? '';
    const followed = await fetch(new URL(href, `${roster.baseUrl}/prove-email`));
    assert.match(await followed.text(), /¿Es esta su dirección de correo\?/);
    assert.match((await send({ token, lang: 'es' })).text, /Su dirección de correo está confirmada/);
  });

  test('says that a link is unknown, missing or used', async () => {
    const { token } = await signUp();
    assert.equal((await send({ token })).status, 200);
    for (const query of [{ token }, { token: 'ep_1_nonsense' }, {}, { token: '' }]) {
      for (const shown of [await open(query), await send(query)]) {
        assert.equal(shown.status, 422);
        assert.match(shown.text, /This link does not work any more/);
        assert.ok(!shown.text.includes('<form'));
      }
    }
  });

  test('is not cached, framed or in a referrer, and input never becomes markup', async () => {
    const { token } = await signUp();
    const evil = '"><script>alert(1)</script>';
    const answers = [
      await open({ token }),
      await open({ token: evil, lang: evil }),
      await send({ token: evil, lang: evil }),
      await send('{}', { 'Content-Type': 'application/json' }),
      await send({ token }),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 422, 422, 415, 200],
    );
    for (const { headers, text } of answers) {
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('x-frame-options'), 'DENY');
      assert.equal(headers.get('set-cookie'), null);
      assert.doesNotMatch(text, /<script>alert/);
    }
  });

  test('leaves no token in the log', async () => {
    const { token } = await signUp();
    const lines: string[] = [];
    const server = createServer({
      core: roster.core,
      contracts,
      fallback: 'organization',
      pages: proveEmailPages(roster.core),
      settings: defaultHttpSettings,
      publicUrl: () => 'http://localhost',
      logger: createLogger('trace', { stream: { write: (line) => void lines.push(line) } }),
      readiness: async () => true,
    });
    const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/prove-email`;
    await fetch(`${url}?token=${token}`);
    await fetch(url, { method: 'POST', body: new URLSearchParams({ token }) });
    await server.close();
    assert.match(lines.join(''), /prove-email/);
    assert.ok(!lines.join('').includes(token));
  });

  test('has a limit of tries for one network', async () => {
    const narrow = await startRoster({ env: { ROSTER_LIMIT_CONFIRMATION: '2' } });
    try {
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const body = new URLSearchParams({ token: 'x' });
        statuses.push((await fetch(`${narrow.baseUrl}/prove-email`, { method: 'POST', body })).status);
      }
      assert.deepEqual(statuses, [422, 422, 429]);
    } finally {
      await narrow.close();
    }
  });
});

describe('in a browser', () => {
  browserTest(
    'a person proves the email on a phone by keyboard',
    async ({ page }) => {
      const { email, token } = await signUp();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      await page.setViewportSize({ width: 360, height: 640 });
      await page.goto(`${roster.baseUrl}/prove-email?token=${token}`);
      assert.equal(await page.title(), '¿Es esta su dirección de correo?');
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
      assert.equal(await isProved(email), false);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Su dirección de correo está confirmada' }).waitFor();
      assert.equal(await isProved(email), true);
      assert.deepEqual(
        complaints.filter((text) => /Content Security Policy|Refused/i.test(text)),
        [],
      );
    },
    { lang: 'es-MX' },
  );

  browserTest('a person proves the email without a script', async ({ page }) => {
    const { email, token } = await signUp();
    await page.route('**/*.js', (route) => route.abort());
    await page.goto(`${roster.baseUrl}/prove-email?token=${token}`);
    await page.getByRole('button', { name: 'Confirm my email address' }).click();
    await page.getByRole('heading', { name: 'Your email address is confirmed' }).waitFor();
    assert.equal(await isProved(email), true);
  });
});
