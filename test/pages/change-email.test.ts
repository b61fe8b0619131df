/** The pages that change an email and undo it. What their links do is in `test/attacks/{proved,stolen}-email.test.ts`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Account,
  changeEmail,
  linkOf,
  newEmail,
  openLink,
  pressButton,
  signUpProved,
} from '../attacks/support/accounts.ts';
import { browserTest } from '../support/machine/browser.ts';
import { setUpRoster } from '../support/server/set-up.ts';

const roster = setUpRoster();

/** A person who has asked for another email, and the link in the mail to it. */
async function askForChange(): Promise<{ account: Account; next: string; link: string }> {
  const account = await signUpProved(roster);
  const next = newEmail();
  await changeEmail(roster, account, next);
  return { account, next, link: await linkOf(roster, next, 'email_change') };
}

const textOf = async (answer: Promise<Response>): Promise<string> => (await answer).text();
const inSpanish = (link: string): string => `${link}&lang=es`;

describe('the page that changes an email', () => {
  test('asks, and says what it did, in the language of the reader', async () => {
    const { link } = await askForChange();
    assert.match(await textOf(openLink(link)), /<html lang="en">[\s\S]*Use this email address\?/);
    assert.match(await textOf(openLink(inSpanish(link))), /<html lang="es">[\s\S]*¿Usar esta dirección/);
    assert.match(await textOf(pressButton(inSpanish(link))), /Su dirección de correo ha cambiado/);
    assert.match(await textOf(pressButton(link)), /This link does not work any more/);
  });

  test('shows no address, and leaks none in its answers', async () => {
    const { account, next, link } = await askForChange();
    for (const answer of [openLink(link), pressButton(link), pressButton(link)]) {
      const text = await textOf(answer);
      assert.ok(!text.includes(account.email) && !text.includes(next));
    }
  });

  test('says for a taken address only that it cannot be used', async () => {
    const holder = await signUpProved(roster);
    const account = await signUpProved(roster);
    await changeEmail(roster, account, holder.email);
    const link = await linkOf(roster, holder.email, 'email_change');
    const text = await textOf(pressButton(inSpanish(link)));
    assert.match(text, /Esta dirección de correo no se puede usar/);
    assert.ok(!text.includes(holder.email));
  });
});

describe('the page that undoes a change', () => {
  test('asks, and says that a message with a link follows', async () => {
    const { account, link } = await askForChange();
    await pressButton(link);
    const undo = await linkOf(roster, account.email, 'email_undo');
    assert.match(await textOf(openLink(inSpanish(undo))), /¿Deshacer el cambio/);
    assert.match(await textOf(openLink(undo)), /Undo the change of your email address\?/);
    assert.match(await textOf(pressButton(undo)), /set a new password: we have sent you a message/);
    assert.match(await textOf(pressButton(undo)), /older than 72 hours/);
  });
});

describe('the pages of links', () => {
  test('work at an address with a slash at its end: script, form and language', async () => {
    const { account, link } = await askForChange();
    await roster.call('POST /v1/users/passwords', { json: { email: account.email } });
    const reset = await linkOf(roster, account.email, 'password_reset');
    for (const each of [link, reset, link.replace('/change-email', '/prove-email')]) {
      const url = new URL(each);
      url.pathname += '/';
      const text = await textOf(fetch(url));
      const [, source] = /<script src="([^"]+)"/.exec(text) ?? [];
      if (each.includes('/prove-email')) {
        assert.equal(source, undefined);
        continue;
      }
      assert.ok(source !== undefined);
      const script = await fetch(new URL(source, url));
      assert.deepEqual(
        [script.status, script.headers.get('content-type')],
        [200, 'text/javascript; charset=utf-8'],
      );
      const [, other = ''] = /<a href="(\?[^"]+)"/.exec(text) ?? [];
      assert.match(await textOf(fetch(new URL(other.replaceAll('&#38;', '&'), url))), /<html lang="es">/);
    }
  });
});

describe('in a browser', () => {
  browserTest(
    'a person changes the email on a phone by keyboard, at an address with a slash',
    async ({ page }) => {
      const { next, link } = await askForChange();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      await page.setViewportSize({ width: 360, height: 640 });
      await page.goto(link.replace('/change-email?', '/change-email/?'));
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Your email address is changed' }).waitFor();
      const user = await roster.core.work.read(roster.organization.key, (tx) => tx.users.findByEmail(next));
      assert.equal(typeof user?.emailProvedAt, 'number');
      assert.deepEqual(
        complaints.filter((text) => /Content Security Policy|Refused|404/i.test(text)),
        [],
      );
    },
  );
});
