/**
 * The form in which texts are compared in a search: without case, accents and invisible characters, phones as digits. It
 * is applied to what users are stored with and to what a reader types, here alone, so that both always agree. Stored
 * search blocks rest on it (decision 0031): a change of the rules needs a rebuild of all blocks.
 */
import type { User } from '../directory/user.ts';

const ascii = /^[ -~]*$/;
const invisible = /\p{DI}/gu;
/** Marks of the scripts in which they are accents or vowel signs that people leave out. In other scripts they are letters. */
const accent = /[\p{Mn}&&[\p{sc=Zinh}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hebr}\p{sc=Arab}]]/gv;
const blanks = /[\s\p{Zs}\p{Cc}]+/gu;
const manyBlanks = / {2,}/g;

/** Letters that NFKD leaves whole and that people type as others. */
const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  ŋ: 'n',
  þ: 'th',
  ŧ: 't',
  ς: 'σ',
};
const foldedLetter = new RegExp(`[${Object.keys(letters).join('')}]`, 'g');

/** The text as a search compares it. */
export function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase().replace(manyBlanks, ' ');
  return text
    .normalize('NFKD')
    .replace(invisible, '')
    .replace(accent, '')
    .toLowerCase()
    .replace(accent, '')
    .replace(foldedLetter, (letter) => letters[letter] ?? letter)
    .replace(blanks, ' ');
}

/** The fields of a user that a search looks at. */
export type SearchedUser = Pick<
  User,
  'externalId' | 'email' | 'firstName' | 'lastName' | 'phone' | 'phoneE164'
>;

/** The fields whose change gives a user another search text. */
export const searchedFields: readonly (keyof SearchedUser)[] = [
  'externalId',
  'email',
  'firstName',
  'lastName',
  'phone',
  'phoneE164',
];

/** Stands before and after each field of a search text. No field contains it. */
export const fieldMark = '\n';

/**
 * The search text of a user: the folded fields, each between two marks. The whole name comes first, so that the order of
 * search texts is the order of names; the first and the last name follow by themselves.
 */
export function searchTextOf(user: SearchedUser): string {
  const { externalId, email, firstName, lastName } = user;
  let text = fieldMark;
  const add = (field: string): void => {
    if (field !== '') text += field + fieldMark;
  };
  if (firstName !== null && lastName !== null) {
    const [first, last] = [fold(firstName), fold(lastName)];
    add(`${first} ${last}`);
    add(first);
    add(last);
  } else {
    add(fold(firstName ?? lastName ?? ''));
  }
  if (email !== null) add(fold(email));
  const phone = user.phoneE164 ?? user.phone;
  if (phone !== null) add(digitsOf(phone));
  if (externalId !== null) add(fold(externalId));
  return text;
}

/** The fields of a search text. */
export function fieldsOf(searchText: string): readonly string[] {
  return searchText.length < 2 ? [] : searchText.slice(1, -1).split(fieldMark);
}

/** The digits of a text, in any script's digits that NFKD knows. */
export function digitsOf(text: string): string {
  return text.normalize('NFKD').replace(/\D/g, '');
}

const letterOrDigit = /[\p{L}\p{N}\p{M}]/u;

/**
 * Whether a word begins at this place of a folded text: after a blank or at the beginning of a field whatever is there,
 * elsewhere with the first letter or digit.
 */
export function isWordStart(text: string, at: number): boolean {
  if (isBetween(text, at)) return false;
  return at === 0 || isBetween(text, at - 1) || (isOfWord(text, at) && !isOfWord(text, at - 1));
}

function isBetween(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || code === 10;
}

function isOfWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
  // Half of a pair is a letter as its other half is: both halves are beyond the scripts with blanks.
  return (code >= 0xd800 && code <= 0xdfff) || letterOrDigit.test(text.charAt(at));
}
