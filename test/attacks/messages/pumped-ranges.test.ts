/**
 * People who earn money by texts to a range of numbers get twenty of them an hour, from however many networks they come.
 * Honest people on other ranges, also on the same network, get their texts; those of the range get their code by mail.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clearAccountLimits, type LimitUse, listAccountLimits } from '../../../src/core/deployment/limits.ts';
import { findDossiers } from '../../../src/core/directory/user-dossier.ts';
import { hourMs, minuteMs } from '../../../src/core/time.ts';
import { confirm, signUp } from '../../contracts/general/sign-up.ts';
import type { Roster } from '../../support/server/start.ts';
import { path, proofsOf, templatesTo } from '../support/accounts.ts';
import { setUpTexted, type TextService } from '../support/text-service.ts';

let addresses = 0;

/** Signs up with a phone from a network; by default from a new one. */
function signUpFrom(roster: Roster, phone: string, network = `2001:db8:${(++addresses).toString(16)}::1`) {
  return signUp(roster, { phone }, { ask: { headers: { 'X-Forwarded-For': network } } });
}

/** The numbers of a range, one after the other. */
function numbersOf(range: string): () => string {
  let last = 0;
  return () => `${range}${String(++last).padStart(4, '0')}`;
}

type Texted = { readonly roster: Roster; readonly service: TextService };

/** How many texts a number of sign-ups in a range get. */
async function pump({ roster, service }: Texted, next: () => string, count: number): Promise<number> {
  const before = service.texts.length;
  await Promise.all(Array.from({ length: count }, () => signUpFrom(roster, next())));
  await roster.settle();
  return service.texts.length - before;
}

/** As `pump`, and the first of ten texts is returned. */
async function pumpHonestly(texted: Texted, next: () => string, count: number): Promise<number> {
  const { roster, service } = texted;
  const before = service.texts.length;
  while (service.texts.length < before + count) {
    const phone = next();
    const { number } = await signUpFrom(roster, phone);
    await roster.settle();
    const [code = ''] = /\d{6}/.exec(service.textsTo(phone)[0]?.body ?? '') ?? [];
    await returnCode(roster, number, code);
    if ((await pump(texted, next, 9)) < 9) break;
  }
  return service.texts.length - before;
}

async function returnCode(roster: Roster, number: number, code: string): Promise<void> {
  const json = { user_id: number, confirmation_code: code };
  assert.equal((await roster.call(`POST ${path}/confirmation`, { json })).status, 200);
}

describe('a range of numbers', () => {
  const texted = setUpTexted({ ROSTER_TRUSTED_PROXIES: '127.0.0.1', ROSTER_SMS_COUNTRIES: 'US,GB' });
  const { roster, service } = texted;

  test('takes twenty codes an hour when none comes back, from any number of networks', async () => {
    const next = numbersOf('+1202301');
    assert.equal(await pump(texted, next, 30), 20);
    // Slower, for most of another hour.
    let texts = 0;
    for (let turn = 0; turn < 5; turn++) {
      roster.clock.advance(11 * minuteMs);
      texts += await pump(texted, next, 2);
    }
    assert.equal(texts, 0);
  });

  test('that is closed keeps no person out: people of the range get their code by mail', async () => {
    await pump(texted, numbersOf('+1202302'), 25);
    const account = await signUpFrom(roster, '+12023029999', '198.51.100.1');
    assert.deepEqual(await templatesTo(roster, account.email), ['confirmation']);
    await confirm(roster, account.number, account.email);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
  });

  test('that is closed closes no other one, also on the network of the attacker', async () => {
    const attacker = '203.0.113.9';
    const next = numbersOf('+1202303');
    for (let count = 0; count < 25; count++) await signUpFrom(roster, next(), attacker);
    for (const phone of ['+12023040001', '+447400123456', '+12023039'.concat('999')]) {
      await signUpFrom(roster, phone, attacker);
      await roster.settle();
      assert.equal(service.textsTo(phone).length, phone.startsWith('+1202303') ? 0 : 1, phone);
    }
  });

  test('is open again after an hour, and closes again where codes still do not come back', async () => {
    const next = numbersOf('+1202305');
    assert.equal(await pump(texted, next, 22), 20);
    roster.clock.advance(hourMs - 1);
    assert.equal(await pump(texted, next, 1), 0);
    roster.clock.advance(1);
    assert.equal(await pump(texted, next, 22), 20);
  });

  test('is shown to support by a number of the range, and opened', async () => {
    const next = numbersOf('+1202309');
    await pump(texted, next, 22);
    const { number } = await signUpFrom(roster, next());
    const [dossier] = await findDossiers(roster.core, String(number));
    assert.ok(dossier !== undefined);
    const { user } = dossier;
    const isOfRange = ({ limit }: LimitUse): boolean => limit === 'texts to the range';
    const closed = (await listAccountLimits(roster.core, user)).find(isOfRange);
    assert.deepEqual([closed?.of, closed?.waitMs], ['phone', hourMs]);
    assert.ok((await clearAccountLimits(roster.core, user)) > 1);
    assert.deepEqual(await listAccountLimits(roster.core, user), []);
    assert.equal(await pump(texted, next, 1), 1);
  });

  test('stays open where one code in ten comes back', async () => {
    assert.equal(await pumpHonestly(texted, numbersOf('+1202306'), 40), 40);
  });

  test('is closed in any span of an hour, also across the turn of the clock', async () => {
    const next = numbersOf('+1202307');
    roster.clock.advance(hourMs - (roster.clock.now() % hourMs) - minuteMs);
    assert.equal(await pump(texted, next, 19), 19);
    roster.clock.advance(50 * minuteMs);
    assert.equal(await pump(texted, next, 19), 1);
  });

  test('belongs to one organization: another one still texts it', async () => {
    const next = numbersOf('+1202308');
    await pump(texted, next, 25);
    const { app } = await roster.addOrganization();
    const phone = next();
    await signUp(roster, { phone }, { ask: { headers: { 'X-App-Id': app.appId } } });
    await roster.settle();
    assert.equal(service.textsTo(phone).length, 1);
  });

  test('is in the database as a digest alone', async () => {
    const rows = JSON.stringify(await roster.rows.all('sms_closings'));
    assert.match(rows, /US/);
    assert.doesNotMatch(rows, /202/);
  });
});
