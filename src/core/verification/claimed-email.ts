/**
 * A claimed email was given at a sign-up and never proved. It blocks no invitation, because the person who accepts the
 * invitation proves the address.
 */
import type { Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { hasClaimedEmail, isSameEmail } from '../directory/proof.ts';
import { changeUser } from '../directory/user-change.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';

/**
 * A step: takes a claimed email from the user who has it, where there is one. That user keeps the account and its
 * sessions, and loses the links and codes that went to the address. The database decides afterwards whether the email
 * is free.
 */
export async function releaseClaimedEmail(
  core: Core,
  tx: Tx,
  principal: Principal,
  email: string,
): Promise<void> {
  const found = await tx.users.findByEmail(email);
  if (found === null || !hasClaimedEmail(found)) return;
  const holder = await tx.users.lock({ id: found.id });
  // Before the lock, the holder may have proved the email or changed it.
  if (holder === null || !hasClaimedEmail(holder) || !isSameEmail(holder.email, email)) return;
  const now = core.clock.now();
  await changeUser(core, tx, holder, { email: null, updatedAt: now });
  await record(tx, principal, 'user.email_released', { kind: 'user', id: holder.id }, now);
}
