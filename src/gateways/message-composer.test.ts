import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MessageTemplate } from '../core/messaging/message.ts';
import { codeLifeMs } from '../core/verification/confirmation-code.ts';
import { passwordTokenLifeMs } from '../core/verification/password-token.ts';
import { addToken, createMessageComposer } from './message-composer.ts';

const composer = createMessageComposer({ linkUrl: 'https://id.example.com/set-password' });
const facts = { to: 'jane@example.com', language: 'en', code: '012345', token: 'pr_1_a-b_c' };

describe('a message', () => {
  test('has its address, and code and token beside the text', () => {
    const content = composer.compose('confirmation', 'email', {
      to: 'jane@example.com',
      language: 'en',
      code: '012345',
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
    const { subject, body } = composer.compose('email_changed', 'email', { to: facts.to, language: 'en' });
    assert.ok(!`${subject}${body}`.includes('@'));
  });

  test('by SMS has no subject and fits into one', () => {
    for (const language of ['en', 'es']) {
      const { subject, body } = composer.compose('confirmation', 'sms', { ...facts, language });
      assert.equal(subject, '');
      // With letters outside the GSM alphabet a message holds 70 characters, otherwise 160. ASCII is inside.
      assert.ok(body.length <= (/^[ -~]*$/.test(body) ? 160 : 70), `${language}: ${body.length}`);
    }
  });

  test('without a value that its text shows is a fault, not an incomplete text', () => {
    assert.throws(() => composer.compose('confirmation', 'sms', { to: '+15550001', language: 'en' }));
    assert.throws(() => composer.compose('invitation', 'email', { to: 'a@example.com', language: 'es' }));
    assert.throws(() => composer.compose('invitation', 'sms', facts));
  });
});

describe('the language of a message', () => {
  const subjectIn = (language: string): string =>
    composer.compose('invitation', 'email', { ...facts, language }).subject;

  test("is the closest to the user's", () => {
    for (const language of ['es', 'ES', 'es-MX', 'es-419', 'es-Latn-ES', 'spa']) {
      assert.equal(subjectIn(language), 'Tiene una invitación', language);
    }
  });

  test('is English where there is none close', () => {
    for (const language of ['en-GB', 'fr', 'eo', 'x-private', 'not a tag']) {
      assert.equal(subjectIn(language), 'You are invited', language);
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
