/**
 * No number but a mobile phone of an opened country costs the deployment a text message. The code for every other number
 * goes by mail, with the same answer, and then proves the email.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { confirm, signUp as register } from '../../contracts/general/sign-up.ts';
import { setUpRoster } from '../../support/server/set-up.ts';
import { newEmail, path, proofsOf, put, signUp, templatesTo, userOf } from '../support/accounts.ts';
import { setUpTexted } from '../support/text-service.ts';

/** Possible numbers that take no text at a known price, by their kind. */
const paidNumbers: Readonly<Record<string, readonly string[]>> = {
  'premium rate': ['+19002345678', '+33891123456', '+499001234567', '+979123456789', '+4239002222'],
  'shared cost': ['+448441234567', '+448712345678', '+80812345678'],
  satellite: ['+881612345678', '+870773111632', '+61147123456', '+62868123456', '+79541234567'],
  'satellite phones in the mobile ranges of a country': [
    '+8613491234567',
    '+8617401234567',
    '+918991123456',
    '+61420123456',
    '+61480012345',
    '+33640001234',
    '+33750761234',
  ],
  'a global network': ['+88213123456', '+883510012345', '+8835100123456', '+878101234567890'],
  pager: ['+447640123456', '+4916412345', '+812012345678', '+41740123456'],
  personal: ['+447012345678', '+15002345678', '+15212345678', '+34701234567'],
  'toll-free': ['+18002345678', '+80012345678'],
  landline: ['+390612345678', '+4930123456', '+390669812345', '+442071234567'],
  'non-geographic': ['+16002345678', '+34905123456', '+17102345678'],
  unknown: ['+15551234567', '+447700900123'],
};

/** Mobile phones of other countries; most have the calling code of an opened one. */
const foreignNumbers = {
  JM: '+18765550123',
  DO: '+18092345678',
  BS: '+12423591234',
  PR: '+17872345678',
  CA: '+12042345678',
  JE: '+447797712345',
  GG: '+447781123456',
  IM: '+447624123456',
  KZ: '+77011234567',
  YT: '+262639012345',
  FR: '+33612345678',
};

const openNumbers = {
  US: '+12024561111',
  GB: '+447400123456',
  RU: '+79161234567',
  RE: '+262692123456',
  // Three countries share these numbers; one of them is enough.
  MF: '+590690221234',
};

