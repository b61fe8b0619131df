/** The staff account that calls. */
import type { StaffPrincipal } from '../../core/access/principal.ts';
import { refuse } from '../../core/errors.ts';
import type { Call } from '../../http/contract.ts';

/** The principal; refuses with `unauthorized` on a public route. */
export function staffOf({ principal }: Call): StaffPrincipal {
  if (principal?.kind !== 'staff') throw refuse('unauthorized', {});
  return principal;
}
