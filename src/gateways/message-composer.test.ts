import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type MessageTemplate, messageTemplates } from '../core/messaging/message.ts';
import { codeLifeMs } from '../core/verification/confirmation-code.ts';
import { passwordTokenLifeMs } from '../core/verification/password-token.ts';
import { addToken, createMessageComposer } from './message-composer.ts';
import { isOneSegment } from './sms/sms-text.ts';

const composer = createMessageComposer({
  linkUrl: 'https://id.example.com/set-password',
  proofUrl: 'https://id.example.com/prove-email',
  changeUrl: 'https://id.example.com/change-email',
  undoUrl: 'https://id.example.com/undo-email-change',
});
const names = { app: 'Walks', organization: 'Meadow Clinic' };
const facts = { ...names, to: 'jane@example.com', language: 'en', code: '012345', token: 'pr_1_a-b_c' };

describe('a message', () => {
  test('has its address, and code and token beside the text', () => {
    const content = composer.compose('confirmation', 'email', {
      ...{ ...names, to: 'jane@example.com', language: 'en', code: '012345' },
    });
    assert.equal(content.to, 'jane@example.com');
    assert.equal(content.code, '012345');
    assert.match(content.body, /012345/);
    assert.ok(!('token' in content));
  });

  test('with a link leads to the configured page', () => {
    for (const template of ['password_reset', 'invitation'] as const) {
      const { body, token } = composer.compose(template, 'email', facts);
      assert.ok(body.includes('\nhttps://id.example.com/set-password?token=pr_1_a-b_c\n'), template);
      assert.equal(token, facts.token);
    }
  });

  test('that proves an email leads to the page for it', () => {
    const { body } = composer.compose('email_proof', 'email', facts);
    assert.ok(body.includes('\nhttps://id.example.com/prove-email?token=pr_1_a-b_c\n'));
  });

  test('says how long its code or link is valid', () => {
    assert.deepEqual(
      [codeLifeMs, passwordTokenLifeMs.reset, passwordTokenLifeMs.invitation],
      [10 * 60_000, 60 * 60_000, 7 * 24 * 60 * 60_000],
    );
    for (const language of ['en', 'es']) {
      const body = (template: MessageTemplate): string =>
        composer.compose(template, 'email', { ...facts, language }).body;
      assert.match(body('confirmation'), /10 minut/);
      assert.match(body('password_reset'), /1 ho/);
      assert.match(body('invitation'), /7 d/);
    }
  });

  test('about a changed address names no address', () => {
    const { subject, body } = composer.compose('email_changed', 'email', {
      ...names,
      to: facts.to,
      language: 'en',
    });
    assert.ok(!`${subject}${body}`.includes('@'));
  });

  test('names its app, as its sender too, and an invitation also the organization', () => {
    for (const language of ['en', 'es']) {
      for (const template of messageTemplates) {
        const { subject, body, senderName } = composer.compose(template, 'email', { ...facts, language });
        assert.match(body, /Walks/, template);
        assert.match(subject, template === 'invitation' ? /Meadow Clinic/ : /Walks/);
        assert.equal(senderName, 'Walks');
      }
      assert.match(composer.compose('confirmation', 'sms', { ...facts, language }).body, /^Walks: 012345 /);
      assert.match(composer.compose('invitation', 'email', { ...facts, language }).body, /Meadow Clinic/);
    }
  });

  test('names the inviter in a line that is left out without one', () => {
    for (const language of ['en', 'es']) {
      const without = composer.compose('invitation', 'email', { ...facts, language }).body;
      const withOne = composer.compose('invitation', 'email', {
        ...facts,
        language,
        inviter: 'Ann Lee',
      }).body;
      assert.doesNotMatch(without, /\n\n\n|undefined|null|inviter|invitado \./);
      const added = withOne.split('\n').filter((line) => !without.split('\n').includes(line));
      assert.equal(added.length, 1);
      assert.match(added[0] ?? '', /Ann Lee/);
    }
  });

  test('cannot get a further header or line from a name', () => {
    const app = 'Walks\r\nBcc: eve@example.com\u2028x';
    const { subject, body, senderName } = composer.compose('confirmation', 'email', { ...facts, app });
    for (const text of [subject, senderName ?? '']) assert.doesNotMatch(text, /[\p{Cc}\p{Zl}]/u);
    assert.doesNotMatch(body, /^Bcc/m);
    const named = composer.compose('confirmation', 'email', { ...facts, app: '{{link}}{{code}}<b>$&' });
    assert.match(named.body, /\{\{link\}\}\{\{code\}\}<b>\$&/);
  });

  test('keeps its direction, whatever a name contains', () => {
    for (const turn of ['\u202a', '\u202b', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068']) {
      const app = `Wal${turn}ks`;
      assert.match(composer.compose('confirmation', 'sms', { ...facts, app }).body, /^Walks: 012345 /);
      const mail = composer.compose('invitation', 'email', {
        ...facts,
        app,
        organization: app,
        inviter: app,
      });
      assert.doesNotMatch(`${mail.subject}${mail.body}${mail.senderName}`, /[\u202a-\u202e\u2066-\u2069]/);
    }
  });

  test('by SMS has no subject and fits into one segment, whatever the name of its app', () => {
    const apps = [
      ...[
        'Walks',
        'Zdraví plus',
        'Señales',
        'Здоровье',
        '健康アプリ',
        '🏃 Läufe',
        'a[b]{c}~€',
        'Ann’s “Walk”',
      ],
      ...[
        'W'.repeat(40),
        'Ž'.repeat(40),
        'Д'.repeat(40),
        '[]'.repeat(70),
        '👩‍👩‍👧'.repeat(20),
        'ŵ'.repeat(200),
      ],
      ...['W'.repeat(255), 'Very long name of an application '.repeat(7)],
    ];
    for (const language of ['en', 'es']) {
      for (const app of apps) {
        const { subject, body } = composer.compose('confirmation', 'sms', { ...facts, app, language });
        assert.equal(subject, '');
        assert.match(body, /012345/);
        assert.ok(isOneSegment(body), `${language}: ${body}`);
      }
    }
    const bodyFor = (app: string): string => composer.compose('confirmation', 'sms', { ...facts, app }).body;
    assert.match(bodyFor('Zdraví'), /^Zdraví: /, 'a short name keeps its accents');
    assert.match(bodyFor('Zdraví pro celou rodinu'), /^Zdravi pro celou rodinu: /);
    assert.match(bodyFor('W'.repeat(255)), /^W+\.\.\.: /);
  });

  test('by SMS is measured in septets, or in UTF-16 units outside the GSM alphabet', () => {
    for (const [text, max] of [
      ['a', 160],
      ['ñ', 160],
      ['€', 80],
      ['[', 80],
      ['ó', 70],
      ['Д', 70],
      ['😀', 35],
    ] as const) {
      assert.deepEqual(
        [isOneSegment(text.repeat(max)), isOneSegment(text.repeat(max + 1))],
        [true, false],
        text,
      );
    }
  });

  test('without a value that its text shows is a fault, not an incomplete text', () => {
    assert.throws(() =>
      composer.compose('confirmation', 'sms', { ...names, to: '+15550001', language: 'en' }),
    );
    assert.throws(() =>
      composer.compose('invitation', 'email', { ...names, to: 'a@example.com', language: 'es' }),
    );
    assert.throws(() => composer.compose('invitation', 'sms', facts));
  });
});

describe('the language of a message', () => {
  const subjectIn = (language: string): string =>
    composer.compose('invitation', 'email', { ...facts, language }).subject;

  test("is the closest to the user's", () => {
    for (const language of ['es', 'ES', 'es-MX', 'es-419', 'es-Latn-ES', 'spa']) {
      assert.equal(subjectIn(language), 'Meadow Clinic le invita', language);
    }
  });

  test('is English where there is none close', () => {
    for (const language of ['en-GB', 'fr', 'eo', 'x-private', 'not a tag']) {
      assert.equal(subjectIn(language), 'Meadow Clinic invites you', language);
    }
  });
});

describe('a link', () => {
  test('keeps the configured query, fragment and scheme', () => {
    assert.equal(addToken('https://a.example/x?app=1&b=%20', 't'), 'https://a.example/x?app=1&b=%20&token=t');
    assert.equal(addToken('https://a.example/#/set', 't'), 'https://a.example/?token=t#/set');
    assert.equal(addToken('myapp://reset', 't'), 'myapp://reset?token=t');
  });

  test('carries every token unharmed', () => {
    const token = 'a+b/c=d&e?f#g h%ñ';
    assert.equal(new URL(addToken('https://a.example/x', token)).searchParams.get('token'), token);
  });
});
