/**
 * Reads the environment once at the start, into a frozen configuration and separate secrets: the configuration can be
 * passed around and logged. It finds all faults before it reports them. The list of settings is in `settings.ts`; the
 * code that touches the disk is in `data-folder.ts`.
 */

import { resolve } from 'node:path';
import type { Quota } from '../core/access/throttle.ts';
import { guessWindowMs } from '../core/access/throttle.ts';
import type { NetworkBucket, NetworkFactors } from '../core/core.ts';
import { isLoopbackHost } from '../core/loopback.ts';
import type { MessageLimits } from '../core/messaging/budget-store.ts';
import type { Channel } from '../core/messaging/message.ts';
import { type PresetName, presetNames } from '../core/providers/provider-description.ts';
import { ownActQuotas } from '../core/record/own-acts.ts';
import { type StaffLimits, staffLimits } from '../core/staff/staff-limits.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../core/time.ts';
import type { Environment, SettingFault } from './environment.ts';
import { productionFaults } from './production-faults.ts';
import { findMisspelt, isServiceAddress, listUnknown } from './setting-names.ts';
import { type SettingValues, settings } from './settings.ts';

export type SmsConfig =
  | { readonly kind: 'outbox' }
  | {
      readonly kind: 'twilio';
      readonly accountSid: string;
      readonly from: string;
      readonly baseUrl: string;
      /** ISO 3166 codes. */
      readonly countries: readonly string[] | 'all';
      /** What one organization may spend in a day, in millionths; null for no limit. */
      readonly budgetDay: number | null;
      /** The file of prices; null for those of Roster. */
      readonly pricesFile: string | null;
    };

export type EmailConfig =
  | { readonly kind: 'outbox' }
  | { readonly kind: 'smtp'; readonly from: { readonly name: string; readonly address: string } };

/** The providers of device data that are on. */
export interface ProvidersConfig {
  readonly presets: readonly { readonly name: PresetName; readonly clientId: string }[];
  /** The path of the file with the deployment's own providers; null for none. */
  readonly file: string | null;
  readonly hasDemo: boolean;
}

/** The configuration of a deployment, without secrets. */
export interface Config {
  readonly isProduction: boolean;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Processes that serve. */
  readonly workers: number;
  /** An absolute path. */
  readonly dataDir: string;
  /** Limits for a PostgreSQL database; unused with SQLite. */
  readonly database: {
    readonly poolSize: number;
    readonly connectMs: number;
    readonly statementMs: number;
  };
  /** Without a slash at its end. Null: `localhost` with the port that the server gets. */
  readonly publicUrl: string | null;
  /** The web page that links in messages lead to. Null: the server's own page. */
  readonly linkUrl: string | null;
  /** The path of the folder with the deployment's own texts of messages; null for none. */
  readonly templatesDir: string | null;
  /** The file of breached passwords. */
  readonly breachedPasswords: string | null;
  readonly isHostRouted: boolean;
  /** Whether the reference page is at `/docs`. */
  readonly hasReference: boolean;
  /** Whether the console is served. */
  readonly hasConsole: boolean;
  /** Whether browsers are told to use https only: in production with an https URL. */
  readonly isHttpsOnly: boolean;
  readonly sms: SmsConfig;
  readonly email: EmailConfig;
  /** Messages of a channel that each process sends at the same time, slow ones not counted. */
  readonly sendConcurrency: Readonly<Record<Channel, number>>;
  readonly providers: ProvidersConfig;
  readonly signupAppId: string | null;
  readonly tellsAccounts: boolean;
  /** IP addresses and networks in CIDR notation. */
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly networkQuotas: Readonly<Record<NetworkBucket, Quota>>;
  readonly networkFactors: NetworkFactors;
  readonly guessQuota: Quota;
  readonly messageLimits: MessageLimits;
  readonly ownActQuotas: readonly Quota[];
  readonly staffLimits: StaffLimits;
  readonly auditMs: number;
  readonly hashQueueMax: number;
  readonly hashWaitMs: number;
  /** The proof of humanity that strangers give at sign-up and at a request for a new password. */
  readonly challenge: SettingValues['challenge'];
  readonly bodyTimeoutMs: number;
  readonly requestsInFlightMax: number;
  readonly streamsMax: number;
  readonly socketsMax: number;
  readonly halfSentMax: number;
  readonly halfSentNetworkMax: number;
  readonly logLevel: SettingValues['logLevel'];
  /** Null: text on a terminal, JSON elsewhere. */
  readonly logFormat: SettingValues['logFormat'];
  /** The address that serves metrics; null for none. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
}

export interface Secrets {
  /** Null: the secret is a file in the data folder; see `resolveSecrets`. */
  readonly secret: string | null;
  /** Former secrets; they open the texts that they sealed. */
  readonly oldSecrets: readonly string[];
  /** Null: the database is a file in the data folder. */
  readonly databaseUrl: string | null;
  /** Null: the database itself answers all reads. */
  readonly databaseReadUrl: string | null;
  /** Null unless text messages go through Twilio. */
  readonly twilioAuthToken: string | null;
  /** Null unless email goes through SMTP. */
  readonly smtpUrl: string | null;
  /** The client secrets of the providers that are on, by the provider's name. */
  readonly providerSecrets: Readonly<Partial<Record<PresetName, string>>>;
}

