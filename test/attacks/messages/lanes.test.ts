/**
 * Whatever waits or hangs, a code leaves soon: thousands of notices before a slow mail server, and a service of
 * texts that hangs, wholly or for fifty numbers, delay no message on another channel or to another number; nor does a mail
 * server that hangs for fifty domains.
 */
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { minuteMs, secondMs } from '../../../src/core/time.ts';
import { signUp } from '../../contracts/general/sign-up.ts';
import { slowTest as test } from '../../support/effort.ts';
import { setUp } from '../../support/server/set-up.ts';
import { type Roster, startRoster } from '../../support/server/start.ts';
import { path } from '../support/accounts.ts';
import { type MailService, queueNotices, startMailService } from '../support/mail-service.ts';
import { startTextService, type TextAnswer, type TextService } from '../support/text-service.ts';

const mailMs = 150;
/** What hangs, hangs for ten seconds at least. `npm run torture -- lanes` measures the delay itself: below a second. */
const waitMaxMs = 6_000;

/** A mobile number of a range of its own. */
const phoneOf = (index: number): string => `+1202${300 + index}4567`;

function setUpServices(
  answerTo?: TextAnswer,
  hangs?: (to: string) => boolean,
): { roster: Roster; mail: MailService; texts: TextService } {
  const mail = setUp(() => startMailService(mailMs, hangs));
  const texts = setUp(() => startTextService(mail.env, answerTo));
  const roster = setUp(() => startRoster({ env: texts.env }));
  after(async () => {
    // A send that hangs ends with its connection.
    texts.close();
    await mail.stop();
    await roster.close();
  });
  return { roster, mail, texts };
}

/** Signs up a few at a time: a busy machine refuses some of hundreds that wait for each other. */
async function signUpAll(roster: Roster, accounts: readonly Parameters<typeof signUp>[1][]): Promise<void> {
  for (let at = 0; at < accounts.length; at += 25) {
    await Promise.all(accounts.slice(at, at + 25).map((account) => signUp(roster, account)));
  }
}

/** How long it takes until the condition is met, at most ten seconds. */
async function msUntil(isMet: () => boolean): Promise<number> {
  const startedAt = performance.now();
  while (!isMet() && performance.now() - startedAt < 10_000) await sleep(5);
  return performance.now() - startedAt;
}

describe('while a thousand notices wait for a slow mail server', () => {
  const { roster, mail } = setUpServices();

  test('a code leaves soon, and no domain gets more than four mails at the same time', async () => {
    await signUp(roster);
    await queueNotices(roster, { orgKey: roster.organization.key, count: 1_000 });
    await msUntil(() => mail.mails.length > 10);
    const { email } = await signUp(roster);
    const ms = await msUntil(() => mail.mails.some(({ to }) => to.includes(email)));
    assert.ok(ms < waitMaxMs, `${ms} ms`);
    assert.ok(mail.mostAtOnce('example.com') <= 4, `${mail.mostAtOnce('example.com')} at a time`);
  });

  test('so does a link', async () => {
    const { email } = await signUp(roster);
    await roster.call(`POST ${path}/passwords`, { json: { email } });
    const isReset = ({ to, source }: { to: readonly string[]; source: string }): boolean =>
      to.includes(email) && source.includes('token=');
    const ms = await msUntil(() => mail.mails.some(isReset));
    assert.ok(ms < waitMaxMs, `${ms} ms`);
  });

  test('a notice of another organization waits for its turn, and not for the thousand', async () => {
    const other = await roster.addOrganization();
    await roster.addAdmin(other);
    const before = mail.mails.length;
    await queueNotices(roster, { orgKey: other.key, count: 1, domain: 'example.net' });
    await msUntil(() => mail.mails.some(({ to }) => to[0]?.endsWith('@example.net') === true));
    assert.ok(mail.mails.length - before < 30, `${mail.mails.length - before} mails came before it`);
  });
});

