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
import { findPort } from '../../support/machine/port.ts';
import { readMetrics } from '../../support/server/metrics.ts';
import { setUp } from '../../support/server/set-up.ts';
import { startRoster } from '../../support/server/start.ts';
import { path, proofsOf, templatesTo } from '../support/accounts.ts';
import { startTextService } from '../support/text-service.ts';

let phones = 0;
/** A mobile phone of a range of its own. */
const newPhone = (): string => `+1202${String(300 + ++phones)}4567`;

/** The service of a deployment in which a segment costs a tenth, and a day at most one; `confirmation` replaces the text. */
function setUpPricedService({ confirmation }: { readonly confirmation?: string } = {}) {
  const folder = setUp(async () => ({ path: await mkdtemp(join(tmpdir(), 'roster-prices-')) }));
  const service = setUp(async () => {
    const [prices, templates] = [join(folder.path, 'prices.txt'), join(folder.path, 'templates')];
    await writeFile(prices, '* 0.1\n');
    if (confirmation !== undefined) {
      await mkdir(join(templates, 'en'), { recursive: true });
      await writeFile(join(templates, 'en', 'confirmation.sms.txt'), confirmation);
    }
    return startTextService({
      ROSTER_SMS_PRICES: prices,
      ROSTER_SMS_BUDGET_DAY: '1',
      ROSTER_METRICS_PORT: String(await findPort()),
      ...(confirmation === undefined ? {} : { ROSTER_TEMPLATES_DIR: templates }),
    });
  });
  after(async () => {
    service.close();
    await rm(folder.path, { recursive: true });
  });
  return service;
}

function setUpSpending(texts: { readonly confirmation?: string } = {}) {
  const service = setUpPricedService(texts);
  const roster = setUp(() => startRoster({ env: service.env }));
  after(() => roster.close());
  return { roster, service, metricsPort: () => service.env['ROSTER_METRICS_PORT'] ?? '' };
}

describe('the budget of a day', () => {
  const { roster, service, metricsPort } = setUpSpending();

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

  test('shows in the metrics what was spent, and where, without an organization', async () => {
    const metrics = await readMetrics(metricsPort());
    assert.equal(metrics.sum('roster_sms_spent_today', { country: 'US' }), 1);
    assert.equal(metrics.sum('roster_sms_texts_today', { outcome: 'sent', country: 'US' }), 10);
    assert.ok(metrics.sum('roster_sms_texts_today', { outcome: 'budget', country: 'US' }) >= 20);
    assert.equal(metrics.sum('roster_sms_budgets', { state: 'spent' }), 1);
    assert.equal(metrics.sum('roster_sms_budgets', { state: 'near' }), 0);
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

describe('a restart', () => {
  const service = setUpPricedService();

  test('forgets nothing that was spent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'roster-restart-'));
    try {
      for (let start = 0; start < 3; start++) {
        const roster = await startRoster({ env: service.env, folder });
        for (let count = 0; count < 6; count++) await signUp(roster, { phone: newPhone() });
        await roster.settle();
        await roster.close();
      }
      assert.equal(service.texts.length, 10);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
