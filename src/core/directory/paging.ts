/**
 * Pages by number: which slice of the total order a caller asked for. The order itself is creation time, then
 * order of creation; totals are exact. Never a silent clamp: a page outside the range is a faulty field.
 */
import type { FieldFault } from '../errors.ts';

export interface Page {
  /** From 1 to 2^53-1. */
  readonly page: number;
  /** Users a page, from 1 to 100. */
  readonly size: number;
}

/** A slice of a list with the exact number of all that match. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly page: Page;
}

export const pageSizeMax = 100;

/**
 * Reads page and size from query values as they came: absent, one text, or several.
 *
 * `names` are the contract's own words for the two, under which faults are noted.
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

/** The number of rows before a page. Exact below 2^53; above, no directory is that long. */
export function offsetOf(page: Page): number {
  return (page.page - 1) * page.size;
}

/** A whole number from 1 to `max`; the default where absent; null where it is neither. */
function readWhole(value: unknown, absent: number, max: number): number | null {
  if (value === undefined) return absent;
  if (typeof value !== 'string' || !/^\d{1,16}$/.test(value)) return null;
  const number = Number(value);
  return number >= 1 && number <= max ? number : null;
}
