/** Texts of people as they come from real keyboards and address books, in every contract. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { askToken } from '../connect-page/connect-calls.ts';
import { confirm } from '../contracts/general/sign-up.ts';
import { addPerson, bareId } from '../support/contracts/people.ts';
import { startSmtpServer } from '../support/machine/smtp.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { type Roster, startRoster } from '../support/server/start.ts';

describe('texts of people', () => {
  const roster = setUpRoster();
  const tenant = setUp(() => roster.organization);

  const register = (fields: object) =>
    roster.call('POST /general/v1/users', {
      headers: { 'x-app-id': tenant.app.appId },
      json: {
        user: {
          email: `${crypto.randomUUID()}@example.com`,
          password: 'securepassword123',
          first_name: 'Jo',
          last_name: 'Doe',
          ...fields,
        },
      },
    });
  const invite = (name: string) =>
    roster.call('POST /organization/api/v1/users', {
      bearer: tenant.apiKeys.admin,
      json: { email: `${crypto.randomUUID()}@example.com`, name },
    });
  const create = (reference_id: string) =>
    roster.call('POST /sonar/v1/users', { bearer: tenant.apiKeys.admin, json: { reference_id } });
  const upsert = (externalId: string) =>
    roster.call(`POST /humanapi/v1/apps/${tenant.app.appId}/users`, {
      appKey: tenant.app.appKey,
      json: { externalId },
    });
  const find = (reference: string) =>
    roster.call(`GET /sonar/v1/users?reference_id=${encodeURIComponent(reference)}`, {
      bearer: tenant.apiKeys.admin,
    });

  for (const blank of ['\u200b', '\u3164', '\u2800', '\u200e', '\u0301']) {
    const code = `U+${blank.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`;
    test(`a text of ${code} alone is blank`, async () => {
      const registered = await register({ first_name: blank, last_name: `${blank}${blank}` });
      assert.equal(registered.status, 422);
      assert.deepEqual(registered.body, {
        errors: { first_name: ["can't be blank"], last_name: ["can't be blank"] },
      });
      const invited = await invite(blank);
      assert.deepEqual([invited.status, invited.string('message')], [400, 'Name is required']);
      const created = await create(blank);
      assert.deepEqual([created.status, created.at('details.reference_id.0')], [422, 'must not be empty']);
      assert.equal((await upsert(blank)).status, 400);
      assert.equal(
        (await askToken(roster, { type: 'session', client_user_id: blank }, tenant.app)).status,
        400,
      );
    });
  }

  test('control characters are refused', async () => {
    const registered = await register({ first_name: 'Jo\u001b[2J', last_name: 'Do\u0085e' });
    assert.deepEqual(registered.body, { errors: { first_name: ['is invalid'], last_name: ['is invalid'] } });
    assert.equal((await invite('Jo\tDoe')).status, 400);
    assert.equal((await create('a\nb')).status, 422);
    assert.equal((await upsert('a\u007fb')).status, 400);
  });

  test('invisible characters at the ends are not stored, and those of an emoji are', async () => {
    const registered = await register({ first_name: '\u202aAna\u202c', last_name: 'Love ❤\ufe0f\u200b' });
    assert.deepEqual(
      [registered.string('first_name'), registered.string('last_name')],
      ['Ana', 'Love ❤\ufe0f'],
    );
    assert.equal((await invite('\u200bAna \u200b María\ufeff')).string('name'), 'Ana María');
    const created = await create('\ufeffclean-1\u200b');
    assert.equal(created.at('data.reference_id'), 'clean-1');
    assert.equal((await upsert('clean-1\u200e')).string('humanId'), bareId(String(created.at('data.id'))));
  });

  test('a user from before the rule is found by the exact external id', async () => {
    for (const [index, externalId] of ['legacy\u200b', 'leg\tacy', '\u200b'].entries()) {
      const { userId } = await addPerson(roster, { externalId, email: `legacy-${index}@example.com` });
      assert.deepEqual((await find(externalId)).at('data.0.id'), userId);
      assert.equal((await upsert(externalId)).string('humanId'), bareId(userId));
      const session = await askToken(roster, { type: 'session', client_user_id: externalId }, tenant.app);
      assert.equal(session.string('human_id'), bareId(userId));
      const path = `PATCH /sonar/v1/users/${userId}`;
      const json = { reference_id: externalId, timezone: 'Europe/London' };
      const echoed = await roster.call(path, { bearer: tenant.apiKeys.admin, json });
      assert.deepEqual([echoed.status, echoed.at('data.reference_id')], [200, externalId]);
    }
    assert.equal((await create('legacy\u200b')).status, 409);
    const clean = await create('legacy');
    assert.equal(clean.status, 201);
    assert.deepEqual((await find('legacy')).at('data.0.id'), clean.at('data.id'));
    assert.notEqual((await find('legacy\u200b')).at('data.0.id'), clean.at('data.id'));
  });

  test('a mailbox has one account in every spelling, and is shown as given', async () => {
    const registered = await register({ email: 'Ana@Bücher.example', password: 'securepassword123' });
    assert.equal(registered.string('email'), 'Ana@Bücher.example');
    // An invitation would take an unproved email.
    await confirm(roster, registered.number('id'), 'Ana@Bücher.example');
    for (const email of [
      'ana@xn--bcher-kva.example',
      'ANA@bu\u0308cher.example',
      '\u200bana@ｂücher.example',
    ]) {
      const taken = await register({ email });
      assert.deepEqual(taken.body, { errors: { email: ['has already been taken'] } });
      const invited = await roster.call('POST /organization/api/v1/users', {
        bearer: tenant.apiKeys.admin,
        json: { email, name: 'Ana' },
      });
      assert.equal(invited.status, 409);
      const signedIn = await roster.call('POST /general/v1/sessions', {
        headers: { 'x-app-id': tenant.app.appId },
        json: { email, password: 'securepassword123' },
      });
      assert.equal(signedIn.status, 201);
    }
  });

  test('an address that programs read in different ways is refused', async () => {
    for (const email of [
      '=?utf-8?q?john?=@example.com',
      'jo\u200bhn@example.com',
      'john@[127.0.0.1]',
      'john@127.1',
      'john@exam%70le.com',
      'john\u0007@example.com',
    ]) {
      assert.deepEqual((await register({ email })).body, { errors: { email: ['is invalid'] } }, email);
    }
  });

  test('a phone number is read without bidi marks and with full-width characters', async () => {
    const marked = await register({ phone: '\u202a+1 555 123 4567\u202c' });
    assert.equal(marked.string('phone'), '+1 555 123 4567');
    const wide = await register({ phone: '＋１５５５１２３４５６８' });
    assert.equal(wide.status, 201);
    assert.notEqual(await roster.lastMessage('+15551234568'), undefined);
  });

  test('a child that is born today has a date of birth, wherever it is', async () => {
    // The clock of the test says noon in UTC on 2 March 2026.
    assert.equal((await register({ date_of_birth: '2026-03-03' })).status, 201);
    assert.equal((await register({ date_of_birth: '2026-03-04' })).status, 422);
  });

  test('a language is any tag of RFC 5646, and messages in it are written in one of ours', async () => {
    for (const language of ['zh-yue', 'i-klingon', 'x-private', 'en-GB-oed', 'sgn-BE-FR']) {
      const registered = await register({ language });
      assert.deepEqual([registered.status, registered.string('language')], [201, language]);
    }
    assert.equal((await register({ language: 'en_US' })).string('language'), 'en-US');
    assert.equal((await register({ language: 'english!' })).status, 422);
  });
});

describe('a local part outside ASCII', () => {
  const email = 'дима@bücher.example';
  const json = { user: { email, password: 'securepassword123', first_name: 'Di', last_name: 'Ma' } };
  const register = (roster: Roster) => roster.call('POST /general/v1/users', { json });
  const signIn = (roster: Roster) =>
    roster.call('POST /general/v1/sessions', { json: { email, password: 'securepassword123' } });

  for (const hideSMTPUTF8 of [false, true]) {
    const outcome = hideSMTPUTF8 ? 'is refused, and existing users sign in' : 'is accepted';
    test(`${outcome} where the server of emails ${hideSMTPUTF8 ? 'does not announce' : 'announces'} it`, async (t) => {
      const smtp = await startSmtpServer({ hideSMTPUTF8 });
      t.after(() => smtp.stop());
      const env = {
        ROSTER_EMAIL: 'smtp',
        ROSTER_SMTP_URL: smtp.url,
        ROSTER_EMAIL_FROM: 'no-reply@clinic.example',
      };
      const roster = await startRoster({ env });
      t.after(() => roster.close());
      if (hideSMTPUTF8) {
        assert.deepEqual((await register(roster)).body, { errors: { email: ['is invalid'] } });
        await addPerson(roster, { email, passwordHash: await roster.core.hasher.hash('securepassword123') });
        const invited = await roster.call('POST /organization/api/v1/users', {
          bearer: roster.organization.apiKeys.admin,
          json: { email: 'josé@example.com', name: 'José' },
        });
        assert.equal(invited.status, 400);
      } else {
        await t.waitFor(() => assert.ok(roster.core.takesUnicodeAddresses()));
        assert.equal((await register(roster)).status, 201);
      }
      assert.equal((await signIn(roster)).status, 201);
    });
  }

  test('is accepted in the outbox', async (t) => {
    const roster = await startRoster();
    t.after(() => roster.close());
    assert.equal((await register(roster)).status, 201);
  });
});
