/**
 * The state of a page in its address: `?status=active&page=3`. Values are texts, absent ones are left out, so that an address
 * can be read, written by hand and shared.
 */
import { Link, useLocation, useNavigate, useParams, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { toQuery } from './api.ts';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The step before leads to the former part of the same list. */
    isOnward?: boolean;
  }
}

export type AddressValues = Readonly<Record<string, string>>;

export function parseValues(text: string): AddressValues {
  return Object.fromEntries(new URLSearchParams(text));
}

export function writeValues(values: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [[name, String(value)]],
  );
  return toQuery(Object.fromEntries(texts));
}

/** The values after the `?`. */
export function useAddressValues(): AddressValues {
  return parseValues(useLocation().searchStr);
}

/** The part of the address with this name, such as the id in `/people/$id`. */
export function useAddressPart(name: string): string {
  const parts: Readonly<Record<string, string | undefined>> = useParams({ strict: false });
  return parts[name] ?? '';
}

export interface GoOptions {
  readonly values?: Readonly<Record<string, string | undefined>>;
  /** Without a new step in the history. */
  readonly isReplaced?: boolean;
  /** Goes on in a list, so that `useWayBack` leads back. */
  readonly isOnward?: boolean;
}

/** Opens a page of the console: `go('/people', { values: { q: 'ada' } })`. */
export function useGo(): (path: string, options?: GoOptions) => void {
  const navigate = useNavigate();
  return (path, { values = {}, isReplaced = false, isOnward = false } = {}) => {
    void navigate({ to: path, search: values, replace: isReplaced, state: isOnward ? { isOnward } : {} });
  };
}

/** Back to the part of the list from which the reader went on; null where the reader came otherwise. */
export function useWayBack(): (() => void) | null {
  const { history } = useRouter();
  const { state } = useLocation();
  return state.isOnward === true ? () => history.back() : null;
}

/** Changes some values of the present address; an empty text or `undefined` removes one. */
export function useSetValues(): (
  changes: Readonly<Record<string, string | undefined>>,
  options?: Omit<GoOptions, 'values'>,
) => void {
  const { pathname, searchStr, state } = useLocation();
  const go = useGo();
  return (changes, options) => {
    const merged = Object.entries({ ...parseValues(searchStr), ...changes });
    const values = Object.fromEntries(merged.filter(([, value]) => value !== undefined && value !== ''));
    const isOnward = options?.isReplaced === true && state.isOnward === true;
    go(pathname, { isOnward, ...options, values });
  };
}

export interface PageLinkProps {
  /** Below `/console`. */
  readonly to: string;
  readonly values?: Readonly<Record<string, string | undefined>>;
  readonly className?: string;
  readonly title?: string;
  readonly tabIndex?: number;
  readonly children: ReactNode;
}

/** A link to a page of the console. The page's program is loaded when the pointer rests on it. */
export function PageLink({ to, values = {}, ...others }: PageLinkProps) {
  return <Link to={to} search={values} preload="intent" {...others} />;
}
