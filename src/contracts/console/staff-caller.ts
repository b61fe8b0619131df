/** The staff account that calls. */
import type { StaffPrincipal } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { refuse } from '../../core/errors.ts';
import { getStaffSession } from '../../core/staff/authenticate-staff.ts';
import type { Call, Route } from '../../http/contract.ts';
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
