/** The staff account that calls, and whether its page calls by itself. */
import type { StaffPrincipal } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { refuse } from '../../core/errors.ts';
import { getStaffSession } from '../../core/staff/authenticate-staff.ts';
import type { Call, Route, Unauthenticated } from '../../http/contract.ts';
import { Type } from '../../http/shape.ts';
import { readSessionToken } from './session-cookie.ts';

/** The principal; refuses with `unauthorized` on a public route. */
export function staffOf({ principal }: Call): StaffPrincipal {
  if (principal?.kind !== 'staff') throw refuse('unauthorized', {});
  return principal;
}

/**
 * The route, which looks at the session again if it changes something: the server sees the session before it reads the body, which
 * may come seconds later. Who was removed meanwhile, or has another role, is refused with `unauthorized` or `forbidden`.
 */
export function withPresentRole(core: Core, route: Route): Route {
  if (route.method === 'GET' || route.access === 'public') return route;
  return {
    ...route,
    async handle(call) {
      const { role } = await getStaffSession(core, readSessionToken(core, call), ['open']);
      if (role !== staffOf(call).role) throw refuse('forbidden', {});
      return route.handle(call);
    },
  };
}

const pollHeader = 'x-roster-poll';

/**
 * The operations that pages repeat to look again at what they show, all of them reads. Such a call carries a mark, and does not count
 * as activity of the reader, so a session ends 30 minutes after the reader did something, whatever page is open. With the mark, any
 * other call counts as activity.
 */
export const pollable: readonly string[] = [
  ...['getSession', 'getOverview', 'listErasures', 'getErasure', 'listOutbox'],
];

/** Whether a page makes the call by itself. */
export function isPoll({ headers, operationId }: Unauthenticated): boolean {
  return headers[pollHeader] === '1' && operationId !== null && pollable.includes(operationId);
}

/** The route, which takes the mark if pages repeat it. */
export function takesMark(route: Route): Route {
  if (!pollable.includes(route.operationId)) return route;
  const description = '`1`: the page asks by itself, so the call does not make the session last longer.';
  return { ...route, headers: Type.Object({ 'X-Roster-Poll': Type.Optional(Type.String({ description })) }) };
}
