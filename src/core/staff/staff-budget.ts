/**
 * Counts what one staff account does in an hour, whatever its role allows: so a stolen session, or a curious reader, takes a bounded
 * number of people with it. The command line has no such limit.
 */
import type { Principal } from '../access/principal.ts';
import { staffSubject } from '../access/subject.ts';
import { refuseWait } from '../access/throttle.ts';
import type { Core } from '../core.ts';
import type { Tx } from '../unit-of-work.ts';
import { requireFreshFactor } from './authenticate-staff.ts';
import type { StaffLimits } from './staff-limits.ts';

/** A step: counts a look at masked fields. Refuses with `fresh_factor_required`, and with `rate_limited` above the last limit. */
export async function countLook(core: Core, tx: Tx, principal: Principal): Promise<void> {
  if ((await hit(core, tx, principal, 'looks')) === null) return;
  requireFreshFactor(core, principal);
  refuseWait(await hit(core, tx, principal, 'freshLooks'));
}

/** A step: counts a plan of an act on many people. Refuses with `rate_limited`. */
export async function countBulkPlan(core: Core, tx: Tx, principal: Principal): Promise<void> {
  refuseWait(await hit(core, tx, principal, 'bulkPlans'));
}

async function hit(
  core: Core,
  tx: Tx,
  principal: Principal,
  limit: keyof StaffLimits,
): Promise<number | null> {
  if (principal.kind !== 'staff') return null;
  const subject = staffSubject(core.secrets, principal);
  return tx.throttles.hit(`staff ${limit}`, subject, [core.policy.staffLimits[limit]], core.clock.now());
}
