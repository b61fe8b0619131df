/**
 * The languages of messages and pages, and which of them suits a person best: the look-up of RFC 4647, section 3.4,
 * in which a tag loses subtags from its end until one matches (`es-MX` finds `es`). English is the last resort.
 */
import { isLanguageTag } from '../directory/language-tag.ts';

/**
 * Lower-case BCP 47 tags. Each set of texts is a record over this list, so the compiler asks for a new language
 * everywhere; a test asks for it in the code of the browser.
 */
export const languages = ['en', 'es'] as const;
export type Language = (typeof languages)[number];

export const fallbackLanguage = 'en' satisfies Language;

/** The language of ours that serves the first possible one of `wanted` (BCP 47 tags, best first). */
export function closestLanguage(wanted: readonly string[]): Language {
  return matchLanguage(wanted, languages);
}

/** The first of `wanted` (BCP 47 tags, best first) that `available` (lower-case tags) can serve. */
export function matchLanguage<L extends string>(
  wanted: readonly string[],
  available: readonly L[],
): L | typeof fallbackLanguage {
  for (const tag of wanted) {
    const match = lookUp(tag, available);
    if (match !== undefined) return match;
  }
  return fallbackLanguage;
}

function lookUp<L extends string>(tag: string, available: readonly L[]): L | undefined {
  const subtags = canonical(tag).split('-');
  while (subtags.length > 0) {
    const range = subtags.join('-');
    const match = available.find((language) => language === range);
    if (match !== undefined) return match;
    subtags.pop();
    // A single letter or digit introduces the subtags after it, so it is removed with them.
    if (subtags.at(-1)?.length === 1) subtags.pop();
  }
  return undefined;
}

/**
 * A language tag in the form in which `matchLanguage` compares; null for a text that is none. Only the usual form is
 * taken, which begins with a language of two or three letters.
 */
export function readLanguageTag(text: string): string | null {
  return /^[a-z]{2,3}(?:-|$)/i.test(text) && isLanguageTag(text) ? canonical(text) : null;
}

/** Languages that `Intl` takes by themselves, whatever follows them in a tag. */
const ordinaryLanguage = /^(?:[a-z]{2,3}|[a-z]{5,8})$/;

/** The tag in lower case, with the present code of its language (`spa-MX` is `es-MX`). */
function canonical(tag: string): string {
  const [language = '', ...rest] = tag.toLowerCase().split('-');
  const present = ordinaryLanguage.test(language) ? Intl.getCanonicalLocales(language)[0] : undefined;
  return [present ?? language, ...rest].join('-');
}

const rangeText = /^\s*([A-Za-z0-9-]{1,64})\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i;
const rangesMax = 32;

/** The tags of an `Accept-Language` header (RFC 9110, section 12.5.4), by weight; without those of weight 0. */
export function readAcceptLanguage(header: string | undefined): string[] {
  return (header ?? '')
    .split(',', rangesMax)
    .map((part) => rangeText.exec(part))
    .flatMap((match) =>
      match?.[1] === undefined ? [] : [{ tag: match[1], weight: Number(match[2] ?? '1') }],
    )
    .filter(({ weight }) => weight > 0)
    .sort((left, right) => right.weight - left.weight)
    .map(({ tag }) => tag);
}