/** The program cannot start with these settings. `message` has one line for each fault, for a person. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly SettingFault[];

  constructor(faults: readonly SettingFault[]) {
    super(faults.map(({ name, problem }) => `${name} ${problem}`).join('\n'));
    this.faults = faults;
  }
}

export interface LoadedConfig {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Names that begin with `ROSTER_`, are not settings, and resemble none. */
  readonly unknownNames: readonly string[];
}

/**
 * Reads the environment. A setting that is empty counts as unset.
 *
 * @throws {ConfigError} with every fault.
 */
export function readConfig(env: Environment): LoadedConfig {
  const faults: SettingFault[] = [];
  const values = readValues(env, faults);
  faults.push(...rulesBetween(values), ...productionFaults(values), ...findMisspelt(env));
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze({
    config: assemble(values as SettingValues),
    secrets: {
      secret: values.secret ?? null,
      oldSecrets: values.oldSecrets ?? [],
      databaseUrl: values.databaseUrl ?? null,
      databaseReadUrl: values.databaseReadUrl ?? null,
      twilioAuthToken: values.sms === 'twilio' ? (values.twilioAuthToken ?? null) : null,
      smtpUrl: values.email === 'smtp' ? (values.smtpUrl ?? null) : null,
      providerSecrets: providerSecrets(values),
    },
    unknownNames: listUnknown(env),
  });
}

/** The values of the settings; a faulty one is left out and added to `faults`. */
function readValues(env: Environment, faults: SettingFault[]): Partial<SettingValues> {
  const entries = Object.entries(settings).map(([key, setting]) => {
    const text = env[setting.name] ?? '';
    const isUnset = text === '' || isServiceAddress(setting.name, text);
    const value = setting.value(isUnset ? undefined : text);
    if (value === undefined) {
      faults.push({ name: setting.name, problem: `must be ${setting.parser.expected}` });
    }
    return [key, value];
  });
  return Object.fromEntries(entries);
}

/** The rules between settings. An undefined value has a fault already, which is reported elsewhere. */
function rulesBetween(values: Partial<SettingValues>): SettingFault[] {
  const needed: SettingFault[] = [];
  const need = (key: keyof SettingValues, when: boolean, because: string): void => {
    if (when && values[key] === null) {
      needed.push({ name: settings[key].name, problem: `must be set ${because}` });
    }
  };
  const isProduction = values.mode === 'production';
  need('databaseUrl', typeof values.databaseReadUrl === 'string', 'with DATABASE_READ_URL');
  need('secret', isProduction, `in production, to ${settings.secret.parser.expected}`);
  need('sms', isProduction, `in production, to ${settings.sms.parser.expected}`);
  need('email', isProduction, `in production, to ${settings.email.parser.expected}`);
  for (const key of ['twilioAccountSid', 'twilioAuthToken', 'twilioFrom'] as const) {
    need(key, values.sms === 'twilio', 'with ROSTER_SMS=twilio');
  }
  need(
    'smsHome',
    values.sms === 'twilio' && values.smsCountries === null,
    `with ROSTER_SMS=twilio, to ${settings.smsHome.parser.expected}: the country that text messages may go to`,
  );
  for (const name of presetNames) {
    const [id, secret] = [`${name}ClientId`, `${name}ClientSecret`] as const;
    need(secret, typeof values[id] === 'string', `with ${settings[id].name}`);
    need(id, typeof values[secret] === 'string', `with ${settings[secret].name}`);
  }
  if (values.demoProvider === true && (isProduction || values.workers !== 1)) {
    const where = isProduction ? 'in production' : `with more than one process (${settings.workers.name})`;
    needed.push({ name: settings.demoProvider.name, problem: `must be off ${where}` });
  }
  if (
    typeof values.metricsPort === 'number' &&
    values.metricsPort !== 0 &&
    values.metricsPort === values.port
  ) {
    const problem = `must be different from ${settings.port.name}`;
    needed.push({ name: settings.metricsPort.name, problem });
  }
  for (const key of ['smtpUrl', 'emailFrom'] as const) {
    need(key, values.email === 'smtp', 'with ROSTER_EMAIL=smtp');
  }
  return needed;
}

