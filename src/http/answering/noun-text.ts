/**
 * Plain English for what a `not_found` is about, for contracts whose document has no word of its own: "User",
 * "API key". A noun that is new to the core needs no line here.
 */
import type { Noun } from '../../core/errors.ts';

/** The nouns for which a document has its own word. */
export type OwnNouns = Readonly<Partial<Record<Noun, string>>>;

/** The noun at the start of a sentence; `own` are the document's words, in lower case. */
export function nounText(noun: Noun, own: OwnNouns = {}): string {
  const text = (own[noun] ?? noun).replace(/^api_/, 'API ').replaceAll('_', ' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
