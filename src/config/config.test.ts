import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { faultsOf, faultyNames } from '../../test/support/setting-faults.ts';
import { ConfigError, readConfig } from './config.ts';
import { settings } from './settings.ts';

const secret = 'a-secret-of-the-deployment-0123456789';
const twilio = {
  ROSTER_SMS: 'twilio',
  TWILIO_ACCOUNT_SID: 'AC1',
  TWILIO_AUTH_TOKEN: 'tok',
  TWILIO_FROM: '+15550001',
  ROSTER_SMS_HOME: 'US',
};

describe('an empty environment', () => {
  test('gives the development defaults', () => {
    const { config, secrets, unknownNames } = readConfig({});
    assert.deepEqual(config, {
      isProduction: false,
      host: '127.0.0.1',
      port: 8080,
      workers: 1,
      dataDir: resolve('data'),
      database: { poolSize: 10, connectMs: 3_000, statementMs: 10_000 },
      publicUrl: null,
      linkUrl: null,
      templatesDir: null,
      breachedPasswords: null,
      isHostRouted: true,
      hasReference: true,
      hasConsole: true,
      isHttpsOnly: false,
      sms: { kind: 'outbox' },
      email: { kind: 'outbox' },
      sendConcurrency: { sms: 32, email: 16 },
      providers: { presets: [], file: null, hasDemo: true },
      signupAppId: null,
      tellsAccounts: true,
      trustedProxies: [],
      corsOrigins: [],
      networkQuotas: {
        signup: { limit: 100, windowMs: 60_000 },
        session: { limit: 100, windowMs: 60_000 },
        confirmation: { limit: 100, windowMs: 60_000 },
        password: { limit: 30, windowMs: 60_000 },
        emailCheck: { limit: 30, windowMs: 60_000 },
        connect: { limit: 600, windowMs: 60_000 },
        page: { limit: 3_000, windowMs: 60_000 },
      },
      networkFactors: { '/24': 8, '/56': 4, '/48': 16 },
      guessQuota: { limit: 100, windowMs: 3_600_000 },
      ownActQuotas: [
        { limit: 600, windowMs: 3_600_000 },
        { limit: 1_200, windowMs: 86_400_000 },
      ],
      staffLimits: {
        looks: { limit: 20, windowMs: 3_600_000 },
        freshLooks: { limit: 80, windowMs: 3_600_000 },
        bulkPlans: { limit: 60, windowMs: 3_600_000 },
      },
      messageLimits: {
        address: [
          { limit: 5, windowMs: 3_600_000 },
          { limit: 10, windowMs: 86_400_000 },
        ],
        account: { limit: 10, windowMs: 3_600_000 },
        day: {
          sms: { organization: 5_000, deployment: 20_000 },
          email: { organization: null, deployment: null },
        },
        invitationsDay: 10_000,
      },
      auditMs: 2_190 * 86_400_000,
      hashQueueMax: 256,
      hashWaitMs: 2_000,
      challenge: 'none',
      bodyTimeoutMs: 10_000,
      requestsInFlightMax: 2_000,
      streamsMax: 128,
      socketsMax: 10_000,
      halfSentMax: 2_000,
      halfSentNetworkMax: 200,
      logLevel: 'info',
      logFormat: null,
      metrics: null,
    });
    assert.deepEqual(secrets, {
      secret: null,
      oldSecrets: [],
      databaseUrl: null,
      databaseReadUrl: null,
      twilioAuthToken: null,
      smtpUrl: null,
      providerSecrets: {},
    });
    assert.deepEqual(unknownNames, []);
  });

  test('means the same as settings that are empty', () => {
    const empty = Object.fromEntries(Object.values(settings).map(({ name }) => [name, '']));
    assert.deepEqual(readConfig(empty), readConfig({}));
  });
});

