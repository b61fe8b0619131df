/** The principal of a route that needs a credential. */
import type { Principal } from '../core/access/principal.ts';
import { refuse } from '../core/errors.ts';
import type { Call } from './contract.ts';

/** The principal; refuses with `unauthorized` on a public route, where a request may have none. */
export function callerOf(call: Call): Principal {
  if (call.principal === null) throw refuse('unauthorized', {});
  return call.principal;
}
