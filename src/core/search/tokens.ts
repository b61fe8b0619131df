/**
 * The tokens of a search text: 32-bit numbers for its trigrams, for the beginnings of its fields and words, and for whole
 * fields. A search block says for each token which users have it. A token is a hash, so two of them may be equal by
 * chance: it only finds candidates, and `rankOf` decides on the search text itself.
 */
import { fieldsOf, isWordStart } from './folding.ts';

/** What a token stands for. `prefix` and `word`: the first one, two or three characters of a field, or of a word. */
const kinds = { trigram: 0, prefix: 0, word: 3, whole: 7 } as const;

/** The longest beginning that has a token of its own, and the length of a trigram. */
export const gramLength = 3;

/** Every token of a search text, in no order; a token may be there more than once. */
export function tokensOf(searchText: string): number[] {
  const tokens: number[] = [];
  const fields = fieldsOf(searchText);
  // The parts of a name are in the whole name, which comes first.
  const parts = new Set(fields.length > 2 && fields[0] === `${fields[1]} ${fields[2]}` ? [1, 2] : []);
  for (const [at, field] of fields.entries()) {
    tokens.push(wholeToken(field));
    for (let length = 1; length <= gramLength && length <= field.length; length++) {
      tokens.push(prefixToken(field, length));
    }
    addInner(tokens, field, parts.has(at) ? 1 : field.length);
  }
  return tokens;
}

/** The beginnings of words and the trigrams that begin before `end`. */
function addInner(tokens: number[], field: string, end: number): void {
  for (let at = 0; at < end; at++) {
    if (isWordStart(field, at)) {
      for (let length = 1; length <= gramLength && at + length <= field.length; length++) {
        tokens.push(wordToken(field, at, length));
      }
    }
    if (at + gramLength <= field.length && !hasBlank(field, at)) tokens.push(trigramToken(field, at));
  }
}

/** The token of a field that is this text. */
export function wholeToken(text: string): number {
  let hash = mixed(kinds.whole);
  for (let at = 0; at < text.length; at++) hash = mixed(hash ^ text.charCodeAt(at));
  return hash;
}

/** The token of a field that begins as the text does, up to `length` characters. */
export function prefixToken(text: string, length: number): number {
  return gramToken(kinds.prefix + length, text, 0, length);
}

/** The token of a word that begins as the text does from `at` on, up to `length` characters. */
export function wordToken(text: string, at: number, length: number): number {
  return gramToken(kinds.word + length, text, at, length);
}

export function trigramToken(text: string, at: number): number {
  return gramToken(kinds.trigram, text, at, gramLength);
}

/** The tokens of all trigrams of a text; none of a text that is too short. */
export function trigramTokens(text: string): number[] {
  const tokens: number[] = [];
  for (let at = 0; at + gramLength <= text.length; at++) {
    if (!hasBlank(text, at)) tokens.push(trigramToken(text, at));
  }
  return tokens;
}

function hasBlank(text: string, at: number): boolean {
  return text.charCodeAt(at) === 32 || text.charCodeAt(at + 1) === 32 || text.charCodeAt(at + 2) === 32;
}

function gramToken(kind: number, text: string, at: number, length: number): number {
  let packed = kind;
  for (let index = 0; index < gramLength; index++) {
    const code = index < length ? text.charCodeAt(at + index) : 0;
    packed = code < 128 ? (packed << 7) | code : mixed(packed ^ (code << 8));
  }
  return mixed(packed);
}

/** Spreads a number over 32 bits. Different numbers give different results. */
function mixed(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
