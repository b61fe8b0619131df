/**
 * The texts of one web page in every language that it has: ours, and those of the deployment's folder, which come before
 * ours. A page has a language of the deployment if the folder has a file for this page in it.
 */
import { fallbackLanguage, type Language, languages, matchLanguage } from '../core/messaging/language.ts';
import { mergeTexts, type TextTree } from '../core/messaging/text-tree.ts';

/** The texts of one page in one language, and the languages that the page has. */
export interface LocalTexts<T> {
  /** A lower-case BCP 47 tag. */
  readonly language: string;
  readonly texts: T;
  readonly languages: readonly string[];
}

export class PageTexts<T extends object> {
  readonly languages: readonly string[];
  readonly #texts: ReadonlyMap<string, T>;

  /** `replaced` has texts of the deployment, by the tag of their language. */
  constructor(own: Readonly<Record<Language, T>>, replaced: ReadonlyMap<string, TextTree>) {
    const texts = new Map<string, T>(languages.map((language) => [language, own[language]]));
    // What `pt-br` leaves out comes from `pt`, and what `pt` leaves out from English: shorter tags, and English, come first.
    const rank = (tag: string): number => (tag === fallbackLanguage ? 0 : tag.length);
    for (const tag of [...replaced.keys()].sort((one, other) => rank(one) - rank(other))) {
      const base = texts.get(matchLanguage([tag], [...texts.keys()])) ?? own.en;
      texts.set(tag, mergeTexts(base, replaced.get(tag) ?? {}));
    }
    this.languages = [...texts.keys()];
    this.#texts = texts;
  }

  /** The texts in the language that serves the first possible one of `wanted` (BCP 47 tags, best first). */
  closest(wanted: readonly string[]): LocalTexts<T> {
    const language = matchLanguage(wanted, this.languages);
    return { language, texts: this.in(language), languages: this.languages };
  }

  /** @throws for a language that the page does not have. */
  in(language: string): T {
    const texts = this.#texts.get(language);
    if (texts === undefined) throw new Error(`The page has no texts in ${language}.`);
    return texts;
  }
}