describe('a stranger who signs up with a number', () => {
  const { roster, service } = setUpTexted({ ROSTER_SMS_COUNTRIES: 'US,GB,RU,RE,MF' });
  const everywhere = setUpTexted({ ROSTER_SMS_COUNTRIES: 'all' });

  for (const [kind, numbers] of Object.entries(paidNumbers)) {
    test(`(${kind}) orders no text, and gets the code by mail with the same answer`, async () => {
      for (const texted of [{ roster, service }, everywhere]) {
        for (const phone of numbers) await expectMail(texted, phone);
      }
    });
  }

  test('of a country that is not opened orders no text, also with the calling code of an opened one', async () => {
    for (const phone of Object.values(foreignNumbers)) await expectMail({ roster, service }, phone);
  });

  test('of an opened country gets the code as a text', async () => {
    const phones = [
      ...Object.values(openNumbers).map((phone) => ({ texted: { roster, service }, phone })),
      ...Object.values(foreignNumbers).map((phone) => ({ texted: everywhere, phone })),
    ];
    for (const { texted, phone } of phones) {
      const { email } = await signUp(texted.roster, { phone });
      assert.deepEqual(await templatesTo(texted.roster, email), ['email_proof'], phone);
      assert.equal(texted.service.textsTo(phone).length, 1, phone);
    }
  });

  test('gets the same answer to a resend and to a new phone, and no text', async () => {
    const premium = await signUp(roster, { phone: '+19002345679' });
    const mobile = await signUp(roster, { phone: '+12024561112' });
    roster.clock.advance(60_000);
    const resend = (session: string) => roster.call(`POST ${path}/resend_confirmation`, { session });
    const answers = [await resend(premium.session), await resend(mobile.session)];
    assert.deepEqual(
      answers.map(({ status, text }) => [status, text]),
      [
        [200, answers[0]?.text],
        [200, answers[0]?.text],
      ],
    );
    roster.clock.advance(60_000);
    await put(roster, mobile, mobile.session, { user: { phone: '+881612345679' } });
    assert.equal((await templatesTo(roster, mobile.email)).at(-1), 'confirmation');
    assert.deepEqual(service.textsTo('+881612345679'), []);
    assert.deepEqual(service.textsTo('+19002345679'), []);
  });

  test('proves the email by the code that went by mail, and not the phone', async () => {
    const account = await signUp(roster, { phone: '+19002345680' });
    await confirm(roster, account.number, account.email);
    assert.deepEqual(await proofsOf(roster, account), { email: true, phone: false });
    assert.ok((await userOf(roster, account)).confirmedAt !== null);
  });

  test('proves nothing by a code that went to a former email', async () => {
    const account = await signUp(roster, { phone: '+19002345681' });
    const { code } = await roster.lastMessage(account.email);
    await put(roster, account, account.session, { user: { email: newEmail() } });
    const json = { user_id: account.number, confirmation_code: code };
    assert.equal((await roster.call(`POST ${path}/confirmation`, { json })).status, 401);
    assert.deepEqual(await proofsOf(roster, account), { email: false, phone: false });
  });

  test('who has no email gets no code, with the same answer', async () => {
    const account = await signUp(roster, { phone: '+19002345682' });
    // An invitation takes the email, which the user never proved.
    const json = { email: account.email, name: 'Ann Lee', role: 'member' };
    const bearer = roster.organization.apiKeys.admin;
    assert.equal((await roster.call('POST /organization/api/v1/users', { bearer, json })).status, 201);
    roster.clock.advance(60_000);
    const answer = await roster.call(`POST ${path}/resend_confirmation`, { session: account.session });
    assert.deepEqual([answer.status, answer.body], [200, { sent: true }]);
    assert.deepEqual(await templatesTo(roster, account.email), ['confirmation', 'invitation']);
    assert.deepEqual(service.textsTo('+19002345682'), []);
  });

  /** Expects the answer of every sign-up, no text, and one mail with a code. */
  async function expectMail({ roster, service }: typeof everywhere, phone: string): Promise<void> {
    const { email } = await signUp(roster, { phone });
    assert.deepEqual(await templatesTo(roster, email), ['confirmation'], phone);
    assert.deepEqual(service.textsTo(phone), [], phone);
  }
});

describe('a number that takes no text, where no account is told', () => {
  const { roster, service } = setUpTexted({ ROSTER_TELL_ACCOUNTS: 'off' });

  test('tells no stranger that the email is taken, and its code takes the email from no holder', async () => {
    const holder = await signUp(roster);
    await confirm(roster, holder.number, holder.email);
    const [taken, free] = [
      await register(roster, { email: holder.email, phone: '+19002345690' }),
      await register(roster, { email: newEmail(), phone: '+19002345691' }),
    ];
    const shapeOf = ({ reply }: typeof taken): string[] => [
      ...Object.keys(reply.body as object),
      ...Object.keys(reply.headers),
    ];
    assert.deepEqual(shapeOf(taken), shapeOf(free));
    assert.deepEqual((await templatesTo(roster, free.email)).sort(), ['confirmation', 'email_proof']);
    assert.deepEqual((await templatesTo(roster, holder.email)).slice(2).sort(), [
      'confirmation',
      'sign_up_attempt',
    ]);
    assert.deepEqual(service.texts, []);
    await confirm(roster, taken.number, holder.email);
    assert.deepEqual(await proofsOf(roster, taken), { email: false, phone: false });
    assert.equal((await userOf(roster, holder)).email, holder.email);
    await confirm(roster, free.number, free.email);
    assert.deepEqual(await proofsOf(roster, free), { email: true, phone: false });
  });
});

describe('the development outbox', () => {
  const roster = setUpRoster();

  test('takes every possible number, so that the documents hold', async () => {
    for (const phone of ['+1-555-123-4567', ...Object.values(paidNumbers).flat()]) {
      await signUp(roster, { phone });
      const e164 = phone.replaceAll('-', '');
      assert.equal((await roster.lastMessage(e164)).channel, 'sms', phone);
    }
  });
});
