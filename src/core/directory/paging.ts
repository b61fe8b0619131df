/**
 * Pages of a list by number. The order is creation time, then order of creation; totals are exact. A page or a size
 * outside its range is a field fault; it is never changed silently.
 */
import type { FieldFault } from '../errors.ts';

export interface Page {
  /** From 1 to 2^53-1. */
  readonly page: number;
  /** Users a page, from 1 to 100. */
  readonly size: number;
}

/** One page of a list, with the exact number of all items that match. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly page: Page;
}

export const pageSizeMax = 100;

/**
 * Reads page and size from query values as the client sent them: absent, one text, or several.
 *
 * `names` are the contract's names of the two, which faults use.
 */
export function readPage(
  query: Readonly<Record<string, unknown>>,
  names: { readonly page: string; readonly size: string },
  defaultSize: number,
): { page: Page; faults: readonly FieldFault[] } {
  const page = readWhole(query[names.page], 1, Number.MAX_SAFE_INTEGER);
  const size = readWhole(query[names.size], defaultSize, pageSizeMax);
  const faults: FieldFault[] = [];
  if (page === null) {
    faults.push({ field: names.page, fault: 'out_of_range', min: 1, max: Number.MAX_SAFE_INTEGER });
  }
  if (size === null) faults.push({ field: names.size, fault: 'out_of_range', min: 1, max: pageSizeMax });
  return { page: { page: page ?? 1, size: size ?? defaultSize }, faults };
}

/** The number of rows before a page. Exact below 2^53; no directory is longer. */
export function offsetOf(page: Page): number {
  return (page.page - 1) * page.size;
}

/** A whole number from 1 to `max`; the default for an absent value; null for any other value. */
function readWhole(value: unknown, absent: number, max: number): number | null {
  if (value === undefined) return absent;
  if (typeof value !== 'string' || !/^\d{1,16}$/.test(value)) return null;
  const number = Number(value);
  return number >= 1 && number <= max ? number : null;
}
