/** A person who presses the button of the page twice, with and without script. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { minuteMs } from '../../src/core/time.ts';
import { addPerson } from '../support/contracts/people.ts';
import { browserTest } from '../support/machine/browser.ts';
import { setUpRoster } from '../support/server/set-up.ts';

const roster = setUpRoster({ env: { ROSTER_LIMIT_PASSWORD: '1000000' } });
const goodPassword = 'three wild horses';
const address = (): string => `${roster.baseUrl}/set-password`;

/** A user who has asked for a reset link. */
async function askForLink(): Promise<{ email: string; token: string }> {
  const email = `${crypto.randomUUID()}@example.com`;
  await addPerson(roster, { email, status: 'active' });
  await roster.call('POST /v1/users/passwords', { json: { email } });
  const { token = '' } = await roster.lastMessage(email);
  return { email, token };
}

async function send(form: Record<string, string>) {
  const response = await fetch(address(), { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function canSignIn(email: string, password: string): Promise<boolean> {
  return (await roster.call('POST /v1/sessions', { json: { email, password } })).status === 201;
}

describe('a button that is pressed twice', () => {
  const set = /Your password is set/;
  const over = /This link does not work any more/;

  test('shows success twice, also where both presses arrive together, and starts no session', async () => {
    const { email, token } = await askForLink();
    const form = { token, password: goodPassword, password_repeat: goodPassword };
    for (const shown of await Promise.all([send(form), send(form)])) {
      assert.equal(shown.status, 200);
      assert.match(shown.text, set);
      assert.deepEqual([shown.headers.get('x-user-token'), shown.headers.get('set-cookie')], [null, null]);
    }
    assert.match((await send({ ...form, lang: 'es' })).text, /Su contraseña está lista/);
    assert.equal(await canSignIn(email, goodPassword), true);
    assert.equal((await fetch(`${address()}?token=${token}`)).status, 422);
    for (const call of [
      () => roster.call('POST /v1/users/passwords/reset', { json: { token, password: goodPassword } }),
      () => roster.call(`GET /v1/users/passwords/validate?token=${token}`),
    ]) {
      assert.equal((await call()).status, 422);
    }
  });

  test('shows success for a minute', async () => {
    const { token } = await askForLink();
    await send({ token, password: goodPassword });
    roster.clock.advance(minuteMs - 1);
    assert.equal((await send({ token, password: goodPassword })).status, 200);
    roster.clock.advance(1);
    assert.match((await send({ token, password: goodPassword })).text, over);
  });

  test('tells nothing of another password, and one wrong one ends the minute', async () => {
    const { email, token } = await askForLink();
    await send({ token, password: goodPassword });
    const wrong = await send({ token, password: 'three tame horses' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, over);
    assert.match((await send({ token, password: goodPassword })).text, over);
    assert.equal(await canSignIn(email, 'three tame horses'), false);
  });

  test('tells nothing of a link that the API used', async () => {
    const { token } = await askForLink();
    const json = { token, password: goodPassword };
    assert.equal((await roster.call('POST /v1/users/passwords/reset', { json })).status, 200);
    assert.match((await send({ token, password: goodPassword })).text, over);
  });

  browserTest('is sent once by a browser, and the button waits', async ({ page }) => {
    const { email, token } = await askForLink();
    let sent = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') sent += 1;
    });
    await page.goto(`${roster.baseUrl}/set-password?token=${token}`);
    await page.getByLabel('New password', { exact: true }).fill(goodPassword);
    await page.getByLabel('New password again').fill(goodPassword);
    const pressed = await page.evaluate(`(() => {
      const button = document.querySelector('button');
      button.click();
      button.click();
      return button.getAttribute('aria-disabled');
    })()`);
    assert.equal(pressed, 'true');
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor();
    assert.equal(sent, 1);
    assert.equal(await canSignIn(email, goodPassword), true);
  });
});