describe('the configuration', () => {
  test('is frozen, with all its parts', () => {
    const { config, secrets } = readConfig({ ROSTER_CORS_ORIGINS: 'https://a.example' });
    for (const part of [
      config,
      config.networkQuotas,
      config.networkQuotas.signup,
      config.corsOrigins,
      secrets,
    ]) {
      assert.ok(Object.isFrozen(part));
    }
  });

  test('contains no secret', () => {
    const hidden = [
      's3cret-of-32-characters-or-more-yes!',
      'old-secret-of-32-characters-or-more',
      'tok3n',
      'pa55',
      'db-pa55',
    ];
    const [current, old, token, password, databasePassword] = hidden;
    const databaseUrl = `postgres://roster:${databasePassword}@db.example.com/roster`;
    const env = {
      ...twilio,
      DATABASE_URL: databaseUrl,
      ROSTER_SECRET: current,
      ROSTER_OLD_SECRETS: old,
      TWILIO_AUTH_TOKEN: token,
      ROSTER_EMAIL: 'smtp',
      ROSTER_SMTP_URL: `smtp://user:${password}@mail.example.com`,
      ROSTER_EMAIL_FROM: 'Roster <no-reply@example.com>',
    };
    const { config, secrets } = readConfig(env);
    const shown = JSON.stringify(config);
    for (const text of hidden) assert.ok(!shown.includes(text), 'a secret is part of the configuration');
    assert.deepEqual(secrets, {
      secret: current,
      oldSecrets: [old],
      databaseUrl,
      databaseReadUrl: null,
      twilioAuthToken: token,
      smtpUrl: env.ROSTER_SMTP_URL,
      providerSecrets: {},
    });
  });

  test('a database may be on several hosts, of which one takes changes, and reads on its standbys', () => {
    const databaseUrl = 'postgres://roster@h1:5432,h2:5433/roster?target_session_attrs=read-write';
    const databaseReadUrl = 'postgres://roster@h2,[::1]:5433/roster?target_session_attrs=prefer-standby';
    const { secrets } = readConfig({ DATABASE_URL: databaseUrl, DATABASE_READ_URL: databaseReadUrl });
    assert.equal(secrets.databaseUrl, databaseUrl);
    assert.equal(secrets.databaseReadUrl, databaseReadUrl);
    for (const env of [
      { DATABASE_URL: 'postgres://roster@h1,h2/roster?target_session_attrs=standby' },
      { DATABASE_URL: databaseUrl, DATABASE_READ_URL: databaseUrl },
      { DATABASE_READ_URL: databaseReadUrl },
    ]) {
      assert.throws(() => readConfig(env), ConfigError);
    }
  });

  test('has the values that the chosen senders need', () => {
    const { config } = readConfig({
      ...twilio,
      TWILIO_BASE_URL: 'http://127.0.0.1:9000/',
      ROSTER_EMAIL: 'smtp',
      ROSTER_SMTP_URL: 'smtps://mail.example.com',
      ROSTER_EMAIL_FROM: '"Example Care" <no-reply@example.com>',
    });
    assert.deepEqual(config.sms, {
      kind: 'twilio',
      accountSid: 'AC1',
      from: '+15550001',
      baseUrl: 'http://127.0.0.1:9000',
      countries: ['US'],
      budgetDay: 100_000_000,
      pricesFile: null,
    });
    assert.deepEqual(config.email, {
      kind: 'smtp',
      from: { name: 'Example Care', address: 'no-reply@example.com' },
    });
  });

  test('has the public address without a slash at its end, and the link unchanged', () => {
    const { config } = readConfig({
      ROSTER_PUBLIC_URL: 'https://id.example.com/roster/',
      ROSTER_LINK_URL: 'myapp://reset?v=2',
    });
    assert.equal(config.publicUrl, 'https://id.example.com/roster');
    assert.equal(config.linkUrl, 'myapp://reset?v=2');
  });

  test('serves metrics if a port is set, on this machine by default', () => {
    const { metrics } = readConfig({ ROSTER_METRICS_PORT: '9464' }).config;
    assert.deepEqual(metrics, { host: '127.0.0.1', port: 9464 });
    const wide = readConfig({ ROSTER_METRICS_PORT: '9464', ROSTER_METRICS_HOST: '::' }).config;
    assert.deepEqual(wide.metrics, { host: '::', port: 9464 });
    assert.deepEqual(faultyNames({ PORT: '9464', ROSTER_METRICS_PORT: '9464' }), ['ROSTER_METRICS_PORT']);
    assert.deepEqual(faultyNames({ PORT: '0', ROSTER_METRICS_PORT: '0' }), []);
  });
});

