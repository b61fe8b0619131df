/**
 * Pronouns that name no one. A text says which of caller, client, person, user, operator or member of staff it means.
 * A few places are left where each of them is meant, so this rule counts over the whole project.
 */
import { describeFinding } from './rules.ts';
import { lineOf, type SourceFile } from './source.ts';

/** Most such words that the program and its documentation may hold together. */
export const vagueWordsMax = 40;

const vagueWord = /\b(?:whoever|somebody|anybody|nobody|everybody)\b/gi;

/** Where such words stand in the program and its documentation: `docs/states.md:3 nobody`. */
export function vagueWords(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => /^(?:src|web|docs)\//.test(path) || path === 'README.md')
    .flatMap(({ path, text }) =>
      [...text.matchAll(vagueWord)].map(({ 0: message, index }) =>
        describeFinding({ path, line: lineOf(text, index), message }),
      ),
    );
}
