/**
 * The list of all settings: the name in the environment, the parser, the default and the meaning of each. `config.ts`
 * reads the environment with it, and has the rules between settings. `tools/settings.ts` writes `docs/settings.md` and
 * `.env.example` from it.
 */

import { type PresetName, presetNames } from '../core/providers/provider-description.ts';
import { budgetSettings } from './budget-settings.ts';
import { messageSettings } from './message-settings.ts';
import { networkSettings } from './network-settings.ts';
import { optional, type Setting, setting } from './setting.ts';
import * as read from './setting-parsers.ts';
import { staffSettings } from './staff-settings.ts';

type ClientSettings = {
  readonly [Name in PresetName as `${Name}ClientId` | `${Name}ClientSecret`]: Setting<string | null>;
};

/** The OAuth client of each preset provider. */
function clientSettings(): ClientSettings {
  const entries = presetNames.flatMap((name) => {
    const variable = `ROSTER_PROVIDER_${name.toUpperCase()}`;
    const id = optional(`${variable}_CLIENT_ID`, {
      section: 'Providers',
      parser: read.word,
      otherwise: 'the provider is off',
      meaning: `The client id of this deployment at ${name}. Together with the client secret it switches the provider on.`,
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
    meaning: '`production` refuses settings that are for development only; any other text means development.',
  }),
  host: setting('HOST', {
    section: 'Server',
    parser: read.hostName,
    fallback: '127.0.0.1',
    meaning: 'The address to listen on; `0.0.0.0` or `::` for all interfaces.',
  }),
  port: setting('PORT', {
    section: 'Server',
    parser: read.wholeNumber(0, 65_535),
    fallback: '8080',
    meaning: 'The port to listen on; 0 takes a free port.',
  }),
  dataDir: setting('ROSTER_DATA_DIR', {
    section: 'Server',
    parser: read.line,
    fallback: './data',
    meaning:
      'The folder of the database, the secret and the ledger of erasures. Created with mode 700 if it does not exist. Not required with `DATABASE_URL` and `ROSTER_SECRET`.',
  }),
  publicUrl: optional('ROSTER_PUBLIC_URL', {
    section: 'Server',
    parser: read.webAddress,
    otherwise: '`http://localhost:PORT`; required in production',
    meaning:
      'The URL at which people reach this server. In production it is an https URL, or a URL of this machine.',
  }),
  workers: setting('ROSTER_WORKERS', {
    section: 'Server',
    parser: read.wholeNumber(1, 64),
    fallback: '1',
    meaning:
      'The number of processes that serve, on one address and one database. Above 1 a further process starts them and replaces those that end.',
  }),
  isHostRouted: setting('ROSTER_HOST_ROUTING', {
    section: 'Server',
    parser: read.onOff,
    fallback: 'on',
    meaning: 'Whether the first label of a host such as `sonar.example.com` chooses the API.',
  }),
  reference: optional('ROSTER_DOCS', {
    section: 'Server',
    parser: read.onOff,
    otherwise: '`on` in development, `off` in production',
    meaning: 'Whether the reference, in which people can try every call, is at `/docs`.',
  }),
  console: optional('ROSTER_CONSOLE', {
    section: 'Server',
    parser: read.onOff,
    otherwise: '`on` in development, `off` in production',
    meaning: 'Whether staff can sign in to the console, at `/console`.',
  }),
  databaseUrl: optional('DATABASE_URL', {
    section: 'Database',
    parser: read.postgresAddress('leader'),
    isSecret: true,
    otherwise: 'one SQLite file in the data folder',
    meaning:
      'A PostgreSQL database, version 16 or newer, for any number of processes; all need the same `ROSTER_SECRET`. Several hosts are separated by commas, `postgres://user:password@h1:5432,h2:5433/roster`: the one that takes changes is used. `?sslmode=verify-full` requires TLS and verifies the certificate.',
  }),
  databaseReadUrl: optional('DATABASE_READ_URL', {
    section: 'Database',
    parser: read.postgresAddress('standby'),
    isSecret: true,
    otherwise: 'the database of `DATABASE_URL`',
    meaning:
      'The standbys of the database, for reads that may be late: exports, the audit log and the figures. They answer when they have all that was acknowledged before the request; else the leader does.',
  }),
  auditDays: setting('ROSTER_AUDIT_DAYS', {
    section: 'Database',
    parser: read.wholeNumber(1, 36_500),
    fallback: '2190',
    meaning: 'How many days the audit log keeps an event; older events are deleted.',
  }),
  databasePoolSize: setting('ROSTER_DATABASE_CONNECTIONS', {
    section: 'Database',
    parser: read.wholeNumber(4, 1_000),
    fallback: '10',
    meaning: 'The maximum number of connections of one process to PostgreSQL.',
  }),
  databaseConnectSeconds: setting('ROSTER_DATABASE_CONNECT_SECONDS', {
    section: 'Database',
    parser: read.wholeNumber(1, 60),
    fallback: '3',
    meaning: 'How long a request waits for a connection to PostgreSQL; after that the answer is 503.',
  }),
  databaseStatementSeconds: setting('ROSTER_DATABASE_STATEMENT_SECONDS', {
    section: 'Database',
    parser: read.wholeNumber(1, 600),
    fallback: '10',
    meaning: 'How long a statement may take in PostgreSQL; after that the answer is 503.',
  }),
  secret: optional('ROSTER_SECRET', {
    section: 'Secrets',
    parser: read.secretText,
    isSecret: true,
    otherwise: 'created and stored in the data folder; required in production',
    meaning:
      'Seals the stored texts that must be read again, and keys the digests of values that could be guessed. Keep it as long as the database. Production refuses one with fewer than ten different characters or a repeated pattern; `openssl rand -base64 32` prints a good one.',
  }),
  oldSecrets: optional('ROSTER_OLD_SECRETS', {
    section: 'Secrets',
    parser: read.secretList,
    isSecret: true,
    otherwise: 'none',
    meaning:
      'Former values of `ROSTER_SECRET`, separated by commas (a JSON array if one contains a comma). Texts that they sealed can still be opened.',
  }),
  ...messageSettings,
  linkUrl: optional('ROSTER_LINK_URL', {
    section: 'Links and accounts',
    parser: read.linkAddress,
    otherwise: '`<ROSTER_PUBLIC_URL>/set-password`',
    meaning:
      'The web page to which the links of resets and invitations lead; `?token=` is added. Production refuses plain http, except on this machine.',
  }),
  templatesDir: optional('ROSTER_TEMPLATES_DIR', {
    section: 'Links and accounts',
    parser: read.line,
    otherwise: 'the texts of Roster, in English and Spanish',
    meaning:
      'A folder with your own texts and languages, of messages and of web pages; see [operations](operations.md#texts-of-messages).',
  }),
  breachedPasswords: optional('ROSTER_BREACHED_PASSWORDS', {
    section: 'Links and accounts',
    parser: read.line,
    otherwise: 'no file: common passwords alone are refused',
    meaning:
      'A file of breached passwords, which new passwords must not be in; `npx roster passwords build` makes it. See [operations](operations.md#breached-passwords).',
  }),
  signupAppId: optional('ROSTER_SIGNUP_APP', {
    section: 'Links and accounts',
    parser: read.appId,
    otherwise: 'the first app',
    meaning: 'The app of sign-ups without `X-App-Id`.',
  }),
  tellsAccounts: setting('ROSTER_TELL_ACCOUNTS', {
    section: 'Links and accounts',
    parser: read.onOff,
    fallback: 'on',
    meaning:
      '`off`: no answer, and no time that it takes, tells a stranger whether an address has an account. `email_has_account` always answers no; a sign-up with a taken address is accepted, and the link in the mail to the address decides who has it; sign-in by password is refused (401) for every account whose email was never proved, also for accounts from before. See [contracts](contracts.md#accounts-that-stay-secret).',
  }),
  ...clientSettings(),
  providersFile: optional('ROSTER_PROVIDERS_FILE', {
    section: 'Providers',
    parser: read.line,
    otherwise: 'none',
    meaning: 'A JSON file with your own providers; see [connections](connections.md).',
  }),
  demoProvider: optional('ROSTER_DEMO_PROVIDER', {
    section: 'Providers',
    parser: read.onOff,
    otherwise: '`on` in development with one process, never in production',
    meaning: 'Whether people can connect the demo provider, at `/demo-provider`.',
  }),
  trustedProxies: optional('ROSTER_TRUSTED_PROXIES', {
    section: 'Browsers and proxies',
    parser: read.list(read.network, 'IP addresses or networks such as 10.0.0.0/8'),
    otherwise: 'none',
    meaning:
      'The proxies whose `X-Forwarded-For` is trusted: each must add the address that it was called from at the end. `Forwarded` is not read.',
  }),
  corsOrigins: optional('ROSTER_CORS_ORIGINS', {
    section: 'Browsers and proxies',
    parser: read.list(read.origin, 'origins such as https://app.example.com'),
    otherwise: 'none',
    meaning: 'The web origins whose pages may call the `general` API from a browser.',
  }),
  ...networkSettings,
  limitOwnChanges: setting('ROSTER_LIMIT_OWN_CHANGES', {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000_000),
    fallback: '600',
    meaning:
      'Changes that an account makes to itself per hour, and twice as many a day; above that the answer is 429. As many sign-ins and as many ends of sessions have an event of their own in the audit log; further ones are counted by the hour. Admins have no limit.',
  }),
  ...staffSettings,
  challenge: setting('ROSTER_CHALLENGE', {
    section: 'Limits',
    parser: read.choice('none', 'proof-of-work'),
    fallback: 'none',
    meaning:
      'What strangers give with a sign-up and with a request for a new password: nothing, or a proof of work in the header `X-Challenge-Answer`; see [proofs of work](operations.md#proofs-of-work).',
  }),
  ...budgetSettings,
  hashQueueMax: setting('ROSTER_HASH_QUEUE', {
    section: 'Limits',
    parser: read.wholeNumber(256, 1_000_000),
    fallback: '256',
    meaning:
      'How many passwords may wait to be hashed; above that the newest of the network with the most is refused (429 where other networks wait with less, else 503). A costly imported hash counts as several.',
  }),
  hashWaitSeconds: setting('ROSTER_HASH_WAIT_SECONDS', {
    section: 'Limits',
    parser: read.wholeNumber(1, 60),
    fallback: '2',
    meaning:
      'How long a password may wait to be hashed. What would wait longer at the present pace is refused at once, the newest of the network with the most (429 where other networks wait with less, else 503).',
  }),
  bodyTimeoutSeconds: setting('ROSTER_BODY_TIMEOUT_SECONDS', {
    section: 'Limits',
    parser: read.wholeNumber(1, 3_600),
    fallback: '10',
    meaning: 'How long the headers and the body of a request may take to arrive.',
  }),
  requestsInFlightMax: setting('ROSTER_REQUESTS_MAX', {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000),
    fallback: '2000',
    meaning: 'How many requests may be open at the same time; above that the answer is 503.',
  }),
  streamsMax: setting('ROSTER_STREAMS_MAX', {
    section: 'Limits',
    parser: read.wholeNumber(2, 100_000),
    fallback: '128',
    meaning:
      'How many whole lists a process sends at the same time; further ones wait. One organization gets half of them while others are there.',
  }),
  logLevel: setting('ROSTER_LOG_LEVEL', {
    section: 'Log',
    parser: read.choice('silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'),
    fallback: 'info',
    meaning: 'The lowest level of log lines that is written.',
  }),
  logFormat: optional('ROSTER_LOG_FORMAT', {
    section: 'Log',
    parser: read.choice('json', 'text'),
    otherwise: '`text` on a terminal, `json` elsewhere',
    meaning: 'The form of log lines: `json` for programs, `text` for people.',
  }),
  metricsPort: optional('ROSTER_METRICS_PORT', {
    section: 'Metrics',
    parser: read.wholeNumber(0, 65_535),
    otherwise: 'no metrics',
    meaning:
      'The port that serves `GET /metrics` for Prometheus, different from `PORT`; 0 takes a free port.',
  }),
  metricsHost: setting('ROSTER_METRICS_HOST', {
    section: 'Metrics',
    parser: read.hostName,
    fallback: '127.0.0.1',
    meaning:
      'The address that serves metrics. It requires no credential: every client that reaches it can read them.',
  }),
  adminPassword: optional('ROSTER_ADMIN_PASSWORD', {
    section: 'Command line',
    parser: read.anyText,
    isSecret: true,
    otherwise: '`roster admin create` asks on the terminal',
    meaning: 'The password of the admin that `roster admin create` creates.',
  }),
} as const;

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The value of every setting, by its key in the list. */
export type SettingValues = { readonly [K in keyof typeof settings]: ValueOf<(typeof settings)[K]> };