describe('faults', () => {
  test('are reported all together, each with its name and the expected value', () => {
    const env = {
      PORT: 'http',
      ROSTER_SMS: 'pigeon',
      ROSTER_TRUSTED_PROXIES: '10.0.0.0/40',
      ROSTER_SECRET: 'short',
    };
    assert.deepEqual(faultsOf(env), [
      { name: 'PORT', problem: 'must be a whole number from 0 to 65535' },
      { name: 'ROSTER_SECRET', problem: 'must be a text of at least 32 characters' },
      { name: 'ROSTER_SMS', problem: 'must be one of outbox, twilio' },
      {
        name: 'ROSTER_TRUSTED_PROXIES',
        problem: 'must be IP addresses or networks such as 10.0.0.0/8, separated by commas',
      },
    ]);
  });

  test('are one line each and never repeat the value', () => {
    assert.throws(
      () => readConfig({ ROSTER_SECRET: 'hunter2', ROSTER_SMTP_URL: 'http://user:hunter2@x' }),
      (error: unknown) =>
        error instanceof ConfigError &&
        error.message.split('\n').length === 2 &&
        !error.message.includes('hunter2'),
    );
  });

  test('in values and in rules between settings are in one report', () => {
    assert.deepEqual(faultyNames({ ...twilio, PORT: '-1', TWILIO_AUTH_TOKEN: '' }), [
      'PORT',
      'TWILIO_AUTH_TOKEN',
    ]);
  });

  test('name each value that a chosen sender lacks', () => {
    assert.deepEqual(faultyNames({ ROSTER_SMS: 'twilio', ROSTER_EMAIL: 'smtp' }), [
      'TWILIO_ACCOUNT_SID',
      'TWILIO_AUTH_TOKEN',
      'TWILIO_FROM',
      'ROSTER_SMS_HOME',
      'ROSTER_SMTP_URL',
      'ROSTER_EMAIL_FROM',
    ]);
  });
});

describe('a real sender of texts', () => {
  const { ROSTER_SMS_HOME: _, ...homeless } = twilio;

  test('does not start without a country that it may text', () => {
    assert.deepEqual(faultsOf(homeless), [
      {
        name: 'ROSTER_SMS_HOME',
        problem:
          'must be set with ROSTER_SMS=twilio, to the ISO 3166 code of a country, such as US: the country that text messages may go to',
      },
    ]);
    assert.deepEqual(faultsOf({ ...homeless, ROSTER_SMS_COUNTRIES: 'us, CA' }), []);
    assert.deepEqual(faultsOf({ ROSTER_SMS: 'outbox' }), []);
  });

  test('texts its home, or the countries that are named, or all', () => {
    const countriesOf = (env: object): unknown => {
      const { sms } = readConfig({ ...twilio, ...env }).config;
      return sms.kind === 'twilio' ? sms.countries : null;
    };
    assert.deepEqual(countriesOf({}), ['US']);
    assert.deepEqual(countriesOf({ ROSTER_SMS_COUNTRIES: 'de,FR' }), ['DE', 'FR']);
    assert.deepEqual(countriesOf({ ROSTER_SMS_COUNTRIES: 'all' }), 'all');
  });

  test('has a budget that is exact, or none', () => {
    const budgetOf = (text: string): unknown => {
      const { sms } = readConfig({ ...twilio, ROSTER_SMS_BUDGET_DAY: text }).config;
      return sms.kind === 'twilio' ? sms.budgetDay : undefined;
    };
    assert.deepEqual(['0.1', '0', '12.345678', 'none'].map(budgetOf), [100_000, 0, 12_345_678, null]);
  });
});