describe('a service of texts that hangs', () => {
  const hung = new Set(Array.from({ length: 50 }, (_, index) => phoneOf(index)));
  const { roster, texts } = setUpServices((to) => (hung.has(to) ? null : { status: 201, body: '{}' }));

  test('for fifty numbers does not delay other numbers, however many codes these get', async () => {
    let others = 60;
    for (const codes of [1, 5]) {
      const phones = Array.from({ length: codes }, () => [...hung]).flat();
      await signUpAll(
        roster,
        phones.map((phone) => ({ phone })),
      );
      const phone = phoneOf(others++);
      await signUp(roster, { phone });
      const ms = await msUntil(() => texts.textsTo(phone).length > 0);
      assert.ok(ms < waitMaxMs, `${codes} codes each: ${ms} ms`);
    }
  });
});

describe('a service of texts that hangs wholly', () => {
  const { roster, mail } = setUpServices(() => null);

  test('does not delay emails', async () => {
    await signUpAll(
      roster,
      Array.from({ length: 40 }, (_, index) => ({ phone: phoneOf(index) })),
    );
    const { email } = await signUp(roster);
    const ms = await msUntil(() => mail.mails.some(({ to }) => to.includes(email)));
    assert.ok(ms < waitMaxMs, `${ms} ms`);
  });
});

describe('a mail server that hangs for fifty domains', () => {
  const { roster, mail, texts } = setUpServices(undefined, (to) => to.endsWith('.example.org'));

  test('delays neither a mail to another domain nor a text', async () => {
    for (const [round, mails] of [1, 4].entries()) {
      const hanging = Array.from({ length: 50 * mails }, (_, index) => {
        return `person-${round}-${index}@clinic-${index % 50}.example.org`;
      });
      await signUpAll(
        roster,
        hanging.map((email) => ({ email })),
      );
      const { email } = await signUp(roster);
      const mailMs = await msUntil(() => mail.mails.some(({ to }) => to.includes(email)));
      const phone = phoneOf(200 + round);
      await signUp(roster, { phone });
      const textMs = await msUntil(() => texts.textsTo(phone).length > 0);
      assert.ok(mailMs < waitMaxMs && textMs < waitMaxMs, `${mails} each: ${mailMs} and ${textMs} ms`);
    }
  });
});

describe('a service of texts', () => {
  const outage = 20503;
  let code = 0;
  const { roster, texts } = setUpServices(() =>
    code === 0
      ? { status: 201, body: '{}' }
      : { status: code === outage ? 503 : 400, body: `{"code": ${code}}` },
  );

  /** Signs a person up, and waits until the service has refused the code. Returns the session. */
  async function signUpRefused(phone: string, refusal: number): Promise<string> {
    code = refusal;
    const { session } = await signUp(roster, { phone });
    for (let tries = 0; tries < 400; tries += 1) {
      const rows = await roster.rows.all('messages');
      if (rows.every((row) => row['state'] !== 'queued' || row['stage'] === 'waiting')) break;
      await sleep(5);
    }
    return session;
  }

  const stateOfTexts = async (): Promise<Set<unknown>> => {
    const rows = await roster.rows.all('messages');
    return new Set(rows.filter((row) => row['channel'] === 'sms').map((row) => row['state']));
  };

  test('that refuses our number, sender or account gets each text once the operator has mended that', async () => {
    const codes = [21606, 21659, 21704, 20003, 20005, 21212, 21703];
    for (const [index, each] of codes.entries()) await signUpRefused(phoneOf(100 + index), each);
    assert.deepEqual(await stateOfTexts(), new Set(['queued']));
    code = 0;
    roster.clock.advance(5 * secondMs);
    await msUntil(() => texts.texts.length === codes.length);
    assert.equal(texts.texts.length, codes.length);
  });

  test('gets no code again that a later one has made invalid', async () => {
    const phone = phoneOf(121);
    const session = await signUpRefused(phone, outage);
    roster.clock.advance(minuteMs);
    const sent = await roster.call(`POST ${path}/resend_confirmation`, { session });
    assert.equal(sent.status, 200);
    code = 0;
    // Every code that still waits is due then.
    roster.clock.advance(5 * minuteMs);
    await msUntil(() => texts.textsTo(phone).length > 0);
    await roster.settle();
    assert.equal(texts.textsTo(phone).length, 1);
  });

  test('gets no code that would arrive after its end', async () => {
    const phone = phoneOf(120);
    await signUpRefused(phone, outage);
    code = 0;
    roster.clock.advance(10 * minuteMs - secondMs);
    await roster.settle();
    assert.deepEqual(texts.textsTo(phone), []);
  });
});
