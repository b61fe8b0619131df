import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contracts } from '../../src/contracts/index.ts';
import type { PasswordHasher } from '../../src/core/access/password.ts';
import { minuteMs } from '../../src/core/time.ts';
import { createLogger } from '../../src/http/log.ts';
import { createServer } from '../../src/http/server/server.ts';
import { defaultHttpSettings } from '../../src/http/settings.ts';
import { setPasswordPages } from '../../src/pages/set-password/set-password-page.ts';
import { addPerson } from '../support/contracts/people.ts';
import { browserTest } from '../support/machine/browser.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import { startRoster } from '../support/server/start.ts';

const roster = setUpRoster({ env: { ROSTER_LIMIT_PASSWORD: '1000000' } });

const goodPassword = 'three wild horses';
let people = 0;

/** A user who has asked for a reset link. */
async function askForLink(): Promise<{ email: string; token: string }> {
  people += 1;
  const email = `person-${people}@example.com`;
  await addPerson(roster, { email, status: 'active' });
  await roster.call('POST /v1/users/passwords', { json: { email } });
  const { token = '' } = await roster.lastMessage(email);
  return { email, token };
}

interface Shown {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function open(query: Record<string, string>, headers: Record<string, string> = {}): Promise<Shown> {
  const response = await fetch(`${roster.baseUrl}/set-password?${new URLSearchParams(query)}`, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function send(
  form: Record<string, string> | URLSearchParams | string,
  headers: Record<string, string> = {},
): Promise<Shown> {
  const response = await fetch(`${roster.baseUrl}/set-password`, {
    method: 'POST',
    headers,
    body: typeof form === 'string' ? form : new URLSearchParams(form),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function canSignIn(email: string, password: string): Promise<boolean> {
  const reply = await roster.call('POST /v1/sessions', { json: { email, password } });
  return reply.status === 201;
}

const isForm = ({ text }: Shown): boolean => text.includes('<form method="post"');

describe('the page behind a link', () => {
  test('is a form, and opening it does not use the link up', async () => {
    const { email, token } = await askForLink();
    for (let visit = 0; visit < 3; visit += 1) {
      const shown = await open({ token });
      assert.equal(shown.status, 200);
      assert.ok(isForm(shown));
    }
    assert.equal((await send({ token, password: goodPassword })).status, 200);
    assert.equal(await canSignIn(email, goodPassword), true);
  });

  test('sets the password once', async () => {
    const { email, token } = await askForLink();
    const done = await send({ token, password: goodPassword, password_repeat: goodPassword });
    assert.equal(done.status, 200);
    assert.match(done.text, /Your password is set/);
    const again = await send({ token, password: 'another good one', password_repeat: 'another good one' });
    assert.equal(again.status, 422);
    assert.match(again.text, /This link does not work any more/);
    assert.deepEqual(
      [await canSignIn(email, goodPassword), await canSignIn(email, 'another good one')],
      [true, false],
    );
  });

  test('activates an invited person', async () => {
    const email = 'invited@example.com';
    const json = { email, name: 'Ada Lovelace' };
    await roster.call('POST /api/v1/users', { bearer: roster.organization.apiKeys.admin, json });
    const { token = '' } = await roster.lastMessage(email);
    assert.equal((await send({ token, password: goodPassword })).status, 200);
    const reply = await roster.call('POST /v1/sessions', { json: { email, password: goodPassword } });
    assert.equal(reply.at('user.confirmed'), true);
  });

  test('says that the link is unknown, missing, repeated or expired', async () => {
    const { token } = await askForLink();
    for (const query of [{ token: 'pr_1_nonsense' }, {}, { token: '' }]) {
      const shown = await open(query);
      assert.equal(shown.status, 422);
      assert.match(shown.text, /This link does not work any more/);
      assert.ok(!isForm(shown));
    }
    const doubled = await send(new URLSearchParams(`token=${token}&token=${token}&password=${goodPassword}`));
    assert.equal(doubled.status, 422);
    roster.clock.advance(61 * minuteMs);
    assert.equal((await open({ token })).status, 422);
    assert.equal((await send({ token, password: goodPassword })).status, 422);
  });
});

describe('a password that is refused', () => {
  const cases = [
    { password: '', says: /Enter a password/ },
    { password: 'brief', says: /too short/ },
    { password: 'x'.repeat(257), says: /too long/ },
    { password: 'Password1', says: /one of the first that others would guess/ },
    { password: 'nul\0character', says: /characters that cannot be used/ },
  ];
  for (const { password, says } of cases) {
    test(`is answered in words that match ${says}, and the link stays valid`, async () => {
      const { token } = await askForLink();
      const shown = await send({ token, password, password_repeat: password });
      assert.equal(shown.status, 422);
      assert.match(shown.text, says);
      assert.match(shown.text, /<title>Error: /);
      assert.match(shown.text, /id="error" role="alert"/);
      assert.match(shown.text, /aria-describedby="error hint" aria-invalid="true"/);
      if (password !== '') assert.ok(!shown.text.includes(password));
      assert.equal((await send({ token, password: goodPassword })).status, 200);
    });
  }

  test('must not be the email address', async () => {
    const { email, token } = await askForLink();
    assert.match(
      (await send({ token, password: email.toUpperCase() })).text,
      /must not be your email address/,
    );
  });

  test('and its repetition must be the same', async () => {
    const { email, token } = await askForLink();
    const shown = await send({ token, password: goodPassword, password_repeat: `${goodPassword} ` });
    assert.equal(shown.status, 422);
    assert.match(shown.text, /The two passwords are not the same/);
    assert.equal(await canSignIn(email, goodPassword), false);
  });

  test('may be typed on another keyboard, which writes the same characters in another way', async () => {
    const { email, token } = await askForLink();
    const form = { token, password: 'fünf wilde Pferde', password_repeat: 'fu\u0308nf wilde Pferde' };
    assert.equal((await send(form)).status, 200);
    assert.equal((await send({ ...form, password: form.password_repeat })).status, 200);
    assert.equal(await canSignIn(email, form.password_repeat), true);
  });
});

describe('the language of the page', () => {
  const languageOf = ({ text }: Shown): string | undefined => /<html lang="([^"]*)"/.exec(text)?.[1];

  test('is the one that the browser asks for, English by default', async () => {
    const { token } = await askForLink();
    for (const [wanted, language] of [
      ['es-MX,es;q=0.9,en;q=0.8', 'es'],
      ['en-GB', 'en'],
      ['fr', 'en'],
      ['', 'en'],
    ] as const) {
      const shown = await open({ token }, { 'Accept-Language': wanted });
      assert.deepEqual([languageOf(shown), shown.headers.get('content-language')], [language, language]);
    }
  });

  test('is the one that the person chose, on all pages', async () => {
    const { token } = await askForLink();
    const browser = { 'Accept-Language': 'en' };
    assert.equal(languageOf(await open({ token, lang: 'es' }, browser)), 'es');
    const refused = await send({ token, lang: 'es', password: 'corta' }, browser);
    assert.deepEqual([languageOf(refused), /demasiado corta/.test(refused.text)], ['es', true]);
    const done = await send({ token, lang: 'es', password: goodPassword }, browser);
    assert.match(done.text, /Su contraseña está lista/);
  });

  test('can be changed without losing the link', async () => {
    const { token } = await askForLink();
    const { text } = await open({ token });
    const href = /<a href="([^"]*)" lang="es"/.exec(text)?.[1]?.replaceAll('&#38;', '&') ?? '';
    const response = await fetch(new URL(href, `${roster.baseUrl}/set-password`));
    assert.equal(response.status, 200);
    assert.match(await response.text(), /Establezca su contraseña/);
  });
});

describe('safety', () => {
  test('no answer is cached, framed or in a referrer, and none runs a script but that of the form', async () => {
    const { token } = await askForLink();
    const answers = [
      await open({ token }),
      await open({ token: 'x' }),
      await send({ token, password: 'short' }),
      await send('{}', { 'Content-Type': 'application/json' }),
    ];
    for (const { headers } of answers) {
      assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('x-frame-options'), 'DENY');
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.ok(!policy.includes('unsafe'));
      assert.doesNotMatch(policy, /script-src (?!'self'(?:;|$))/);
      assert.equal(headers.get('set-cookie'), null);
    }
    const hasScript = answers.map(({ text }) => text.includes('<script src="set-password.js"></script>'));
    assert.deepEqual(hasScript, [true, false, true, false]);
  });

  test('input never becomes markup', async () => {
    const evil = '"><script>alert(1)</script>';
    for (const shown of [
      await open({ token: evil, lang: evil }),
      await send({ token: evil, password: evil }),
    ]) {
      assert.ok(!shown.text.includes('<script'));
    }
  });

  test('a body that is not a form, too large or malformed is answered with a page in both languages', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answers = [
      { shown: await send('{}', { 'Content-Type': 'application/json' }), status: 415 },
      { shown: await send(`token=${'x'.repeat(300_000)}`, form), status: 413 },
    ];
    for (const { shown, status } of answers) {
      assert.equal(shown.status, status);
      assert.match(shown.text, /<section lang="en">/);
      assert.match(shown.text, /<section lang="es">/);
    }
    assert.equal((await send('', form)).status, 422);
  });

