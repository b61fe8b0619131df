/**
 * Strangers never spend more than the day's budget of an organization for texts. When it is spent, codes go by mail, and no
 * answer says so.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { dayMs } from '../../../src/core/time.ts';
import { confirm, signUp, signUpBody } from '../../contracts/general/sign-up.ts';
import { setUp } from '../../support/server/set-up.ts';
import { startRoster } from '../../support/server/start.ts';
import { path, proofsOf, templatesTo } from '../support/accounts.ts';
import { startTextService } from '../support/text-service.ts';

let phones = 0;
/** A mobile phone of a range of its own. */
const newPhone = (): string => `+1202${String(300 + ++phones)}4567`;

/** A deployment in which a segment costs a tenth, and a day at most one. */
function setUpSpending(texts: { readonly confirmation?: string } = {}) {
  const folder = setUp(async () => ({ path: await mkdtemp(join(tmpdir(), 'roster-prices-')) }));
  const service = setUp(async () => {
    const [prices, templates] = [join(folder.path, 'prices.txt'), join(folder.path, 'templates')];
    await writeFile(prices, '* 0.1\n');
    const { confirmation } = texts;
    if (confirmation !== undefined) {
      await mkdir(join(templates, 'en'), { recursive: true });
      await writeFile(join(templates, 'en', 'confirmation.sms.txt'), confirmation);
    }
    return startTextService({
      ROSTER_SMS_PRICES: prices,
      ROSTER_SMS_BUDGET_DAY: '1',
      ...(confirmation === undefined ? {} : { ROSTER_TEMPLATES_DIR: templates }),
    });
  });
  const roster = setUp(() => startRoster({ env: service.env }));
  after(async () => {
    await roster.close();
    service.close();
    await rm(folder.path, { recursive: true });
  });
  return { roster, service };
}

describe('the budget of a day', () => {
  const { roster, service } = setUpSpending();

  test('is never exceeded by sign-ups that come together, and their answers are the same', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, () =>
        roster.call(`POST ${path}`, { json: signUpBody({ phone: newPhone() }) }),
      ),
    );
    await roster.settle();
    assert.equal(service.texts.length, 10);
    const shapes = new Set(
      answers.map(({ status, body }) => `${status} ${Object.keys(body as object).join()}`),
    );
    assert.equal(shapes.size, 1);
    const codes = (await roster.outbox()).filter(({ template }) => template === 'confirmation');
    assert.equal(codes.length, 20);
    assert.ok(codes.every(({ channel }) => channel === 'email'));
  });

  test('is not exceeded by codes that are sent again and by new phones; people confirm by mail', async () => {
    const before = service.texts.length;
    const account = await signUp(roster, { phone: newPhone() });
    for (let round = 0; round < 2; round++) {
      roster.clock.advance(60_000);
      const session = account.session;
      assert.equal((await roster.call(`POST ${path}/resend_confirmation`, { session })).status, 200);
      const json = { user: { phone: newPhone() } };
      const put = await roster.call(`PUT ${path}/${account.number}`, { session, json });
      assert.equal(put.status, 200, put.text);
    }
    await roster.settle();
    assert.equal(service.texts.length, before);
    await confirm(roster, account.number, account.email);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
  });

  test('is that of one organization', async () => {
    const { app } = await roster.addOrganization();
    const before = service.texts.length;
    await signUp(roster, { phone: newPhone() }, { ask: { headers: { 'X-App-Id': app.appId } } });
    await roster.settle();
    assert.equal(service.texts.length, before + 1);
  });

  test('begins anew at midnight (UTC)', async () => {
    const before = service.texts.length;
    roster.clock.advance(dayMs - (roster.clock.now() % dayMs) - 1);
    const late = await signUp(roster, { phone: newPhone() });
    assert.deepEqual(await templatesTo(roster, late.email), ['confirmation']);
    roster.clock.advance(1);
    const early = await signUp(roster, { phone: newPhone() });
    assert.deepEqual(await templatesTo(roster, early.email), ['email_proof']);
    assert.equal(service.texts.length, before + 1);
  });
});

describe('a text of several segments', () => {
  // 161 characters of the GSM alphabet.
  const { roster, service } = setUpSpending({ confirmation: `{{code}}${'.'.repeat(155)}` });

  test('costs each of them', async () => {
    for (let count = 0; count < 12; count++) await signUp(roster, { phone: newPhone() });
    await roster.settle();
    assert.equal(service.texts.length, 5);
    assert.equal(service.texts[0]?.body.length, 161);
  });
});
