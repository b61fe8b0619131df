/**
 * Reads the file in which a deployment describes its own providers, once at the start. Reports all faults together, each
 * with its path in the file. An unknown member is a fault too: it is probably misspelt. A fault never repeats a secret.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isLoopbackHost } from '../core/loopback.ts';
import {
  type AnswerForms,
  type BodyForm,
  type ClientAuthentication,
  demoName,
  type EndDescription,
  type OwnProvider,
  type PresetName,
  type ProviderDescription,
  presetNames,
} from '../core/providers/provider-description.ts';
import type { ProviderMark } from '../core/providers/provider-mark.ts';
import { ConfigError } from './config.ts';
import type { SettingFault } from './environment.ts';
import { readMarkFile } from './mark-file.ts';
import { settings } from './settings.ts';

const settingName = settings.providersFile.name;

export interface ProviderFileOptions {
  readonly path: string;
  /** In production plain HTTP is refused, also for this machine. */
  readonly isProduction: boolean;
  /** The names of the providers that are on already. */
  readonly taken: readonly string[];
}

/** What the file has. */
export interface ProviderFile {
  readonly providers: readonly OwnProvider[];
  /** Of these providers, and of presets: by the name of the provider. */
  readonly marks: ReadonlyMap<string, ProviderMark>;
}

/**
 * The providers that the file describes, and their marks.
 *
 * @throws {ConfigError} with every fault.
 */