  test('no log line has the token or the password, not even when hashing it fails', async () => {
    const { token } = await askForLink();
    const lines: string[] = [];
    const hasher: PasswordHasher = {
      ...roster.core.hasher,
      hash: async (password) => {
        throw new Error(`cannot hash ${password}`);
      },
    };
    const server = createServer({
      core: roster.core,
      contracts,
      fallback: 'organization',
      pages: setPasswordPages({ ...roster.core, hasher }),
      settings: defaultHttpSettings,
      publicUrl: () => 'http://localhost',
      logger: createLogger('trace', { stream: { write: (line) => void lines.push(line) } }),
      readiness: async () => true,
    });
    const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/set-password`;
    await fetch(`${url}?token=${token}`);
    const failed = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ token, password: goodPassword }),
    });
    await server.close();
    assert.equal(failed.status, 500);
    assert.match(await failed.text(), /Something went wrong/);
    const log = lines.join('');
    assert.match(log, /set-password/);
    assert.ok(!log.includes(token) && !log.includes(goodPassword));
  });

  test('one network has a limit of tries', async () => {
    const narrow = await startRoster({ env: { ROSTER_LIMIT_PASSWORD: '2' } });
    try {
      const statuses: number[] = [];
      let last: Response | undefined;
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const body = new URLSearchParams({ token: 'x', password: goodPassword });
        last = await fetch(`${narrow.baseUrl}/set-password`, { method: 'POST', body });
        statuses.push(last.status);
      }
      assert.deepEqual(statuses, [422, 422, 429]);
      assert.ok(Number(last?.headers.get('retry-after')) > 0);
      assert.match((await last?.text()) ?? '', /Too many tries/);
    } finally {
      await narrow.close();
    }
  });
});

describe('in a browser', () => {
  browserTest(
    'a person sets a password on a phone by keyboard, and hears in Spanish what was wrong',
    async ({ page }) => {
      const { email, token } = await askForLink();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      await page.setViewportSize({ width: 360, height: 640 });
      await page.goto(`${roster.baseUrl}/set-password?token=${token}`);
      assert.equal(await page.title(), 'Establezca su contraseña');
      // The style is applied, so its hash is the one in the policy; nothing is wider than a phone.
      assert.equal(await page.evaluate('getComputedStyle(document.querySelector("form")).display'), 'grid');
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);

      await page.keyboard.type('password1');
      await page.keyboard.press('Tab');
      await page.keyboard.type('password1');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      assert.match(await page.getByRole('alert').innerText(), /Elija otra/);
      assert.equal(await page.evaluate('document.activeElement.id'), 'password');

      await page.keyboard.type(goodPassword);
      await page.keyboard.press('Tab');
      await page.keyboard.type(goodPassword);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Su contraseña está lista' }).waitFor();
      assert.equal(await canSignIn(email, goodPassword), true);
      assert.ok(
        !complaints.some((text) => /Content Security Policy|Refused/i.test(text)),
        complaints.join('\n'),
      );
    },
    { lang: 'es-MX' },
  );

  browserTest(
    'a person on a desktop changes the language and sees that a link is too old',
    async ({ page }) => {
      const { token } = await askForLink();
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${roster.baseUrl}/set-password?token=${token}`);
      await page.getByRole('link', { name: 'Español' }).click();
      await page.getByRole('heading', { name: 'Establezca su contraseña' }).waitFor();
      await page.getByRole('link', { name: 'English' }).click();
      roster.clock.advance(61 * minuteMs);
      await page.getByLabel('New password', { exact: true }).fill(goodPassword);
      await page.getByLabel('New password again').fill(goodPassword);
      await page.getByRole('button', { name: 'Set password' }).click();
      await page.getByRole('heading', { name: 'This link does not work any more' }).waitFor();
    },
  );
});
