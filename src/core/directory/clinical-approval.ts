/** The approval of a clinician by an admin, the operator or staff. It gives rights, so the user's email must be proved. */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { proofFault } from './proof.ts';
import type { User } from './user.ts';
import { applyChanges } from './user-lifecycle.ts';
import type { UserRef } from './user-store.ts';

/**
 * Approves a user as clinical, and shows the user as such; a second time changes nothing. Refuses with `forbidden`,
 * `not_found` (user), and `invalid_fields` for a user whose email was never proved.
 */
export async function approveClinical(
  core: Core,
  principal: Principal,
  input: { readonly ref: UserRef | null },
): Promise<User> {
  authorize(principal, 'care.manage');
  const { ref } = input;
  return core.work.change(principal.orgKey, async (tx) => {
    const user = ref === null ? null : await tx.users.lock(ref);
    if (user === null) throw refuse('not_found', { noun: 'user' });
    const fault = proofFault(user);
    refuseFaults(fault === null ? [] : [fault]);
    const changes = { isClinical: true, isClinicalApproved: true };
    return applyChanges(core, tx, principal, user, changes, 'user.clinical_approved');
  });
}