export function readProviderFile(options: ProviderFileOptions): ProviderFile {
  const faults: SettingFault[] = [];
  const content = readProviders(readJson(options.path), {
    ...options,
    report: (path, problem) => faults.push({ name: settingName, problem: `${path} ${problem}` }),
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return content;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const problem = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new ConfigError([{ name: settingName, problem: `names a file that ${problem}: ${path}` }]);
  }
}

interface Reader extends ProviderFileOptions {
  /** Takes a fault: the path of the member in the file, and the problem. */
  report(path: string, problem: string): void;
}

const noMembers: Readonly<Record<string, unknown>> = {};

function readProviders(value: unknown, reader: Reader): ProviderFile {
  const root = new Members(value, 'the file', reader);
  const list = root.take('providers', 'a list of providers', (each) =>
    Array.isArray(each) ? each : undefined,
  );
  root.end();
  const seen = new Set(reader.taken);
  const marks = new Map<string, ProviderMark>();
  const providers = (list ?? []).flatMap((each: unknown, index): OwnProvider[] => {
    const members = new Members(each, `providers[${index}]`, reader);
    const mark = members.optional('mark', () => readMark(members, reader));
    const preset = presetOf(each);
    const own = preset === null ? readProvider(members, reader) : null;
    const name = preset ?? own?.description.name ?? '';
    if (own === null ? marks.has(name) : seen.has(name))
      members.report('name', 'is taken by another provider');
    if (own !== null) seen.add(name);
    if (mark !== null) marks.set(name, mark);
    return own === null ? [] : [own];
  });
  return { providers, marks };
}

/** The preset to which an entry gives a mark and nothing else, also where it is switched off; null for another entry. */
function presetOf(entry: unknown): PresetName | null {
  if (!isObject(entry) || Object.keys(entry).sort().join() !== 'mark,name') return null;
  return presetNames.find((each) => each === entry['name']) ?? null;
}

/** Null after a fault. */
function readMark(members: Members, { path }: Reader): ProviderMark | null {
  const file = members.text('mark', filePath, 'the path of a file');
  if (file === '') return null;
  const read = readMarkFile(resolve(dirname(path), file));
  if ('mark' in read) return read.mark;
  members.report('mark', `names a file that ${read.problem}`);
  return null;
}

/** Reports missing and faulty members, and puts harmless values for them: the result is not used after a fault. */
function readProvider(members: Members, reader: Reader): OwnProvider {
  const name = members.text('name', /^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes');
  if (name === demoName) members.report('name', 'is reserved for the demo provider');
  const authorizationEndpoint = members.url('authorization_endpoint');
  const issuer = members.optional('issuer', () => members.url('issuer'));
  const sendsIssuer = members.flag('sends_issuer', false);
  if (sendsIssuer && issuer === null) members.report('issuer', 'must be set if sends_issuer is true');
  const clientAuthentication = readAuthentication(members, 'basic');
  const description = {
    name,
    title: members.text('title', /^[^\p{Cc}]{1,64}$/u, 'a name of at most 64 characters'),
    issuer: issuer ?? originOf(authorizationEndpoint),
    sendsIssuer,
    authorizationEndpoint,
    tokenEndpoint: members.url('token_endpoint'),
    clientAuthentication,
    introspectionEndpoint: members.optional('introspection_endpoint', () =>
      members.url('introspection_endpoint'),
    ),
    scopes: members.texts('scopes'),
    scopeSeparator: members.choice('scope_separator', [' ', ','], ' '),
    usesPkce: members.flag('pkce', true),
    authorizationParameters: members.record('authorization_parameters'),
    accountField: members.optional('account_field', () =>
      members.text('account_field', /^\w+(\.\w+)*$/, 'the name of a member'),
    ),
    endsReusedGrants: members.flag('ends_reused_grants', false),
    ...readEnding(members, clientAuthentication, reader),
  };
  const credentials = {
    clientId: members.text('client_id', /^[\x20-\x7e]+$/, 'the id of a client'),
    clientSecret: readSecret(members, reader),
  };
  members.end();
  return { description, credentials };
}

const filePath = /^[^\p{Cc}]+$/u;
const secretText = /^[\x20-\x7e]+$/;

/** The secret in this file, or in a file of its own beside this one. */
function readSecret(members: Members, { path }: Reader): string {
  const name = 'client_secret_file';
  const file = members.optional(name, () => members.text(name, filePath, 'the path of a file'));
  if (file === null) return members.text('client_secret', secretText, 'the secret of that client');
  try {
    const secret = readFileSync(resolve(dirname(path), file), 'utf8').trim();
    if (secretText.test(secret)) return secret;
    members.report(name, 'names a file without a secret');
  } catch {
    members.report(name, 'names a file that cannot be read');
  }
  return '';
}

function readAuthentication(members: Members, otherwise: ClientAuthentication): ClientAuthentication {
  return members.choice('client_authentication', ['basic', 'post'], otherwise);
}

/** How access ends, and which bodies mean what. */
function readEnding(
  provider: Members,
  authentication: ClientAuthentication,
  reader: Reader,
): Pick<ProviderDescription, 'end' | 'answers'> {
  const { goneErrors = [], ...end } = readEnd(provider, authentication, reader);
  const answers = provider.optional('answers', () => readAnswers(provider, reader));
  if (answers === null && goneErrors.length === 0) return { end };
  const { gone, notGiven, noSuchToken } = answers ?? { gone: [], notGiven: [], noSuchToken: [] };
  const unknown = goneErrors.map((error) => ({ error }));
  return { end, answers: { gone, notGiven, noSuchToken: [...noSuchToken, ...unknown] } };
}

function readAnswers(provider: Members, reader: Reader): AnswerForms {
  const value = provider.take('answers', 'an object', (each) => each);
  const members = new Members(value, `${provider.path}.answers`, reader);
  const answers = {
    gone: members.forms('gone'),
    notGiven: members.forms('not_given'),
    noSuchToken: members.forms('no_such_token'),
  };
  members.end();
  return answers;
}

type FileEnd = EndDescription & { readonly goneErrors?: readonly string[] };

function readEnd(provider: Members, authentication: ClientAuthentication, reader: Reader): FileEnd {
  const endpoint = provider.optional('revocation_endpoint', () => provider.url('revocation_endpoint'));
  if (endpoint !== null) return { kind: 'rfc7009', endpoint, clientAuthentication: authentication };
  const value = provider.take('end', 'an object, unless there is a revocation_endpoint', (each) => each);
  if (value === undefined) return { kind: 'rfc7009', endpoint: '', clientAuthentication: authentication };
  const members = new Members(value, `${provider.path}.end`, reader);
  const kind = members.choice('kind', ['rfc7009', 'call'], null);
  const end: FileEnd =
    kind === 'rfc7009'
      ? {
          kind,
          endpoint: members.url('endpoint'),
          clientAuthentication: readAuthentication(members, authentication),
          endsAllTokens: members.flag('ends_all_tokens', false),
          goneErrors: members.texts('gone_errors'),
        }
      : {
          kind: 'call',
          method: members.choice('method', ['POST', 'DELETE'], null),
          url: members.url('url'),
          token:
            members.optional('token_parameter', () => ({
              parameter: members.text('token_parameter', /^\w+$/, 'the name of a query parameter'),
            })) ?? 'bearer',
          success: members.statuses('success'),
          covers: members.choice('covers', ['grant', 'access'], null),
        };
  members.end();
  return end;
}

/** The members of one object in the file. Each is taken once; `end` reports the members that were not taken. */
class Members {
  /** The path of the object in the file, such as `providers[0]`. */
  readonly path: string;
  readonly #values: Map<string, unknown>;
  readonly #reader: Reader;

  constructor(value: unknown, path: string, reader: Reader) {
    if (!isObject(value)) reader.report(path, 'must be an object');
    this.path = path;
    this.#values = new Map(Object.entries(isObject(value) ? value : noMembers));
    this.#reader = reader;
  }

  report(name: string, problem: string): void {
    this.#reader.report(`${this.path}.${name}`, problem);
  }

  take<T>(name: string, expected: string, read: (value: unknown) => T | undefined): T | undefined {
    const value = this.#values.get(name);
    this.#values.delete(name);
    const taken = value === undefined ? undefined : read(value);
    if (taken === undefined) this.report(name, `must be ${expected}`);
    return taken;
  }

  /** Null if there is no such member. */
  optional<T>(name: string, read: () => T): T | null {
    return this.#values.has(name) ? read() : null;
  }

  text(name: string, pattern: RegExp, expected: string): string {
    return (
      this.take(name, expected, (value) =>
        typeof value === 'string' && pattern.test(value) ? value : undefined,
      ) ?? ''
    );
  }

  flag(name: string, otherwise: boolean): boolean {
    const read = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);
    return this.optional(name, () => this.take(name, 'true or false', read)) ?? otherwise;
  }

  /** `otherwise` null: the member is required. */
  choice<const T extends string>(name: string, choices: readonly [T, ...T[]], otherwise: T | null): T {
    const expected = `one of ${choices.map((each) => JSON.stringify(each)).join(', ')}`;
    const read = (value: unknown): T | undefined => choices.find((each) => each === value);
    const taken = otherwise !== null && !this.#values.has(name) ? otherwise : this.take(name, expected, read);
    return taken ?? choices[0];
  }

  texts(name: string): readonly string[] {
    const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
    const read = (value: unknown): string[] | undefined =>
      Array.isArray(value) && value.every(isText) ? value : undefined;
    return this.optional(name, () => this.take(name, 'a list of texts', read)) ?? [];
  }

  /** Parts of bodies, each an object with at least one member: an empty one would fit every body. */
  forms(name: string): readonly BodyForm[] {
    const read = (value: unknown): BodyForm[] | undefined =>
      Array.isArray(value) && value.every((each) => isForm(each) && isObject(each)) ? value : undefined;
    const expected = 'a list of objects, each a part of a body that is not empty';
    return this.optional(name, () => this.take(name, expected, read)) ?? [];
  }

  statuses(name: string): readonly number[] {
    const isStatus = (value: unknown): value is number => value === 200 || value === 202 || value === 204;
    const read = (value: unknown): number[] | undefined =>
      Array.isArray(value) && value.length > 0 && value.every(isStatus) ? value : undefined;
    return this.take(name, 'a list of 200, 202 and 204', read) ?? [];
  }

  record(name: string): Readonly<Record<string, string>> {
    const read = (value: unknown): Record<string, string> | undefined => {
      const entries = Object.entries(isObject(value) ? value : noMembers);
      const texts = entries.filter((each): each is [string, string] => typeof each[1] === 'string');
      return isObject(value) && texts.length === entries.length ? Object.fromEntries(texts) : undefined;
    };
    return this.optional(name, () => this.take(name, 'an object of texts', read)) ?? {};
  }

  /** A URL that secrets can be sent to. */
  url(name: string): string {
    const isProduction = this.#reader.isProduction;
    const read = (value: unknown): string | undefined =>
      typeof value === 'string' && isSafeUrl(value, isProduction) ? value : undefined;
    const expected = isProduction ? 'an https URL' : 'an https URL, or an http URL of this machine';
    return this.take(name, expected, read) ?? '';
  }

  /** Reports the members that were not taken. */
  end(): void {
    for (const name of this.#values.keys()) this.report(name, 'is not known');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the value is a part of a body without anything empty in it. */
function isForm(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const parts: readonly unknown[] = Object.values(value);
  return parts.length > 0 && parts.every(isForm);
}

function isSafeUrl(text: string, isProduction: boolean): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && !isProduction && isLoopbackHost(url.hostname);
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? '';
}
