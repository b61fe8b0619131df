/** The texts of the Connect page. The server sends them, in every language that it has, as plain text. */
import type { ConnectPageTexts, LanguageShape, PluralShape } from '../../src/pages/connect/connect-shapes.ts';
import { fillText } from '../../src/pages/fill-text.ts';

export type Texts = ConnectPageTexts;

/** The language of the page: the one with this tag, or the first. */
export function chooseLanguage(languages: readonly LanguageShape[], tag: string): LanguageShape | undefined {
  return languages.find((each) => each.tag === tag) ?? languages[0];
}

/** The form of the text for this number, with the number in it. */
export function fillCount(forms: PluralShape, count: number, tag: string): string {
  const locale = localeOf(tag);
  const form = forms[new Intl.PluralRules(locale).select(count)] ?? forms.other;
  return fillText(form, { count: count.toLocaleString(locale) });
}

/** The tag in the form that `Intl` takes; English for a tag that it refuses. */
export function localeOf(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
