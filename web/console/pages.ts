/**
 * Every page of the console: its address below `/console`, who sees it, and the file that draws it, which the browser loads
 * when the page is opened. The frame makes the navigation and the command palette from this list, so a new page is one line
 * here, and one name in the texts.
 */
import type { ComponentType } from 'react';
import type { Ability } from './abilities.ts';
import type { IconName } from './parts/icon.tsx';
import type { Texts } from './texts/en.ts';

export interface ConsolePage {
  /** `$name` is a part of the address that the page reads with `useParams`. */
  readonly path: `/${string}`;
  readonly name: keyof Texts['pages'];
  /** What a reader needs to see it; null for every reader. */
  readonly ability: Ability | null;
  /** Its place in the navigation; absent for a page that another page leads to, such as one person. */
  readonly icon?: IconName;
  /** The key after `g` that opens it. */
  readonly key?: string;
  /** Only in development. */
  readonly isDevelopment?: boolean;
  readonly load: () => Promise<{ readonly Page: ComponentType }>;
}

export const consolePages: readonly ConsolePage[] = [
  {
    ...{ path: '/people', name: 'people', ability: 'console.people.read', icon: 'people', key: 'p' },
    load: () => import('./people/people-page.tsx'),
  },
  {
    ...{ path: '/people/$id', name: 'person', ability: 'console.people.read' },
    load: () => import('./person/person-page.tsx'),
  },
  {
    ...{ path: '/overview', name: 'overview', ability: 'console.overview.read', icon: 'overview', key: 'o' },
    load: () => import('./overview/overview-page.tsx'),
  },
  {
    ...{
      path: '/erasures',
      name: 'erasures',
      ability: 'console.erasures.manage',
      icon: 'erasures',
      key: 'e',
    },
    load: () => import('./erasures/erasures-page.tsx'),
  },
  {
    ...{ path: '/erasures/$id', name: 'erasure', ability: 'console.erasures.manage' },
    load: () => import('./erasures/erasure-page.tsx'),
  },
  {
    ...{ path: '/keys', name: 'keys', ability: 'console.keys.manage', icon: 'keys', key: 'k' },
    load: () => import('./keys/keys-page.tsx'),
  },
  {
    ...{ path: '/record', name: 'record', ability: 'console.record.read', icon: 'record', key: 'r' },
    load: () => import('./record/record-page.tsx'),
  },
  {
    ...{ path: '/outbox', name: 'outbox', ability: 'console.outbox.read', icon: 'outbox', key: 'b' },
    isDevelopment: true,
    load: () => import('./outbox/outbox-page.tsx'),
  },
  {
    ...{ path: '/staff', name: 'staff', ability: 'console.staff.manage', icon: 'staff', key: 's' },
    load: () => import('./staff/staff-page.tsx'),
  },
  {
    ...{ path: '/account', name: 'account', ability: null },
    load: () => import('./staff/account-page.tsx'),
  },
];

/** Where `/console` leads. */
export const firstPage = '/people';

/** The page at this address below `/console`. */
export function pageAt(pathname: string): ConsolePage | undefined {
  const given = pathname.replace(/\/$/, '').split('/');
  return consolePages.find(({ path }) => {
    const wanted = path.split('/');
    return (
      wanted.length === given.length && wanted.every((part, at) => part.startsWith('$') || part === given[at])
    );
  });
}
