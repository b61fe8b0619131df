/**
 * Every setting there is: its name in the environment, how it is read, what it is when nobody says, and what it
 * means. The parsing, the table in `docs/settings.md` and `.env.example` all come from this list, the latter two
 * by `tools/settings.ts`. Rules between settings are in `config.ts`.
 */

import { type PresetName, presetNames } from '../core/providers/provider-description.ts';
import type { Parser } from './setting-parsers.ts';
import * as read from './setting-parsers.ts';

export interface Setting<T> {
  readonly name: string;
  readonly section: Section;
  /** Markdown, one or more sentences. */
  readonly meaning: string;
  readonly isSecret: boolean;
  readonly parser: Parser<unknown>;
  /** The text that stands in for an unset one; null where there is none. */
  readonly fallback: string | null;
  /** What happens without it, in words, where `fallback` cannot say. */
  readonly otherwise: string | null;
  /** The value of a text, or of the fallback where the text is absent. Undefined where it is not acceptable. */
  value(text: string | undefined): T | undefined;
}

export const sections = [
  'Server',
  'Database',
  'Secrets',
  'Text messages',
  'Email',
  'Links and accounts',
  'Providers',
  'Browsers and proxies',
  'Limits',
  'Log',
  'Metrics',
  'Command line',
] as const;
export type Section = (typeof sections)[number];

interface About<T> {
  readonly section: Section;
  readonly meaning: string;
  readonly parser: Parser<T>;
  readonly isSecret?: true;
}

/** A setting with a default. */
function setting<T>(name: string, about: About<T> & { readonly fallback: string }): Setting<T> {
  return {
    isSecret: false,
    ...about,
    name,
    otherwise: null,
    value: (text) => about.parser.parse(text ?? about.fallback),
  };
}

/** A setting that may stay unset; `otherwise` tells what happens then. */
function optional<T>(name: string, about: About<T> & { readonly otherwise: string }): Setting<T | null> {
  return {
    isSecret: false,
    ...about,
    name,
    fallback: null,
    value: (text) => (text === undefined ? null : about.parser.parse(text)),
  };
}

/** Calls that one network may make in a minute. */
function networkLimit(name: string, fallback: string, what: string): Setting<number> {
  return setting(name, {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000_000),
    fallback,
    meaning: `${what} that one network may make in a minute.`,
  });
}

type ClientSettings = {
  readonly [Name in PresetName as `${Name}ClientId` | `${Name}ClientSecret`]: Setting<string | null>;
};

/** The client of each provider that Roster knows. */
function clientSettings(): ClientSettings {
  const entries = presetNames.flatMap((name) => {
    const variable = `ROSTER_PROVIDER_${name.toUpperCase()}`;
    const id = optional(`${variable}_CLIENT_ID`, {
      section: 'Providers',
      parser: read.word,
      otherwise: 'the provider is off',
      meaning: `The client that ${name} knows this deployment as. With its secret it switches the provider on.`,
    });
    const secret = optional(`${variable}_CLIENT_SECRET`, {
      section: 'Providers',
      parser: read.word,
      isSecret: true,
      otherwise: `required with \`${variable}_CLIENT_ID\``,
      meaning: 'The secret of that client.',
    });
    return [
      [`${name}ClientId`, id],
      [`${name}ClientSecret`, secret],
    ];
  });
  return Object.fromEntries(entries);
}

