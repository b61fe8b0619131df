/** Texts and languages of a deployment on the web pages, read from a folder by a real server. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openSession } from '../connect-page/connect-calls.ts';
import { browserTest } from '../support/machine/browser.ts';
import { setUpRoster } from '../support/server/set-up.ts';

const files = {
  'en/set_password.json': { heading: 'Choose a secret word' },
  'es/links.json': { fault: { heading: 'Vaya por Dios' } },
  'fr/set_password.json': {
    heading: 'Choisissez un mot de passe <b>sûr</b>',
    problems: { too_short: 'Trop court.' },
    expired: { heading: 'Ce lien ne marche plus', body: 'Demandez-en un autre.' },
  },
  'fr/prove_email.json': { expired: { heading: 'Lien expiré' } },
  'fr/links.json': { not_understood: { heading: 'Cela n’a pas marché' } },
  'fr/connection_start.json': { over: { heading: 'Ce lien ne marche plus' } },
  'fr/connection_callback.json': { notices: { refused: { heading: 'Ce lien ne marche plus' } } },
  'fr/connect.json': {
    page: {
      title: 'Connectez vos données <b>',
      intro: '{{app}} demande vos données.',
      connect: 'Connecter',
      found: { one: '{{count}} source trouvée', other: '{{count}} sources trouvées' },
    },
    notices: { unknown: { heading: 'Cette fenêtre ne marche plus' } },
  },
  'de/set_password.json': { submit: 'Passwort setzen' },
  'fr-ca/connect.json': { page: { connect: 'Brancher' } },
  'ar/prove_email.json': { expired: { heading: 'انتهت صلاحية هذا الرابط' } },
} as const;

const folder = mkdtempSync(join(tmpdir(), 'roster-texts-'));
for (const [path, texts] of Object.entries(files)) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), JSON.stringify(texts));
}
after(() => rmSync(folder, { recursive: true }));

describe('the texts of a deployment', () => {
  const roster = setUpRoster({ env: { ROSTER_TEMPLATES_DIR: folder } });

  async function shown(address: string, accepted = 'en', init: RequestInit = {}): Promise<string> {
    const headers = { 'accept-language': accepted, ...init.headers };
    return await (await fetch(`${roster.baseUrl}${address}`, { ...init, headers })).text();
  }

  test('replace one of our texts, and leave the others', async () => {
    const { email } = await roster.addAdmin();
    await roster.call('POST /v1/users/passwords', { json: { email } });
    const { token = '' } = await roster.lastMessage(email);
    const address = `/set-password?token=${token}`;
    const english = await shown(address);
    assert.match(english, /<h1>Choose a secret word<\/h1>/);
    assert.match(english, />New password again</);
    assert.match(await shown(address, 'es'), /<h1>Establezca su contraseña<\/h1>/);

    const french = await shown(address, 'fr-CA, en;q=0.5');
    assert.match(french, /<html lang="fr">/);
    assert.match(french, /<h1>Choisissez un mot de passe &#60;b&#62;sûr&#60;\/b&#62;<\/h1>/);
    assert.match(french, />New password again</, 'a text that a file leaves out is English');
    assert.match(english, /<a href="[^"]*lang=fr" lang="fr" hreflang="fr">Français<\/a>/);
    assert.match(french, /lang="en" hreflang="en">English<\/a> <a [^>]*>Español<\/a> <a [^>]*>Deutsch<\/a>/);
    assert.doesNotMatch(french, /hreflang="(fr|ar)"/);

    const german = await shown(`${address}&lang=de`);
    assert.match(german, /Choose a secret word[\s\S]*>Passwort setzen</, 'and English of the deployment');

    const form = new URLSearchParams({ token, lang: 'fr', password: 'x', password_repeat: 'x' });
    assert.match(await shown('/set-password', 'es', { method: 'POST', body: form }), /Trop court\./);
  });

  test('are on each page, in the language that the reader asks for', async () => {
    for (const [address, heading] of [
      ['/set-password?lang=fr', 'Ce lien ne marche plus'],
      ['/prove-email?lang=fr', 'Lien expiré'],
      ['/connect?lang=fr&token=x', 'Cette fenêtre ne marche plus'],
    ] as const) {
      assert.match(await shown(address), new RegExp(`<html lang="fr">[\\s\\S]*<h1>${heading}</h1>`), address);
    }
    for (const address of ['/connect/start?flow=x', '/connect/callback?state=x']) {
      assert.match(
        await shown(address, 'fr'),
        /<html lang="fr"[\s\S]*<h1>Ce lien ne marche plus<\/h1>/,
        address,
      );
      assert.match(await shown(address, 'es'), /<html lang="es"/, address);
    }
    assert.match(await shown('/prove-email?lang=ar'), /<html lang="ar" dir="rtl">[\s\S]*<h1>انتهت/);
    assert.match(await shown('/set-password?lang=ar'), /<html lang="en"/, 'this page has no Arabic');
    assert.match(await shown('/set-password?lang=it&token=x', 'fr'), /<html lang="fr"/);
  });

  test('are in the answer to a request that does not tell the language', async () => {
    const body = JSON.stringify({});
    const headers = { 'content-type': 'application/json' };
    const page = await shown('/set-password', 'en', { method: 'POST', body, headers });
    assert.match(page, /<section lang="es"><h1>No ha funcionado/);
    assert.match(page, /<section lang="fr"><h1>Cela n’a pas marché/);
  });

  test('reach the Connect page as text, each language with what it inherits', async () => {
    const { token } = await openSession(roster);
    const page = await shown(`/connect?token=${token}&lang=fr-CA`);
    assert.match(page, /<html lang="fr-ca">[\s\S]*<title>Connectez vos données &#60;b&#62;</);
    assert.doesNotMatch(page, /données <b>/);
    const [, json = ''] = /data-languages="([^"]*)"/.exec(page) ?? [];
    const languages: readonly { tag: string; name: string; texts: Record<string, unknown> }[] = JSON.parse(
      json.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
    );
    const french = 'Connectez vos données <b>';
    assert.deepEqual(
      languages.map(({ tag, name, texts }) => [tag, name, texts['title'], texts['connect'], texts['done']]),
      [
        ['en', 'English', 'Connect your data', 'Connect', 'Done'],
        ['es', 'Español', 'Conecte sus datos', 'Conectar', 'Listo'],
        ['fr', 'Français', french, 'Connecter', 'Done'],
        ['fr-ca', 'Français canadien', french, 'Brancher', 'Done'],
      ],
    );
  });

  browserTest('are what a person sees on the Connect page', async ({ page }) => {
    const { token } = await openSession(roster);
    await page.goto(`${roster.baseUrl}/connect?token=${token}&lang=fr`);
    await page.getByRole('heading', { name: 'Connectez vos données <b>' }).waitFor();
    await page.getByText('demande vos données.').waitFor();
    assert.equal(await page.title(), 'Connectez vos données <b>');
    await page.getByRole('searchbox').fill('demo');
    await page.getByText('1 source trouvée').waitFor();
    await page.getByRole('button', { name: 'Connecter Demo' }).waitFor();
    await page.getByRole('button', { name: 'Français canadien' }).click();
    await page.getByRole('button', { name: 'Brancher Demo' }).waitFor();
    await page.getByRole('button', { name: 'Español' }).click();
    await page.getByRole('heading', { name: 'Conecte sus datos' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Conecte sus datos' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'es');
  });
});
