/**
 * Refuses calls that a page of another site may have sent with the cookie of the browser. A call that changes something needs a
 * header that no form can send, and must say that it comes from this site: `Sec-Fetch-Site` where the browser sends it, else
 * an `Origin` of this deployment or of the host that the call names.
 */
import type { Call, Route } from '../../http/contract.ts';
import { refuseHttp } from '../../http/http-refusals.ts';

export const consoleHeader = 'x-roster-console';

/** The route, which refuses calls of other sites with `cross_site` if it changes something. */
export function fromOwnSite(route: Route): Route {
  if (route.method === 'GET') return route;
  return {
    ...route,
    refusals: [...(route.refusals ?? []), 'cross_site'],
    async handle(call) {
      if (!isOwnSite(call)) throw refuseHttp('cross_site', {});
      return route.handle(call);
    },
  };
}

function isOwnSite({ headers, baseUrl }: Pick<Call, 'headers' | 'baseUrl'>): boolean {
  if (headers[consoleHeader] !== '1') return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  return from.origin === new URL(baseUrl).origin || from.host === host;
}
