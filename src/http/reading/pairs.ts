/**
 * The pairs of a form or a query (WHATWG URL, section 5.1), in their order, for contracts with a query grammar of
 * their own: repeated names and brackets mean nothing here.
 */
import { refuse } from '../../core/errors.ts';

/** The pairs of a query. Refuses with `invalid_fields` where a percent-encoding is broken. */
export function readQueryPairs(text: string): [name: string, value: string][] {
  try {
    return readPairs(text);
  } catch {
    throw refuse('invalid_fields', { faults: [{ field: 'query', fault: 'invalid' }] });
  }
}

/** Names and values, decoded. Throws where a percent-encoding is broken. */
export function readPairs(text: string): [name: string, value: string][] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const cut = pair.indexOf('=');
      return cut < 0 ? [decode(pair), ''] : [decode(pair.slice(0, cut)), decode(pair.slice(cut + 1))];
    });
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
