/** Which page an address shows. The routes come from the list in `pages.ts`. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { parseValues, writeValues } from './address.tsx';
import { NotFound, RootPage } from './frame/root-page.tsx';
import { StoppedPage } from './frame/stopped-page.tsx';
import { consolePages, firstPage } from './pages.ts';

const root = createRootRoute({ component: RootPage, notFoundComponent: NotFound });

/** `RootPage` draws these two before there is a session. */
const withoutSession = ['/sign-in', '/enrol'].map((path) =>
  createRoute({ getParentRoute: () => root, path, component: () => null }),
);

const first = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad() {
    throw redirect({ to: firstPage, replace: true });
  },
});

const pages = consolePages.map(({ path, load }) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load, 'Page') }),
);

export const router = createRouter({
  routeTree: root.addChildren([first, ...withoutSession, ...pages]),
  basepath: '/console',
  parseSearch: parseValues,
  stringifySearch: writeValues,
  defaultErrorComponent: StoppedPage,
  defaultPendingMs: 300,
});