describe('a setting accepts', () => {
  const cases: { name: string; good: readonly string[]; bad: readonly string[] }[] = [
    { name: 'PORT', good: ['0', '65535'], bad: ['65536', '80.0', ' 80', '0x50', '1e3'] },
    { name: 'ROSTER_SMS_HOME', good: ['US', 'us', 'XK', 'AQ'], bad: ['UK', 'USA', 'all', 'US,CA', '1'] },
    {
      name: 'ROSTER_SMS_COUNTRIES',
      good: ['US', 'us, ca', 'all'],
      bad: ['US,UK', 'US;CA', 'all,US', 'ALL', ','],
    },
    {
      name: 'ROSTER_SMS_BUDGET_DAY',
      good: ['0', '25', '12.50', 'none'],
      bad: ['-1', '1e3', '1,5', '.5', 'NaN', '0.0000001'],
    },
    { name: 'HOST', good: ['0.0.0.0', '::1', 'roster.internal'], bad: ['http://x', 'a b', '-x'] },
    {
      name: 'ROSTER_PUBLIC_URL',
      good: ['https://a.example/x'],
      bad: ['a.example', 'ftp://a', 'https://u:p@a', 'https://a?x', 'https://a#x'],
    },
    {
      name: 'ROSTER_LINK_URL',
      good: ['https://a/x?lang=es', 'app://reset'],
      bad: ['/reset', 'javascript:alert(1)', 'https://a b'],
    },
    { name: 'ROSTER_SECRET', good: [secret, 'ñ'.repeat(32)], bad: ['x'.repeat(31), '😀'.repeat(31)] },
    {
      name: 'ROSTER_OLD_SECRETS',
      good: [`${secret},${secret}`, JSON.stringify([`${secret},x`])],
      bad: ['short', `${secret},`, '[1]', '[', '[]'],
    },
    {
      name: 'ROSTER_TRUSTED_PROXIES',
      good: ['10.0.0.1, 10.0.0.0/8', 'fd00::/8'],
      bad: ['10.0.0.0/33', 'proxy', '10.0.0.1,', '10.0.0.1/8/8'],
    },
    {
      name: 'ROSTER_CORS_ORIGINS',
      good: ['https://a.example,http://localhost:3000'],
      bad: ['a.example', 'https://a.example/x', '*'],
    },
    { name: 'ROSTER_SIGNUP_APP', good: ['a'.repeat(40)], bad: ['a'.repeat(39), 'A'.repeat(40)] },
    { name: 'ROSTER_TELL_ACCOUNTS', good: ['on', 'off'], bad: ['true', 'OFF'] },
    { name: 'ROSTER_HASH_QUEUE', good: ['256'], bad: ['255'] },
    { name: 'ROSTER_LIMIT_SIGNUP', good: ['1'], bad: ['0', '-1', 'many'] },
    {
      name: 'ROSTER_EMAIL_FROM',
      good: ['a@example.com', 'A B <a@example.com>'],
      bad: ['A B', 'a@b <x', 'A\nB <a@example.com>'],
    },
    {
      name: 'ROSTER_SMTP_URL',
      good: ['smtp://localhost:25', 'smtps://u:p@m'],
      bad: ['localhost:25', 'http://m'],
    },
    { name: 'ROSTER_LOG_LEVEL', good: ['debug', 'silent'], bad: ['verbose'] },
    { name: 'ROSTER_LOG_FORMAT', good: ['text', 'json'], bad: ['pretty'] },
  ];
  for (const { name, good, bad } of cases) {
    test(`${name}: the valid values and no others`, () => {
      for (const text of good) assert.deepEqual(faultyNames({ [name]: text }), [], `${name}=${text}`);
      for (const text of bad) assert.deepEqual(faultyNames({ [name]: text }), [name], `${name}=${text}`);
    });
  }
});
