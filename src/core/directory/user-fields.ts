/**
 * Reads the values that callers send for the fields of a user, from `unknown` to a clean value or one field fault.
 *
 * The rules belong to the directory and are the same for every contract: texts are 1 to 255 characters
 * (email 254) without control characters and lone surrogates, after blanks and invisible characters at their ends are
 * removed (`visible-text.ts`). A contract decides which fields it takes and the words of a fault.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { FieldFault, FieldFaultCode } from '../errors.ts';
import { hourMs, isCalendarDate, parseInstant, utcDate } from '../time.ts';
import { toAsciiDomain } from './email-address.ts';
import { isLanguageTag } from './language-tag.ts';
import { splitFullName } from './user.ts';
import { hasControls, isPlainText, isVisible, stripInvisible } from './visible-text.ts';

/** A clean value, or the fault of the field. */
export type FieldResult<T> =
  | { readonly value: T }
  | { readonly fault: FieldFaultCode; readonly min?: number; readonly max?: number };

export const textCharactersMax = 255;
export const emailCharactersMax = 254;

/** Collects the values of many fields and every fault among them. */
export class FieldReader {
  readonly faults: FieldFault[] = [];

  /** The clean value, or undefined with the fault noted under that field's name. */
  take<T>(field: string, result: FieldResult<T>): T | undefined {
    if ('value' in result) return result.value;
    const { fault, min, max } = result;
    this.faults.push({
      field,
      fault,
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    });
    return undefined;
  }
}

/** Reads null and an absent value as null, and passes every other value to `read`. */
export function readOptional<T>(
  value: unknown,
  read: (value: unknown) => FieldResult<T>,
): FieldResult<T | null> {
  return value === undefined || value === null ? { value: null } : read(value);
}

/** A text of 1 to `max` characters (code points) after blanks and invisible characters at its ends are removed. */
export function readText(value: unknown, max = textCharactersMax): FieldResult<string> {
  if (value === undefined || value === null) return { fault: 'blank' };
  if (typeof value !== 'string') return { fault: 'invalid' };
  if (isPlainText(value)) return value.length > max ? { fault: 'too_long', max } : { value };
  if (!value.isWellFormed()) return { fault: 'invalid' };
  const text = stripInvisible(value);
  if (hasControls(text)) return { fault: 'invalid' };
  if (!isVisible(text)) return { fault: 'blank' };
  return isLongerThan(text, max) ? { fault: 'too_long', max } : { value: text };
}

