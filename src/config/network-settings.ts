/**
 * The settings of networks and their connections: how often one network may call, and how many connections it may have. A part
 * of the list in `settings.ts`.
 */
import { type Setting, setting } from './setting.ts';
import * as read from './setting-parsers.ts';

/** A limit of calls per minute from one network. */
function networkLimit(name: string, fallback: string, what: string): Setting<number> {
  return setting(name, {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000_000),
    fallback,
    meaning: `${what} per minute from one network: an IPv4 address, or an IPv6 /64.`,
  });
}

/** How many times that limit a wider network has. */
function networkFactor(name: string, fallback: string, what: string): Setting<number> {
  return setting(name, {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000),
    fallback,
    meaning: `How many times the limits per minute of one network hold for ${what}.`,
  });
}

export const networkSettings = {
  limitSignup: networkLimit('ROSTER_LIMIT_SIGNUP', '100', 'Sign-ups'),
  limitSession: networkLimit('ROSTER_LIMIT_SESSION', '100', 'Sign-ins'),
  limitGuesses: setting('ROSTER_LIMIT_GUESSES', {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000_000),
    fallback: '100',
    meaning:
      'Wrong passwords for one account per hour, from all networks together from which it has not signed in within 90 days. Further tries from there wait. A network from which it has signed in never waits for the others.',
  }),
  limitConfirmation: networkLimit('ROSTER_LIMIT_CONFIRMATION', '100', 'Confirmations'),
  limitPassword: networkLimit(
    'ROSTER_LIMIT_PASSWORD',
    '30',
    'Requests for a password reset, and passwords set by a link',
  ),
  limitEmailCheck: networkLimit('ROSTER_LIMIT_EMAIL_CHECK', '30', 'Calls of `email_has_account`'),
  limitConnect: networkLimit(
    'ROSTER_LIMIT_CONNECT',
    '600',
    'Calls for Connect tokens and sources connected on the Connect page',
  ),
  limitPage: networkLimit(
    'ROSTER_LIMIT_PAGE',
    '3000',
    'Other calls that need no credential (web pages, documents, unknown paths), counted by each process for itself,',
  ),
  limitFactor24: networkFactor('ROSTER_LIMIT_FACTOR_24', '8', 'an IPv4 /24 together'),
  limitFactor56: networkFactor('ROSTER_LIMIT_FACTOR_56', '4', 'an IPv6 /56 together'),
  limitFactor48: networkFactor('ROSTER_LIMIT_FACTOR_48', '16', 'an IPv6 /48 together'),
  socketsMax: setting('ROSTER_SOCKETS_MAX', {
    section: 'Limits',
    parser: read.wholeNumber(20, 1_000_000),
    fallback: '10000',
    meaning:
      'How many connections of callers one process has at most, and fewer where the limit of open files is lower. For a new one above that, the idle connections that were used longest ago are closed, of the network that has most.',
  }),
  halfSentMax: setting('ROSTER_HALF_SENT_MAX', {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000),
    fallback: '2000',
    meaning: 'How many requests may be half sent at the same time; above that the oldest are closed.',
  }),
  halfSentNetworkMax: setting('ROSTER_HALF_SENT_NETWORK', {
    section: 'Limits',
    parser: read.wholeNumber(1, 1_000_000),
    fallback: '200',
    meaning:
      'How many of them one network may have (an IPv4 address, or an IPv6 /64); above that its oldest are closed. Trusted proxies have no such limit.',
  }),
};
