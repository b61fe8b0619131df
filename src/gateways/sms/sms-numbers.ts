/**
 * Which numbers take text messages, by the metadata of libphonenumber. A number is texted only if its type is certain to
 * include mobile phones, and it belongs to a country: satellite phones, global services, premium and shared-cost numbers,
 * pagers, personal numbers and landlines take no texts, or take them at a price that is not known.
 *
 * The metadata take some 20 MB and 40 ms, so this file is loaded only where a real sender is used.
 */
import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';

/** The countries of a number that takes texts: the one that it belongs to first, then others with the same numbers. */
export type TextedCountries = readonly [CountryCode, ...CountryCode[]];

/**
 * Satellite phones in the mobile ranges of a country, which the metadata do not tell from mobile phones. Each name is that
 * of the operator.
 */
const satelliteRanges: readonly string[] = Object.values({
  'Australia (Pivotel)': ['+614201', '+614800', '+614808', '+614858', '+614899'],
  'China (Tiantong, Globalstar)': ['+861349', '+861740'],
  'France (Globalstar)': ['+3363800', '+3364000', '+3375076', '+3375077'],
  'India (BSNL)': ['+9189911'],
  'Indonesia (PSN)': ['+62868'],
  'Russia (GlobalTel)': ['+7954'],
}).flat();

const countriesByCode = Map.groupBy(getCountries(), (country) => getCountryCallingCode(country));

/** The countries of a number in E.164; null for a number that takes no texts. */
export function textedCountries(phoneE164: string): TextedCountries | null {
  const number = parsePhoneNumberFromString(phoneE164, { extract: false });
  const country = number?.country;
  if (number === undefined || country === undefined || !number.isValid()) return null;
  if (satelliteRanges.some((range) => phoneE164.startsWith(range))) return null;
  const others = (countriesByCode.get(number.countryCallingCode) ?? []).filter((other) => other !== country);
  if (!isMobileIn(country, number)) return null;
  return [country, ...others.filter((other) => isMobileIn(other, number))];
}

/** Whether the number is one of the mobile numbers of the country. Countries may share a calling code, and numbers too. */
function isMobileIn(country: CountryCode, number: PhoneNumber): boolean {
  number.country = country;
  const type = number.getType();
  return type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE';
}
