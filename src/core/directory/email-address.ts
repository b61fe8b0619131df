/**
 * The keys of email addresses: one mailbox is one key. Mail goes to the A-label of a domain (UTS 46), so that is what
 * the key has. What a person typed stays as it is in the column that contracts show.
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { stripInvisible } from './visible-text.ts';

/** An address for which UTS 46 and Unicode change nothing but the case. */
const plainAddress = /^[!-~]+$/;
const domainCharactersMax = 254;
/** Of ASCII only these are letters of a domain. `domainToASCII` also reads others, such as ports and percent signs. */
const foreignSign = /[^A-Za-z0-9.\u0080-\u{10ffff}-]/u;
const asciiDomain =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** `domainToASCII` reads a domain that ends so as an IPv4 address, and `127.1` becomes `127.0.0.1`. */
const numericEnd = /\.(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * The domain with A-labels in lower case; null for a text that is no domain of a mailbox, also for a number and for an
 * A-label that UTS 46 calls invalid. A valid A-label comes back as it is.
 */
export function toAsciiDomain(domain: string): string | null {
  const lower = domain.toLowerCase();
  // UTS 46 changes nothing about ASCII without A-labels, as nearly every domain is.
  if (asciiDomain.test(lower) && !lower.includes('xn--')) return numericEnd.test(lower) ? null : lower;
  if (domain.length > domainCharactersMax || foreignSign.test(domain)) return null;
  const ascii = domainToASCII(domain);
  return asciiDomain.test(ascii) && !numericEnd.test(ascii) && hasValidALabels(ascii) ? ascii : null;
}

/** `domainToASCII` leaves an A-label as it is, valid or not; `domainToUnicode` does so only where it stands for no text. */
function hasValidALabels(ascii: string): boolean {
  return !domainToUnicode(ascii)
    .split('.')
    .some((label) => label.startsWith('xn--'));
}

/**
 * The form in which addresses are compared, and which is unique in an organization: in lower case, without blanks and
 * invisible characters around it, with the A-label of the domain.
 */
export function canonicalEmail(email: string): string {
  if (plainAddress.test(email)) return email.toLowerCase();
  const text = stripInvisible(email);
  const at = text.lastIndexOf('@');
  const domain = at === -1 ? null : toAsciiDomain(text.slice(at + 1));
  if (domain === null) return toComparedText(text);
  return `${toComparedText(text.slice(0, at))}@${domain}`;
}

/** Lower case may leave a letter and its accent apart, so that NFC comes after it too. */
function toComparedText(text: string): string {
  return text.normalize('NFC').toLowerCase().normalize('NFC');
}

/**
 * The key of before A-labels were compared. Where two users of one mailbox have been stored since then, one of them
 * keeps this key, and it is found by it.
 */
export function earlierEmailKey(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

/** The keys under which rows may know the address, the present one first. */
export function emailKeysOf(email: string): readonly string[] {
  const keys = [canonicalEmail(email), earlierEmailKey(email)];
  return [...new Set(keys)];
}

/** How a row may spell the address in lower case: the keys, and the domain in Unicode. */
export function emailSpellingsOf(email: string): readonly string[] {
  const key = canonicalEmail(email);
  const at = key.lastIndexOf('@');
  return [...emailKeysOf(email), `${key.slice(0, at)}@${domainToUnicode(key.slice(at + 1))}`];
}

/** The address to which mail goes: the local part as it was given, and the A-label of the domain. */
export function toMailAddress(email: string): string {
  const at = email.lastIndexOf('@');
  const domain = toAsciiDomain(email.slice(at + 1));
  return domain === null ? email : `${email.slice(0, at)}@${domain}`;
}

/** Domains of a service that reads no dots in local parts. */
const dotlessDomains: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com']);

/**
 * The key of the mailbox to which mail servers deliver an address with a tag (RFC 5233), or with dots that its service does not read:
 * `ann+news@example.com` is `ann@example.com`, and `a.nn@gmail.com` is `ann@gmail.com`. Null for an address that is its own
 * mailbox.
 */
export function mailboxOfVariant(email: string): string | null {
  const key = canonicalEmail(email);
  const at = key.lastIndexOf('@');
  const domain = key.slice(at + 1);
  const isDotless = dotlessDomains.has(domain);
  const untagged = key.slice(0, at).replace(/(?<=.)\+.*$/s, '');
  const mailbox = isDotless ? `${untagged.replaceAll('.', '')}@gmail.com` : `${untagged}@${domain}`;
  return mailbox === key ? null : mailbox;
}
