/**
 * What production refuses beyond the rules that hold everywhere: a server whose address is not known, secrets and
 * personal data that would cross a network in plain text, and a secret that can be guessed. Addresses of this machine may
 * be plain, for a relay or a proxy beside the server.
 */

import { isLoopbackHost } from '../core/loopback.ts';
import type { SettingFault } from './environment.ts';
import { type SettingValues, settings } from './settings.ts';

/** The faults in production; none in development. An undefined value has a fault already, which is reported elsewhere. */
export function productionFaults(values: Partial<SettingValues>): SettingFault[] {
  if (values.mode !== 'production') return [];
  const faults: SettingFault[] = [];
  const refuse = (key: keyof SettingValues, problem: string): void => {
    faults.push({ name: settings[key].name, problem });
  };
  if (values.publicUrl === null) refuse('publicUrl', `must be set in production, to ${https}`);
  for (const key of ['publicUrl', 'linkUrl', 'twilioBaseUrl'] as const) {
    if (isPlainHttp(values[key])) refuse(key, `must be ${https} in production`);
  }
  if (typeof values.smtpUrl === 'string' && !requiresTls(values.smtpUrl)) {
    refuse('smtpUrl', 'must require TLS in production: smtps://, or smtp:// with ?requireTLS=true');
  }
  if (typeof values.secret === 'string' && isGuessable(values.secret)) {
    const ways = `at least ${differentMin} different characters, and no pattern that is repeated`;
    refuse('secret', `must have ${ways}: \`openssl rand -base64 32\` prints a good one`);
  }
  return faults;
}

const https = 'an https URL (http is for this machine alone)';

function isPlainHttp(text: string | null | undefined): boolean {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  return url !== null && url.protocol === 'http:' && !isLoopbackHost(url.hostname);
}

/** Whether mail leaves this machine only through a connection with TLS. The mail library reads its options from the query. */
function requiresTls(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.protocol === 'smtps:' || isLoopbackHost(url.hostname)) return true;
  const isOn = (name: string): boolean => !['', '0', 'false'].includes(url.searchParams.get(name) ?? '');
  return isOn('requireTLS') && !isOn('ignoreTLS');
}

const differentMin = 10;

/**
 * Whether the secret has few different characters, or is one pattern that is repeated, the last time perhaps in part.
 * Blanks around it, such as the line break of a file, make it no better.
 */
function isGuessable(secret: string): boolean {
  const characters = [...secret.trim()];
  if (new Set(characters).size < differentMin) return true;
  for (let length = 1; length <= characters.length / 2; length++) {
    if (characters.every((each, index) => each === characters[index % length])) return true;
  }
  return false;
}
