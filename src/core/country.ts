/** The codes of countries. */
import { getCountries } from 'libphonenumber-js/min';

/** Countries of ISO 3166 without phone numbers of their own. */
const withoutNumbers = ['AQ', 'BV', 'GS', 'HM', 'PN', 'TF', 'UM'];
const codes: ReadonlySet<string> = new Set([...getCountries(), ...withoutNumbers]);

/** Whether the text is the code of a country in ISO 3166, or one of the codes beside it that phone numbers use, such as XK. */
export function isCountry(code: string): boolean {
  return codes.has(code);
}