function assemble(values: SettingValues): Config {
  return {
    isProduction: values.mode === 'production',
    host: values.host,
    port: values.port,
    workers: values.workers,
    dataDir: resolve(values.dataDir),
    database: {
      poolSize: values.databasePoolSize,
      connectMs: values.databaseConnectSeconds * secondMs,
      statementMs: values.databaseStatementSeconds * secondMs,
    },
    publicUrl: values.publicUrl,
    linkUrl: values.linkUrl,
    templatesDir: values.templatesDir === null ? null : resolve(values.templatesDir),
    breachedPasswords: values.breachedPasswords === null ? null : resolve(values.breachedPasswords),
    isHostRouted: values.isHostRouted,
    hasReference: values.reference ?? values.mode !== 'production',
    hasConsole: values.console ?? values.mode !== 'production',
    isHttpsOnly: values.mode === 'production' && isPublicHttps(values.publicUrl),
    sms: smsConfig(values),
    email: emailConfig(values),
    sendConcurrency: { sms: values.smsConcurrency, email: values.emailConcurrency },
    providers: {
      presets: presetNames.flatMap((name) => {
        const clientId = values[`${name}ClientId`];
        return clientId === null ? [] : [{ name, clientId }];
      }),
      file: values.providersFile === null ? null : resolve(values.providersFile),
      hasDemo: values.demoProvider ?? (values.mode !== 'production' && values.workers === 1),
    },
    signupAppId: values.signupAppId,
    tellsAccounts: values.tellsAccounts,
    trustedProxies: values.trustedProxies ?? [],
    corsOrigins: values.corsOrigins ?? [],
    networkQuotas: {
      signup: perMinute(values.limitSignup),
      session: perMinute(values.limitSession),
      confirmation: perMinute(values.limitConfirmation),
      password: perMinute(values.limitPassword),
      emailCheck: perMinute(values.limitEmailCheck),
      connect: perMinute(values.limitConnect),
      page: perMinute(values.limitPage),
    },
    networkFactors: { '/24': values.limitFactor24, '/56': values.limitFactor56, '/48': values.limitFactor48 },
    guessQuota: { limit: values.limitGuesses, windowMs: guessWindowMs },
    messageLimits: messageLimits(values),
    ownActQuotas: ownActQuotas(values.limitOwnChanges),
    staffLimits: staffLimits({ looks: values.limitLooks, bulkPlans: values.limitBulkPlans }),
    auditMs: values.auditDays * dayMs,
    hashQueueMax: values.hashQueueMax,
    hashWaitMs: values.hashWaitSeconds * secondMs,
    challenge: values.challenge,
    bodyTimeoutMs: values.bodyTimeoutSeconds * secondMs,
    requestsInFlightMax: values.requestsInFlightMax,
    streamsMax: values.streamsMax,
    socketsMax: values.socketsMax,
    halfSentMax: values.halfSentMax,
    halfSentNetworkMax: values.halfSentNetworkMax,
    logLevel: values.logLevel,
    logFormat: values.logFormat,
    metrics: values.metricsPort === null ? null : { host: values.metricsHost, port: values.metricsPort },
  };
}

function messageLimits(values: SettingValues): MessageLimits {
  return {
    address: [
      { limit: values.messagesAddressHour, windowMs: hourMs },
      { limit: values.messagesAddressDay, windowMs: dayMs },
    ],
    account: { limit: values.messagesAccountHour, windowMs: hourMs },
    day: {
      sms: { organization: values.smsOrganizationDay, deployment: values.smsDay },
      email: { organization: values.emailOrganizationDay, deployment: values.emailDay },
    },
    invitationsDay: values.invitationsDay,
  };
}

/** Not `localhost`: browsers would use https only for every other server of the machine too. */
function isPublicHttps(publicUrl: string | null): boolean {
  if (publicUrl === null) return false;
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === 'https:' && !isLoopbackHost(hostname);
}

function smsConfig(values: SettingValues): SmsConfig {
  const { sms, smsHome, smsCountries, smsPricesFile, twilioAccountSid, twilioFrom } = values;
  switch (sms) {
    case 'twilio':
      return {
        kind: sms,
        accountSid: present(twilioAccountSid),
        from: present(twilioFrom),
        baseUrl: values.twilioBaseUrl,
        countries: smsCountries ?? [present(smsHome)],
        budgetDay: values.smsBudgetDay,
        pricesFile: smsPricesFile === null ? null : resolve(smsPricesFile),
      };
    case 'outbox':
    case null:
      return { kind: 'outbox' };
  }
}

function emailConfig({ email, emailFrom }: SettingValues): EmailConfig {
  switch (email) {
    case 'smtp':
      return { kind: email, from: present(emailFrom) };
    case 'outbox':
    case null:
      return { kind: 'outbox' };
  }
}

/** A value that `rulesBetween` has found to be there. */
function present<T>(value: T | null): T {
  if (value === null) throw new Error('a setting is missing that the rules between settings require');
  return value;
}

function providerSecrets(values: Partial<SettingValues>): Secrets['providerSecrets'] {
  const entries = presetNames.flatMap((name) => {
    const secret = values[`${name}ClientSecret`];
    return typeof secret === 'string' ? [[name, secret] as const] : [];
  });
  return Object.fromEntries(entries);
}

function perMinute(limit: number): Quota {
  return { limit, windowMs: minuteMs };
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
