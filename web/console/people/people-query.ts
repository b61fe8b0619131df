/** What the address of the table says, and the call that it becomes. */
import type { PeopleQuery } from '../../../src/contracts/console/shapes/people.ts';
import type { AddressValues } from '../address.tsx';

export const filterNames = [
  ...(['status', 'role', 'appId', 'confirmed', 'proved', 'clinical', 'provider'] as const),
  ...(['createdFrom', 'createdTo', 'seenFrom', 'seenTo'] as const),
] as const;
export type FilterName = (typeof filterNames)[number];

/** The days of the reader's zone that the two ends of a time are. */
const dayFilters: ReadonlySet<string> = new Set(['createdFrom', 'createdTo', 'seenFrom', 'seenTo']);
const lastDays: ReadonlySet<string> = new Set(['createdTo', 'seenTo']);

export const pageSizes = [25, 50, 100] as const;

/** The page that the address names; 1 for none. */
export function pageOf({ page = '1' }: AddressValues): number {
  const number = Number(page);
  return Number.isSafeInteger(number) && number > 0 ? number : 1;
}

/** Where the list goes on, in place of a page; undefined for a list whose pages have numbers alone. */
export function afterOf(values: AddressValues): string | undefined {
  const { q = '', after = '' } = values;
  return q.trim() !== '' || isSortable(values) || after === '' ? undefined : after;
}

export function pageSizeOf({ size }: AddressValues): number {
  return pageSizes.find((each) => String(each) === size) ?? pageSizes[2];
}

/** The filters that the address sets. */
export function filtersOf(
  values: AddressValues,
): readonly { readonly name: FilterName; readonly value: string }[] {
  return filterNames.flatMap((name) => {
    const value = values[name];
    return value === undefined || value === '' ? [] : [{ name, value }];
  });
}

/** What the server finds people by, without the page. A day becomes an instant: a last day is part of what is found. */
export function searchOf(values: AddressValues): PeopleQuery {
  const filters = filtersOf(values).flatMap(({ name, value }) => {
    const given = dayFilters.has(name) ? instantOf(value, lastDays.has(name)) : value;
    return given === null ? [] : [[name, given]];
  });
  const { q = '' } = values;
  return { ...(q.trim() === '' ? {} : { q: q.trim() }), ...Object.fromEntries(filters) };
}

/** Whether the list can be turned over: the server counts it, without a text and with no filter but a status. */
export function isSortable(values: AddressValues): boolean {
  const { q = '' } = values;
  return q.trim() === '' && filtersOf(values).every(({ name }) => name === 'status');
}

/** The order that the address asks for, where the list has one. */
export function isOldestFirst(values: AddressValues): boolean {
  return values['sort'] === 'oldest' && isSortable(values);
}

/** Null for a text that is no day. */
function instantOf(day: string, isLast: boolean): string | null {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  if (year === undefined) return null;
  const instant = new Date(Number(year), Number(month) - 1, Number(date) + (isLast ? 1 : 0));
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString();
}
