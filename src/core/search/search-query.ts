/**
 * What a reader typed, as a search understands it, and how well a user matches it. From one character on the beginnings
 * of fields and words are found, from three on every part of a field. Several words must all be there, in any order. A
 * text that may be a phone number is also compared by its digits: `0151 1234 0987` finds `+4915112340987`.
 */
import type { FieldFault } from '../errors.ts';
import { parseHumanId, parseUserIdText, parseUserNumber, type UserId } from '../ids.ts';
import { digitsOf, fieldMark, fold, isWordStart } from './folding.ts';
import { gramLength, prefixToken, trigramTokens, wholeToken, wordToken } from './tokens.ts';

export interface SearchQuery {
  /** As it was typed, without blanks around it: for keys that are compared exactly. */
  readonly typed: string;
  /** The folded text; empty where only filters were given. */
  readonly phrase: string;
  /** The words of the phrase. */
  readonly words: readonly string[];
  /** The digits of a phone number, without zeros at the beginning; null where the text is no such number. */
  readonly digits: string | null;
  /** What the text names if it is an id or a number in the spelling of any contract. */
  readonly id: UserId | null;
  readonly number: number | null;
  /** The beginning of a user id, in hex digits; null where the text is none. */
  readonly idStart: string | null;
  /** The beginning of a user's number, in decimal digits; null where the text is none. */
  readonly numberStart: string | null;
}

/** How well a user matches: the smaller, the better. */
export type Rank = 0 | 1 | 2 | 3 | 4 | 5;
/** The beginning of an id or a number comes last: every text of its few digits may be one by chance. */
export const ranks = { exact: 0, prefix: 1, wordStart: 2, substring: 3, words: 4, start: 5 } as const;

/** Tokens that a user has who has a word, or a beginning, of the query. */
export type TokenSet = readonly number[];

/** How to find the users of a query by their tokens, for one form of its text. A candidate has every token of all sets. */
export interface Approach {
  /** Every user who matches has these: a set for each word. */
  readonly widest: readonly TokenSet[];
  /** Those of the better ranks, the best first. */
  readonly narrower: readonly (readonly TokenSet[])[];
}

/** The ways to find all users who match the query. */
export function approachesOf({ phrase, words, digits }: SearchQuery): readonly Approach[] {
  const texts = phrase === '' ? [] : [{ text: phrase, parts: words }];
  if (digits !== null && digits !== phrase) texts.push({ text: digits, parts: [digits] });
  return texts.map(({ text, parts }) => {
    const length = Math.min(text.length, gramLength);
    const inner = parts.map((part) => trigramTokens(part));
    return {
      widest: parts.map((part) =>
        part.length < gramLength ? [wordToken(part, 0, part.length)] : trigramTokens(part),
      ),
      narrower: [
        [[wholeToken(text)]],
        [[prefixToken(text, length)], ...inner],
        [[wordToken(text, 0, length)], ...inner],
      ],
    };
  });
}

export const searchTextMax = 320;
const wordsMax = 8;

const phoneText = /^[+(]?[\d\s().\-/+\u2010-\u2015]+$/u;
/** As people write a trunk zero that is not dialled from abroad. */
const trunkZero = /\(\s*0\s*\)/g;
/** Fewer digits are the beginning of too many ids and numbers. */
const idStartText = /^(?:usr_)?([0-9a-f]{4,31})$/;
const numberStartText = /^[1-9]\d{3,14}$/;
/** The beginning of an id as a UUID is written. */
const uuidStartText = /^[0-9a-f]{8}-[0-9a-f-]*$/;

/** Reads a text of a search; a fault of `field` for one that is too long. Absent and blank texts are an empty query. */
export function readSearchText(
  text: string | undefined,
  field: string,
): { query: SearchQuery; faults: FieldFault[] } {
  const typed = (text ?? '').trim();
  const faults: FieldFault[] =
    typed.length > searchTextMax ? [{ field, fault: 'too_long', max: searchTextMax }] : [];
  return { query: toQuery(faults.length > 0 ? '' : typed), faults };
}

function toQuery(typed: string): SearchQuery {
  const phrase = fold(typed).trim();
  const lower = typed.toLowerCase();
  const start = idStartText.exec(uuidStartText.test(lower) ? lower.replaceAll('-', '') : lower);
  return {
    typed,
    phrase,
    words: phrase === '' ? [] : phrase.split(' ').slice(0, wordsMax),
    digits: phoneDigits(typed),
    id: parseUserIdText(lower) ?? parseHumanId(lower.replaceAll('-', '')),
    number: parseUserNumber(typed),
    idStart: start?.[1] ?? null,
    numberStart: numberStartText.test(typed) ? typed : null,
  };
}

function phoneDigits(typed: string): string | null {
  const narrow = typed.normalize('NFKC');
  if (!phoneText.test(narrow)) return null;
  const digits = digitsOf(narrow.replace(trunkZero, '')).replace(/^0+/, '');
  return digits === '' ? null : digits;
}

/** How well a search text matches the query; null where it does not. */
export function rankOf(searchText: string, { phrase, words, digits }: SearchQuery): Rank | null {
  const own = phrase === '' ? null : rankOfPhrase(searchText, phrase, words);
  const byDigits = digits === null || own === ranks.exact ? null : rankOfDigits(searchText, digits);
  const best = own === null || (byDigits !== null && byDigits < own) ? byDigits : own;
  if (best !== null) return best;
  return words.length > 1 && words.every((word) => hasWord(searchText, word)) ? ranks.words : null;
}

/** A part of a field that has several words must begin with a word, unless its first word is long enough to be found by itself. */
function rankOfPhrase(searchText: string, phrase: string, words: readonly string[]): Rank | null {
  if (searchText.includes(fieldMark + phrase + fieldMark)) return ranks.exact;
  if (searchText.includes(fieldMark + phrase)) return ranks.prefix;
  if (hasAtWordStart(searchText, phrase)) return ranks.wordStart;
  const isPart = phrase.length >= gramLength && searchText.includes(phrase);
  return isPart && words.every((word) => hasWord(searchText, word)) ? ranks.substring : null;
}

/** A number without the code of its country is the same number. */
const countryCode = /^\n[1-9]\d{0,2}$/;
const nationalDigitsMin = 7;

function rankOfDigits(searchText: string, digits: string): Rank | null {
  const rank = rankOfPhrase(searchText, digits, [digits]);
  if (rank === ranks.exact || digits.length < nationalDigitsMin) return rank;
  const at = searchText.indexOf(digits + fieldMark);
  const before = at === -1 ? '' : searchText.slice(searchText.lastIndexOf(fieldMark, at - 1), at);
  return countryCode.test(before) ? ranks.exact : rank;
}

function hasWord(searchText: string, word: string): boolean {
  return word.length >= gramLength ? searchText.includes(word) : hasAtWordStart(searchText, word);
}

function hasAtWordStart(searchText: string, text: string): boolean {
  for (let at = searchText.indexOf(text); at !== -1; at = searchText.indexOf(text, at + 1)) {
    if (isWordStart(searchText, at)) return true;
  }
  return false;
}