export const settings = {
  mode: setting('NODE_ENV', {
    section: 'Server',
    parser: read.line,
    fallback: 'development',
    meaning: '`production` refuses what is for development only; every other text is development.',
  }),
  host: setting('HOST', {
    section: 'Server',
    parser: read.hostName,
    fallback: '127.0.0.1',
    meaning: 'Address to listen on; `0.0.0.0` or `::` for all.',
  }),
  port: setting('PORT', {
    section: 'Server',
    parser: read.wholeNumber(0, 65_535),
    fallback: '8080',
    meaning: 'Port to listen on; 0 takes a free one.',
  }),
  dataDir: setting('ROSTER_DATA_DIR', {
    section: 'Server',
    parser: read.line,
    fallback: './data',
    meaning:
      'Folder of the database and the secret. Made with mode 700 where there is none. Not needed with `DATABASE_URL` and `ROSTER_SECRET`.',
  }),
  publicUrl: optional('ROSTER_PUBLIC_URL', {
    section: 'Server',
    parser: read.webAddress,
    otherwise: '`http://localhost:PORT`',
    meaning: 'The address under which people reach this server.',
  }),
  workers: setting('ROSTER_WORKERS', {
    section: 'Server',
    parser: read.wholeNumber(1, 64),
    fallback: '1',
    meaning:
      'Processes that serve, on one address and one database. Above 1 another one starts them and replaces those that end.',
  }),
  isHostRouted: setting('ROSTER_HOST_ROUTING', {
    section: 'Server',
    parser: read.onOff,
    fallback: 'on',
    meaning: 'Whether a host such as `sonar.example.com` chooses the API by its first label.',
  }),
  databaseUrl: optional('DATABASE_URL', {
    section: 'Database',
    parser: read.postgresAddress,
    isSecret: true,
    otherwise: 'one SQLite file in the data folder',
    meaning:
      'A PostgreSQL database, version 16 or newer, for any number of processes, which need the same `ROSTER_SECRET`. `?sslmode=verify-full` demands TLS and checks the certificate.',
  }),
  databasePoolSize: setting('ROSTER_DATABASE_CONNECTIONS', {
    section: 'Database',
    parser: read.wholeNumber(4, 1_000),
    fallback: '10',
    meaning: 'Most connections of one process to PostgreSQL.',
  }),
  databaseConnectSeconds: setting('ROSTER_DATABASE_CONNECT_SECONDS', {
    section: 'Database',
    parser: read.wholeNumber(1, 60),
    fallback: '3',
    meaning: 'How long to wait for a connection to PostgreSQL; beyond that the answer is 503.',
  }),
  databaseStatementSeconds: setting('ROSTER_DATABASE_STATEMENT_SECONDS', {
    section: 'Database',
    parser: read.wholeNumber(1, 600),
    fallback: '10',
    meaning: 'How long a statement may take in PostgreSQL; beyond that the answer is 503.',
  }),
  secret: optional('ROSTER_SECRET', {
    section: 'Secrets',
    parser: read.secretText,
    isSecret: true,
    otherwise: 'made and kept in the data folder; required in production',
    meaning:
      'Seals what has to be read again and keys the digests of what could be guessed. Keep it as long as the database.',
  }),
  oldSecrets: optional('ROSTER_OLD_SECRETS', {
    section: 'Secrets',
    parser: read.secretList,
    isSecret: true,
    otherwise: 'none',
    meaning:
      'Former values of `ROSTER_SECRET`, separated by commas (a JSON array where one has a comma): what they sealed still opens.',
  }),
  sms: optional('ROSTER_SMS', {
    section: 'Text messages',
    parser: read.choice('outbox', 'twilio'),
    otherwise: '`outbox`; required in production',
    meaning: 'What sends text messages. The outbox keeps them for `roster outbox` and sends nothing.',
  }),
  twilioAccountSid: optional('TWILIO_ACCOUNT_SID', {
    section: 'Text messages',
    parser: read.word,
    otherwise: 'required with `ROSTER_SMS=twilio`',
    meaning: 'The account that sends.',
  }),
  twilioAuthToken: optional('TWILIO_AUTH_TOKEN', {
    section: 'Text messages',
    parser: read.word,
    isSecret: true,
    otherwise: 'required with `ROSTER_SMS=twilio`',
    meaning: 'The token of that account.',
  }),
  twilioFrom: optional('TWILIO_FROM', {
    section: 'Text messages',
    parser: read.line,
    otherwise: 'required with `ROSTER_SMS=twilio`',
    meaning: 'The number or sender name that messages come from, or the id of a messaging service (`MG...`).',
  }),
  twilioBaseUrl: setting('TWILIO_BASE_URL', {
    section: 'Text messages',
    parser: read.webAddress,
    fallback: 'https://api.twilio.com',
    meaning: 'Where the service is; another address for a proxy or a region.',
  }),
  email: optional('ROSTER_EMAIL', {
    section: 'Email',
    parser: read.choice('outbox', 'smtp'),
    otherwise: '`outbox`; required in production',
    meaning: 'What sends email. The outbox keeps it for `roster outbox` and sends nothing.',
  }),
  smtpUrl: optional('ROSTER_SMTP_URL', {
    section: 'Email',
    parser: read.smtpAddress,
    isSecret: true,
    otherwise: 'required with `ROSTER_EMAIL=smtp`',
    meaning:
      'The mail server with user and password. `smtp://` turns to TLS where the server offers it, with `?requireTLS=true` always; `smtps://` begins with it.',
  }),
  emailFrom: optional('ROSTER_EMAIL_FROM', {
    section: 'Email',
    parser: read.mailbox,
    otherwise: 'required with `ROSTER_EMAIL=smtp`',
    meaning: 'The sender, as `no-reply@example.com` or `Example <no-reply@example.com>`.',
  }),
  linkUrl: optional('ROSTER_LINK_URL', {
    section: 'Links and accounts',
    parser: read.linkAddress,
    otherwise: '`<ROSTER_PUBLIC_URL>/set-password`',
    meaning: 'The page that links in emails lead to; `?token=` is added.',
  }),
  signupAppId: optional('ROSTER_SIGNUP_APP', {
    section: 'Links and accounts',
    parser: read.appId,
    otherwise: 'the first app',
    meaning: 'The app that sign-ups without `X-App-Id` go to.',
  }),
  tellsAccounts: setting('ROSTER_TELL_ACCOUNTS', {
    section: 'Links and accounts',
    parser: read.onOff,
    fallback: 'on',
    meaning: '`off`: `email_has_account` always says no.',
  }),
  ...clientSettings(),
  providersFile: optional('ROSTER_PROVIDERS_FILE', {
    section: 'Providers',
    parser: read.line,
    otherwise: 'none',
    meaning: 'A JSON file with providers of your own; see [connections](connections.md).',
  }),
  demoProvider: optional('ROSTER_DEMO_PROVIDER', {
    section: 'Providers',
    parser: read.onOff,
    otherwise: '`on` in development where one process serves, never in production',
    meaning: 'Whether a provider without people behind it can be connected to, at `/demo-provider`.',
  }),
  trustedProxies: optional('ROSTER_TRUSTED_PROXIES', {
    section: 'Browsers and proxies',
    parser: read.list(read.network, 'IP addresses or networks such as 10.0.0.0/8'),
    otherwise: 'none',
    meaning: 'Proxies whose `X-Forwarded-*` headers are believed.',
  }),
  corsOrigins: optional('ROSTER_CORS_ORIGINS', {
    section: 'Browsers and proxies',
    parser: read.list(read.origin, 'origins such as https://app.example.com'),
    otherwise: 'none',
    meaning: 'Web origins whose pages may call the consumer API from a browser.',
  }),
  limitSignup: networkLimit('ROSTER_LIMIT_SIGNUP', '100', 'Sign-ups'),
  limitSession: networkLimit('ROSTER_LIMIT_SESSION', '100', 'Sign-ins'),
  limitConfirmation: networkLimit('ROSTER_LIMIT_CONFIRMATION', '100', 'Confirmations'),
  limitPassword: networkLimit(
    'ROSTER_LIMIT_PASSWORD',
    '30',
    'Requests for a password reset, and passwords set on the page,',
  ),
  limitEmailCheck: networkLimit('ROSTER_LIMIT_EMAIL_CHECK', '30', 'Calls of `email_has_account`'),
  limitConnect: networkLimit(
    'ROSTER_LIMIT_CONNECT',
    '600',
    'Calls for tokens of Connect, and sources connected in its page,',
  ),
  hashQueueMax: setting('ROSTER_HASH_QUEUE', {
    section: 'Limits',
    parser: read.wholeNumber(256, 1_000_000),
    fallback: '256',
    meaning: 'Passwords that may wait to be hashed; beyond that the answer is 503.',
  }),
  bodyTimeoutSeconds: setting('ROSTER_BODY_TIMEOUT_SECONDS', {
    section: 'Limits',
    parser: read.wholeNumber(1, 3_600),
    fallback: '10',
    meaning: 'How long a request may take to arrive, headers and body.',
  }),
  requestsInFlightMax: setting('ROSTER_REQUESTS_MAX', {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000),
    fallback: '2000',
    meaning: 'Requests in work at the same time; beyond that the answer is 503.',
  }),
  logLevel: setting('ROSTER_LOG_LEVEL', {
    section: 'Log',
    parser: read.choice('silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'),
    fallback: 'info',
    meaning: 'The least important log lines that are written.',
  }),
  metricsPort: optional('ROSTER_METRICS_PORT', {
    section: 'Metrics',
    parser: read.wholeNumber(0, 65_535),
    otherwise: 'no metrics',
    meaning: 'Port that serves `GET /metrics` for Prometheus, apart from `PORT`; 0 takes a free one.',
  }),
  metricsHost: setting('ROSTER_METRICS_HOST', {
    section: 'Metrics',
    parser: read.hostName,
    fallback: '127.0.0.1',
    meaning: 'Address to serve metrics on. Whoever can reach it can read them: no credential is asked for.',
  }),
  adminPassword: optional('ROSTER_ADMIN_PASSWORD', {
    section: 'Command line',
    parser: read.anyText,
    isSecret: true,
    otherwise: 'asked for on the terminal',
    meaning: 'The password of the admin that `roster admin create` makes.',
  }),
} as const;

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The value of every setting, by its key in the list. */
export type SettingValues = { readonly [K in keyof typeof settings]: ValueOf<(typeof settings)[K]> };
