import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultsOf, faultyNames } from '../../test/support/setting-faults.ts';
import { ConfigError, readConfig } from './config.ts';

const production = {
  NODE_ENV: 'production',
  ROSTER_PUBLIC_URL: 'https://id.example.com',
  ROSTER_SECRET: 'a-secret-of-the-deployment-0123456789',
  ROSTER_SMS: 'outbox',
  ROSTER_EMAIL: 'outbox',
};
const twilio = {
  ROSTER_SMS: 'twilio',
  TWILIO_ACCOUNT_SID: 'AC1',
  TWILIO_AUTH_TOKEN: 'tok',
  TWILIO_FROM: '+15550001',
  ROSTER_SMS_HOME: 'US',
};

describe('production', () => {
  const smtp = { ROSTER_EMAIL: 'smtp', ROSTER_EMAIL_FROM: 'a@example.com' };

  test('needs a secret, a public URL, and a sender chosen by name', () => {
    assert.deepEqual(faultyNames({ NODE_ENV: 'production' }), [
      'ROSTER_SECRET',
      'ROSTER_SMS',
      'ROSTER_EMAIL',
      'ROSTER_PUBLIC_URL',
    ]);
  });

  test('accepts the outbox if it is chosen by name', () => {
    const { config } = readConfig(production);
    assert.equal(config.isProduction, true);
    assert.deepEqual([config.sms.kind, config.email.kind], ['outbox', 'outbox']);
  });

  test('accepts real senders without the outbox', () => {
    const env = { ...production, ...twilio, ...smtp, ROSTER_SMTP_URL: 'smtps://m' };
    assert.deepEqual(faultyNames(env), []);
  });

  for (const name of ['ROSTER_PUBLIC_URL', 'ROSTER_LINK_URL', 'TWILIO_BASE_URL']) {
    test(`refuses plain http for ${name}, except on this machine`, () => {
      const plain = ['http://id.example.com', 'HTTP://10.0.0.1:8080', 'http://localhost.example.com'];
      for (const url of plain) {
        assert.deepEqual(faultyNames({ ...production, ...twilio, [name]: url }), [name], url);
        assert.deepEqual(faultyNames({ ...twilio, [name]: url }), [], 'development');
      }
      const hosts = [
        'localhost',
        'LOCALHOST:8080',
        'id.localhost',
        '127.0.0.1',
        '127.9.9.9:80',
        '[::1]:8080',
      ];
      for (const url of ['https://id.example.com', ...hosts.map((host) => `http://${host}`)]) {
        assert.deepEqual(faultyNames({ ...production, ...twilio, [name]: url }), [], url);
      }
    });
  }

  test('demands TLS for mail, except to this machine', () => {
    const faulty = (url: string) => faultyNames({ ...production, ...smtp, ROSTER_SMTP_URL: url });
    const plain = [
      'smtp://m',
      'smtp://u:p@mail.example.com:587',
      'smtp://m?requireTLS=false',
      'smtp://m?requireTLS=true&ignoreTLS=true',
      'smtp://127.example.com',
    ];
    for (const url of plain) assert.deepEqual(faulty(url), ['ROSTER_SMTP_URL'], url);
    const safe = [
      ...['smtps://m', 'smtp://m:587?requireTLS=true', 'smtp://u:p@m?requireTLS=1'],
      ...['smtp://localhost:25', 'smtp://Localhost', 'smtp://127.0.0.1', 'smtp://[::1]:25'],
    ];
    for (const url of safe) assert.deepEqual(faulty(url), [], url);
  });

  test('refuses a secret with few different characters or a repeated pattern, and no former secret', () => {
    const weak = [
      'a'.repeat(32),
      'abcdefghi'.repeat(4),
      '0123456789'.repeat(4),
      `${'0123456789'.repeat(4)}\n`,
      ` \t${'abcdefghijkl'.repeat(3)} `,
      '0123456789abcdef0123456789abcdef',
      // The last pattern is cut off.
      'roster-secret-'.repeat(3).slice(0, 36),
      '😀1234567'.repeat(4),
    ];
    for (const text of weak) {
      assert.deepEqual(faultyNames({ ...production, ROSTER_SECRET: text }), ['ROSTER_SECRET'], text);
      assert.deepEqual(faultyNames({ ROSTER_SECRET: text }), [], 'development');
      assert.deepEqual(faultyNames({ ...production, ROSTER_OLD_SECRETS: text }), [], text);
    }
    const strong = ['0123456789abcdef0123456789abcdeX', 'q3J8vZr1WmT6xKp0sYb4NfHc7LgAd2Ue'];
    for (const text of strong)
      assert.deepEqual(faultyNames({ ...production, ROSTER_SECRET: text }), [], text);
  });

  test('reports everything that it refuses together, one line each, without the secret', () => {
    const env = {
      NODE_ENV: 'production',
      ROSTER_SECRET: 'hunter2'.repeat(6),
      ROSTER_SMS: 'outbox',
      ROSTER_EMIAL: 'outbox',
      TWILIO_BASE_URL: 'http://sms.example.com',
    };
    const faults = faultsOf(env);
    const names = ['ROSTER_EMAIL', 'ROSTER_PUBLIC_URL', 'TWILIO_BASE_URL', 'ROSTER_SECRET', 'ROSTER_EMIAL'];
    assert.deepEqual(
      faults.map(({ name }) => name),
      names,
    );
    const { message } = new ConfigError(faults);
    assert.equal(message.split('\n').length, names.length);
    assert.ok(!message.includes('hunter2'));
  });
});
