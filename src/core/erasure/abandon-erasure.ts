/**
 * Stops waiting for a provider that never confirms: an operator's decision, with a reason that the receipt states.
 * The grants are dropped unconfirmed, so nothing can end them any more.
 */
import { type Door, operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { readText } from '../directory/user-fields.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { isOpen, nextRevocationState } from '../providers/revocation.ts';
import { record } from '../record/audit-event.ts';
import type { SystemTx } from '../unit-of-work.ts';
import type { Erasure } from './erasure.ts';

/**
 * Drops every grant that the erasure still waits for, which lets it complete; returns the providers that never
 * confirmed. Refuses with `not_found` (erasure), `invalid_fields` (the reason), and `wrong_state` where it waits
 * for no grant.
 */
export async function abandonErasure(
  core: Core,
  door: Door,
  input: { readonly id: string; readonly reason: string },
): Promise<{ readonly erasure: Erasure; readonly providers: readonly string[] }> {
  const result = readText(input.reason);
  if (!('value' in result)) {
    refuseFaults([{ field: 'reason', ...result }]);
    throw refuse('internal', {});
  }
  const abandon = async (system: SystemTx) => {
    const found = await system.erasures.find(input.id);
    if (found === null) throw refuse('not_found', { noun: 'erasure' });
    const tx = system.within(found.orgKey);
    const open = (await tx.revocations.listOfErasure(found.id)).filter(isOpen);
    const erasure = await tx.erasures.lock(found.id);
    if (erasure === null) throw refuse('not_found', { noun: 'erasure' });
    if (erasure.state === 'complete' || open.length === 0) {
      throw refuse('wrong_state', { from: erasure.state, to: 'abandon' });
    }
    const now = core.clock.now();
    for (const revocation of open) {
      const state = nextRevocationState(revocation.state, 'abandon');
      // Another process is trying this revocation right now; its result comes first.
      const isOurs = await tx.revocations.update(revocation, { state, sealedGrant: null, endedAt: now });
      if (!isOurs) throw refuse('unavailable', { retryAfterSeconds: 1 });
    }
    const changes = { abandonReason: result.value, dueAt: now };
    await tx.erasures.update(erasure, changes);
    const subject = { kind: 'erasure', id: erasure.id } as const;
    await record(tx, operatorAt(door, tx.orgKey), 'erasure.abandoned', subject, now);
    const providers = [...new Set(open.map(({ provider }) => provider))];
    return { erasure: { ...erasure, ...changes }, providers };
  };
  return core.work.changeSystem('operator', abandon, { isExclusive: true });
}
