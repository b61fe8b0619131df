/**
 * The English text for the noun of a `not_found`: "User", "API key". A contract may replace nouns by the words of
 * its document. A new noun of the core needs no edit here.
 */
import type { Noun } from '../../core/errors.ts';

/** The nouns that a document replaces by its own words. */
export type OwnNouns = Readonly<Partial<Record<Noun, string>>>;

/** The noun at the start of a sentence; `own` are the document's words, in lower case. */
export function nounText(noun: Noun, own: OwnNouns = {}): string {
  const text = (own[noun] ?? noun).replace(/^api_/, 'API ').replaceAll('_', ' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
