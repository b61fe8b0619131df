/**
 * What an account may do to itself in a time. Each act leaves an event in the audit log, which is kept for years, and some
 * leave other rows. Anyone can have an account, so without a limit a script fills the database.
 *
 * A change is refused beyond the limit. A sign-in and the end of a session are never refused for it, because they protect the
 * account: they are counted by the hour instead. Staff and credentials of the organization have no such limit.
 */

import { may, type Principal } from '../access/principal.ts';
import { userSubject } from '../access/subject.ts';
import { type Quota, refuseWait } from '../access/throttle.ts';
import type { Core } from '../core.ts';
import type { UserId } from '../ids.ts';
import { dayMs, hourMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { type AuditAction, record, recordCounted } from './audit-event.ts';

/** A day's acts are as many as those of this many hours. */
const dayInHours = 2;

/** The quotas of one account, from the number of acts in an hour. */
export function ownActQuotas(perHour: number): readonly Quota[] {
  return [
    { limit: perHour, windowMs: hourMs },
    { limit: perHour * dayInHours, windowMs: dayMs },
  ];
}

/** A step: counts a change that an account makes to itself. Refuses with `rate_limited`. */
export async function countOwnChange(core: Core, tx: Tx, principal: Principal): Promise<void> {
  if (isOwner(principal)) refuseWait(await hitOwnAct(core, tx, 'own_change', principal.userId));
}

/**
 * A step: records the start or the end of a session of an account; beyond the limit it counts it by the hour. `foundWait` is what
 * `findStartWait` has found in this transaction.
 */
export async function recordOwnSession(
  core: Core,
  tx: Tx,
  principal: Principal,
  action: AuditAction & ('session.started' | 'session.ended'),
  userId: UserId,
  foundWait?: number | null,
): Promise<void> {
  const wait = foundWait === undefined ? await hitOwnAct(core, tx, action, userId) : foundWait;
  if (foundWait === null) await tx.throttles.count(action, ...countOf(core, tx, userId));
  const note = wait === null ? record : recordCounted;
  await note(tx, principal, action, { kind: 'user', id: userId }, core.clock.now());
}

/** A step: the wait until one more start of a session is recorded; null for none. The caller locks the user in the same transaction. */
export function findStartWait(core: Core, tx: Tx, userId: UserId): Promise<number | null> {
  return tx.throttles.findWait('session.started', ...countOf(core, tx, userId));
}

function isOwner(principal: Principal): principal is Principal & { readonly userId: UserId } {
  return (principal.kind === 'user' || principal.kind === 'connect') && !may(principal, 'care.manage');
}

function hitOwnAct(core: Core, tx: Tx, bucket: string, userId: UserId): Promise<number | null> {
  return tx.throttles.hit(bucket, ...countOf(core, tx, userId));
}

function countOf(
  core: Core,
  tx: Tx,
  userId: UserId,
): [subject: string, quotas: readonly Quota[], now: number] {
  return [userSubject(core.secrets, tx.orgKey, userId), core.policy.ownActQuotas, core.clock.now()];
}
