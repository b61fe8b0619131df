/** Deletes a person whom staff has confirmed by typing what names the account. The deletion is that of every other door. */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { deleteUser } from '../directory/user-lifecycle.ts';
import type { UserRef } from '../directory/user-store.ts';
import { refuse } from '../errors.ts';
import { requireFreshFactor } from '../staff/authenticate-staff.ts';
import { confirmationOf } from './person.ts';
import { actionOf } from './person-act.ts';

/**
 * Returns the id of the erasure. Refuses with `forbidden`, `fresh_factor_required`, `not_found` (user), `last_admin`, and
 * `invalid_fields` where the confirmation is not that of the user.
 */
export async function deletePerson(
  core: Core,
  principal: Principal,
  input: { readonly ref: UserRef | null; readonly confirmation: unknown },
): Promise<{ readonly erasureId: string }> {
  authorize(principal, actionOf('delete'));
  requireFreshFactor(core, principal);
  return deleteUser(core, principal, {
    ref: input.ref,
    precondition: (user) => {
      const { confirmation } = input;
      const isSame = typeof confirmation === 'string' && confirmation.trim() === confirmationOf(user);
      if (!isSame) throw refuse('invalid_fields', { faults: [{ field: 'confirmation', fault: 'differs' }] });
    },
  });
}
