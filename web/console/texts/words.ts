/** The words for what the server names by codes, in the reader's language. */
import { pageTexts } from './texts.tsx';
import { words as english } from './words-en.ts';
import { words as spanish } from './words-es.ts';

export const useWords = pageTexts(english, spanish);

/** The word for a code. A code without a word, such as one of a newer server, is shown as it is. */
export function wordOf(words: Readonly<Record<string, string>>, code: string): string {
  return (Object.hasOwn(words, code) ? words[code] : undefined) ?? code;
}
