/** Who calls a route that asks for a credential. */
import type { Principal } from '../core/access/principal.ts';
import { refuse } from '../core/errors.ts';
import type { Call } from './contract.ts';

/** The principal; refuses with `unauthorized` where the route is public and nobody showed a credential. */
export function callerOf(call: Call): Principal {
  if (call.principal === null) throw refuse('unauthorized', {});
  return call.principal;
}