// One `@`; a local part without blanks or separators; a domain of two or more labels, with the dots of UTS 46.
const emailText =
  /^[^\s@"(),:;<>[\\\]\p{Cc}]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?[.\u3002\uff0e\uff61])+[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u;

/** Characters that show nothing would make two addresses that look the same. */
const formatCharacter = /[\p{Cf}\p{DI}]/u;

/** An address as given, trimmed. The form alone is checked, not whether the address exists. */
export function readEmail(value: unknown): FieldResult<string> {
  const result = readText(value, emailCharactersMax);
  if (!('value' in result)) return result;
  const [local = '', domain = ''] = result.value.split('@');
  const isDotted = local.startsWith('.') || local.endsWith('.') || local.includes('..');
  const isAddress =
    emailText.test(result.value) &&
    !isDotted &&
    // An encoded word (RFC 2047), which mail programs decode to another address, begins and ends so.
    !(local.includes('=?') || local.includes('?=')) &&
    (isPlainText(result.value) || !formatCharacter.test(result.value)) &&
    toAsciiDomain(domain) !== null;
  return isAddress ? result : { fault: 'invalid' };
}

const asciiLocalPart = /^[!-~]+@/;

/**
 * A new address. Without `takesUnicode`, a local part outside ASCII is refused, because mail to it would not arrive;
 * existing users keep theirs.
 */
export function readNewEmail(value: unknown, takesUnicode: boolean): FieldResult<string> {
  const result = readEmail(value);
  const isDeliverable = takesUnicode || !('value' in result) || asciiLocalPart.test(result.value);
  return isDeliverable ? result : { fault: 'invalid' };
}

/** Marks that show nothing, as of the direction of a text. Address books and web pages put them around numbers. */
const invisibleMarks = /\p{DI}/gu;
const blanks = /\s/g;
const fullWidthSigns = /[\uff0b\uff10-\uff19]/g;
const fullWidthOffset = 0xfee0;

/**
 * A number that begins with `+` and is possible in its country, as given without invisible marks; the E.164 form is where
 * messages go.
 */
export function readPhone(value: unknown): FieldResult<{ phone: string; phoneE164: string }> {
  const result = readText(typeof value === 'string' ? value.replace(invisibleMarks, '') : value);
  if (!('value' in result)) return result;
  const phone = result.value;
  const narrow = phone
    .replace(fullWidthSigns, (sign) => String.fromCharCode(sign.charCodeAt(0) - fullWidthOffset))
    .replace(blanks, ' ');
  if (!narrow.startsWith('+')) return { fault: 'invalid' };
  const parsed = parsePhoneNumberFromString(narrow, { extract: false });
  if (!parsed?.isPossible()) return { fault: 'invalid' };
  return { value: { phone, phoneE164: parsed.number } };
}

/** The time zone that is furthest ahead, of the Line Islands, is 14 hours ahead of UTC. */
const furthestAheadMs = 14 * hourMs;

/** A real calendar date, up to today in the time zone that is furthest ahead. */
export function readDateOfBirth(value: unknown, now: number): FieldResult<string> {
  const result = readText(value);
  if (!('value' in result)) return result;
  const hasCome = isCalendarDate(result.value) && result.value <= utcDate(now + furthestAheadMs);
  return hasCome ? result : { fault: 'invalid' };
}

/** A well-formed BCP 47 tag (RFC 5646), kept as given; `en_US`, as POSIX spells it, becomes `en-US`. */
export function readLanguage(value: unknown): FieldResult<string> {
  const result = readText(value);
  if (!('value' in result)) return result;
  const tag = result.value.replaceAll('_', '-');
  return isLanguageTag(tag) ? { value: tag } : { fault: 'invalid' };
}

const timezoneNames = new Map<string, string | null>();

/** A time zone name that the runtime knows, in the letters of the IANA database. An offset is not a name. */
export function readTimezone(value: unknown): FieldResult<string> {
  const result = readText(value);
  if (!('value' in result)) return result;
  const known = timezoneNames.get(result.value);
  const name = known === undefined ? lookUpTimezone(result.value) : known;
  // Only existing names stay in memory, and they are few.
  if (known === undefined && name !== null) timezoneNames.set(result.value, name);
  return name === null ? { fault: 'invalid' } : { value: name };
}

/** The partner's own id of a user. */
export function readExternalId(value: unknown): FieldResult<string> {
  return readText(value);
}

/** Splits one text with the whole name into two. */
export function readFullName(value: unknown): FieldResult<{ firstName: string; lastName: string | null }> {
  const result = readText(value);
  return 'value' in result ? { value: splitFullName(result.value) } : result;
}

export function readBoolean(value: unknown): FieldResult<boolean> {
  return typeof value === 'boolean' ? { value } : { fault: 'invalid' };
}

/** One of a closed list of texts. */
export function readChoice<T extends string>(value: unknown, choices: readonly T[]): FieldResult<T> {
  const choice = choices.find((each) => each === value);
  return choice === undefined ? { fault: 'invalid' } : { value: choice };
}

/** How far the clock of a reporter may be ahead of ours. */
export const reportSkewMs = 5 * 60_000;

/** The time of a report: an RFC 3339 time, at most five minutes ahead. */
export function readReportTime(value: unknown, now: number): FieldResult<number> {
  const instant = typeof value === 'string' ? parseInstant(value) : null;
  if (instant === null) return { fault: 'invalid' };
  return instant > now + reportSkewMs ? { fault: 'in_future' } : { value: instant };
}

function lookUpTimezone(text: string): string | null {
  if (!/^[A-Za-z]/.test(text)) return null;
  try {
    return new Temporal.ZonedDateTime(0n, text).timeZoneId;
  } catch {
    return null;
  }
}

/** Counts code points, but only in texts near the limit. */
function isLongerThan(text: string, max: number): boolean {
  if (text.length <= max) return false;
  return text.length > max * 2 || [...text].length > max;
}
