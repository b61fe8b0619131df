/** What a web page says of a language: its name, and the attributes of a text in it. */
import { fallbackLanguage } from '../core/messaging/language.ts';
import { type Html, html } from './html.ts';

/**
 * The name in the language itself, such as `Español`, for a person who cannot read the page;
 * `tag` itself where its language has no known name.
 */
export function languageName(tag: string): string {
  const locale = knownLocale(tag) ?? fallbackLanguage;
  const name = new Intl.DisplayNames([locale], { type: 'language', fallback: 'none' }).of(locale);
  if (knownLocale(tag) === null || name === undefined) return tag;
  const [first = ''] = name;
  return first.toLocaleUpperCase(locale) + name.slice(first.length);
}

/** `rtl` for a language that is written from right to left. */
export function directionOf(tag: string): 'ltr' | 'rtl' {
  const locale = knownLocale(tag);
  return locale !== null && new Intl.Locale(locale).getTextInfo().direction === 'rtl' ? 'rtl' : 'ltr';
}

/** The attributes of an element with text in that language. */
export function languageAttributes(tag: string): Html {
  return html`lang="${tag}"${directionOf(tag) === 'rtl' ? html` dir="rtl"` : null}`;
}

/** Null for a tag that `Intl` refuses, as it does for some good ones. */
function knownLocale(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}
