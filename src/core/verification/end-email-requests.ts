/**
 * Ends requests that are seven days old: nobody has proved the address. A user who has never been confirmed, has no rights
 * and signed up in person is erased with the request, as any deletion erases. Other users keep the account without an email.
 */
import { operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { changeUser } from '../directory/user-change.ts';
import { beginErasure } from '../erasure/begin-erasure.ts';
import { eraseAccepted } from '../erasure/erase-accepted.ts';
import type { BegunErasure } from '../erasure/ledger.ts';
import { record } from '../record/audit-event.ts';
import { emailRequestLifeMs, withoutEmailRequest } from './requested-email.ts';

/** Ends at most `limit` requests; returns how many were due. */
export async function endEmailRequests(core: Core, limit: number): Promise<number> {
  const until = core.clock.now() - emailRequestLifeMs;
  const due = await core.work.readSystem('job', (tx) => tx.emailRequests.list(until, limit));
  for (const [orgKey, own] of Map.groupBy(due, (each) => each.orgKey)) {
    const principal = operatorAt('job', orgKey);
    await eraseAccepted(core, (take) =>
      core.work.change(orgKey, async (tx) => {
        const erasures: BegunErasure[] = [];
        for (const { id } of own) {
          const user = await tx.users.lock({ id });
          // Since the list was read, the address may have been proved or another one requested.
          if (user?.emailRequestedAt == null || user.emailRequestedAt > until) continue;
          if (isNeverUsed(user)) {
            erasures.push(await beginErasure(core, tx, principal, user));
            continue;
          }
          const now = core.clock.now();
          await changeUser(core, tx, user, { ...withoutEmailRequest(user), updatedAt: now });
          await tx.emailTokens.drop(id);
          await record(tx, principal, 'user.email_released', { kind: 'user', id }, now);
        }
        take(erasures);
        return { begun: erasures };
      }),
    );
  }
  return due.length;
}

function isNeverUsed(user: User): boolean {
  const hasRights = user.role !== 'parent' || user.isClinicalApproved;
  const isKnown = user.externalId !== null || user.confirmedAt !== null || user.wasActive;
  return user.isSelfRegistered && user.status === 'pending' && !isKnown && !hasRights;
}
