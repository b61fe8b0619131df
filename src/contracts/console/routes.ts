/** Every route of the console, a file for each subject. */
import type { Core } from '../../core/core.ts';
import type { Route } from '../../http/contract.ts';
import { fromOwnSite } from './own-site.ts';
import { sessionRoutes } from './session-routes.ts';

/** The beginning of every path; the pages have all others below `/console`. */
export const apiPath = '/api/v1';

export function routes(core: Core): readonly Route[] {
  return [...sessionRoutes(core)].map((route) => fromOwnSite({ ...route, path: `${apiPath}${route.path}` }));
}
