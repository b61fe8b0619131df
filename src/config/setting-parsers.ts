/**
 * Parsers from the text of one setting to its value. Each parser describes the texts that it accepts, so that a fault
 * names the expected text and does not repeat the given one, which may be a secret.
 */
import { isIP } from 'node:net';
import { parseBlock } from '../core/access/network.ts';
import { parseAmount } from '../core/amount.ts';
import { isCountry } from '../core/country.ts';
import { readDatabaseAddress, type ServerRole } from '../core/deployment/database-address.ts';
import { readEmail } from '../core/directory/user-fields.ts';

export interface Parser<T> {
  /** Ends the sentence "NAME must be ...". */
  readonly expected: string;
  /** The value; undefined if the text is not acceptable. */
  parse(text: string): T | undefined;
}

/** One line of text without control characters. */
export const line: Parser<string> = {
  expected: 'one line of text',
  parse: (text) => (/\p{Cc}/u.test(text) ? undefined : text),
};

/** Any text, with its spaces. */
export const anyText: Parser<string> = { expected: 'a text', parse: (text) => text };

/** Visible ASCII characters without spaces, as in ids and tokens. */
export const word: Parser<string> = {
  expected: 'text without spaces',
  parse: (text) => (/^[\x21-\x7e]+$/.test(text) ? text : undefined),
};

export const hostName: Parser<string> = {
  expected: 'an IP address or a host name',
  parse: (text) => (isIP(text) !== 0 || /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(text) ? text : undefined),
};

/** A decimal whole number, both limits included. */
export function wholeNumber(min: number, max: number): Parser<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse(text) {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

/** As `wholeNumber`, or null for the text `none`. */
export function wholeNumberOrNone(min: number, max: number): Parser<number | null> {
  const number = wholeNumber(min, max);
  return {
    expected: `${number.expected}, or none`,
    parse: (text) => (text === 'none' ? null : number.parse(text)),
  };
}

export function choice<const T extends string>(...choices: readonly T[]): Parser<T> {
  return {
    expected: `one of ${choices.join(', ')}`,
    parse: (text) => choices.find((each) => each === text),
  };
}

export const onOff: Parser<boolean> = {
  expected: 'on or off',
  parse: (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
};

/** The URL of a server, without a slash at its end. */
export const webAddress: Parser<string> = {
  expected: 'an http or https URL without user, query and fragment',
  parse(text) {
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
    if (url.username !== '' || url.password !== '' || /[?#]/.test(text)) return undefined;
    return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  },
};

/** The target of links: a web page, or an app that opens links of its own scheme. */
export const linkAddress: Parser<string> = {
  expected: 'a URL such as https://example.com/set-password',
  parse(text) {
    const isLink = /^[a-z][a-z0-9+.-]*:\/\/[^\s]+$/i.test(text) && URL.canParse(text);
    return isLink ? text : undefined;
  },
};

export const smtpAddress: Parser<string> = {
  expected: 'a URL such as smtp://user:password@mail.example.com:587 (or smtps://)',
  parse(text) {
    const url = URL.parse(text);
    return url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== '' ? text : undefined;
  },
};

/**
 * A PostgreSQL database, on one host or several. `role` is what is done with it: a session that is wanted for the other role is not
 * acceptable. The client library reads the rest of the part after the `?`.
 */
export function postgresAddress(role: ServerRole): Parser<string> {
  return {
    expected:
      role === 'leader'
        ? 'a URL such as postgres://user:password@db.example.com:5432/roster, with hosts separated by commas, of which one takes changes'
        : 'a URL such as postgres://user:password@db2.example.com,db3.example.com/roster, of hosts that are standbys',
    parse(text) {
      const address = readDatabaseAddress(text);
      return address !== null && (address.role ?? role) === role ? text : undefined;
    },
  };
}

/** `Name <address>`, or the address alone. */
export const mailbox: Parser<{ readonly name: string; readonly address: string }> = {
  expected: 'an email address, or a name with an address as in Roster <no-reply@example.com>',
  parse(text) {
    const match = /^(?:([^<>\p{Cc}]*)<([^<>]+)>|([^<>]+))$/u.exec(text);
    const result = readEmail(match?.[2] ?? match?.[3]);
    if (!('value' in result)) return undefined;
    return { name: (match?.[1] ?? '').trim().replace(/^"(.*)"$/, '$1'), address: result.value };
  },
};

const secretCharactersMin = 32;

export const secretText: Parser<string> = {
  expected: `a text of at least ${secretCharactersMin} characters`,
  parse: (text) => ([...text].length >= secretCharactersMin ? text : undefined),
};

/** Values separated by commas, each read by `item`; at least one. */
export function list<T>(item: Parser<T>, what: string): Parser<readonly T[]> {
  return {
    expected: `${what}, separated by commas`,
    parse: (text) =>
      readEach(
        text.split(',').map((part) => part.trim()),
        item,
      ),
  };
}

/** Secrets separated by commas; a JSON array of texts if one contains a comma. */
export const secretList: Parser<readonly string[]> = {
  expected: `texts of at least ${secretCharactersMin} characters, separated by commas or as a JSON array`,
  parse: (text) => readEach(text.startsWith('[') ? readJsonTexts(text) : text.split(','), secretText),
};

/** An IP address, or a network in CIDR notation. */
export const network: Parser<string> = {
  expected: 'an IP address or a network such as 10.0.0.0/8',
  parse: (text) => (isIP(text.split('/', 1)[0] ?? '') !== 0 && parseBlock(text) !== null ? text : undefined),
};

/** A web origin as browsers send it: scheme, host and port, nothing else. */
export const origin: Parser<string> = {
  expected: 'an origin such as https://app.example.com',
  parse(text) {
    const url = URL.parse(text);
    return url !== null && /^https?:$/.test(url.protocol) && text.replace(/\/$/, '') === url.origin
      ? url.origin
      : undefined;
  },
};

/** The id of an app. */
export const appId: Parser<string> = {
  expected: 'the id of an app, 40 hex digits',
  parse: (text) => (/^[0-9a-f]{40}$/.test(text) ? text : undefined),
};

/** An ISO 3166 code of two letters, in upper case. */
export const country: Parser<string> = {
  expected: 'the ISO 3166 code of a country, such as US',
  parse: (text) => (isCountry(text.toUpperCase()) ? text.toUpperCase() : undefined),
};

/** Countries, or all of them. */
export const countries: Parser<readonly string[] | 'all'> = {
  expected: 'ISO 3166 codes such as US,CA, separated by commas, or all',
  parse: (text) => (text === 'all' ? text : list(country, '').parse(text)),
};

/** An amount of money in millionths, or null for no limit. */
export const budget: Parser<number | null> = {
  expected: 'an amount such as 25 or 12.50, or none',
  parse: (text) => (text === 'none' ? null : (parseAmount(text) ?? undefined)),
};

function readEach<T>(texts: readonly string[] | undefined, item: Parser<T>): readonly T[] | undefined {
  const values = (texts ?? []).map((text) => item.parse(text)).filter((value) => value !== undefined);
  return values.length > 0 && values.length === texts?.length ? values : undefined;
}

function readJsonTexts(text: string): string[] | undefined {
  try {
    const values: unknown = JSON.parse(text);
    return Array.isArray(values) && values.every((value) => typeof value === 'string') ? values : undefined;
  } catch {
    return undefined;
  }
}
