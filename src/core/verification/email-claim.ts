/**
 * An email that a person only claims: it was given at a sign-up and never proved. A claim blocks no invitation, because
 * the person who accepts the invitation proves the address.
 */
import type { Principal } from '../access/principal.ts';
import { emailSubject } from '../access/subject.ts';
import type { Core } from '../core.ts';
import { isClaim, isSameEmail } from '../directory/proof.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';

/**
 * A step: takes the email from a user who only claims it, where there is one. That user keeps the account and its
 * sessions, and loses the links and codes that went to the address. The database decides afterwards whether the email
 * is free.
 */
export async function releaseClaim(core: Core, tx: Tx, principal: Principal, email: string): Promise<void> {
  const found = await tx.users.findByEmail(email);
  if (found === null || !isClaim(found)) return;
  const holder = await tx.users.lock({ id: found.id });
  // Before the lock, the holder may have proved the email or changed it.
  if (holder === null || !isClaim(holder) || !isSameEmail(holder.email, email)) return;
  const now = core.clock.now();
  await tx.users.update(holder, { email: null, updatedAt: now });
  await tx.passwordTokens.drop(holder.id);
  await tx.emailTokens.drop(holder.id);
  if (holder.phoneE164 === null) await tx.codes.drop(holder.id);
  await tx.throttles.clearFailures(emailSubject(core.secrets, tx.orgKey, email));
  await record(tx, principal, 'user.email_released', { kind: 'user', id: holder.id }, now);
}
