/** Updates an erasure when a grant that it waits for has ended, or has not ended in time. */

import type { Core } from '../core.ts';
import type { RevocationState } from '../providers/revocation.ts';
import type { Tx } from '../unit-of-work.ts';
import { nextErasureState } from './erasure.ts';

/** A revocation that belongs to an erasure, as it is now. */
export interface SettledRevocation {
  readonly erasureId: string;
  readonly provider: string;
  readonly state: RevocationState;
  /** The provider's answer as a short code. */
  readonly outcome: string;
  readonly at: number;
}

/**
 * A step in the transaction that changes a revocation of the erasure. The first overdue grant makes the erasure
 * overdue. A grant that has ended makes it due immediately, as it may have been the last one.
 */
export async function settleRevocation(
  _core: Core,
  tx: Tx,
  { erasureId, state, at }: SettledRevocation,
): Promise<void> {
  const erasure = await tx.erasures.lock(erasureId);
  if (erasure === null || erasure.state === 'complete') return;
  const isMissed = state === 'overdue' && erasure.state === 'running';
  await tx.erasures.update(erasure, {
    state: isMissed ? nextErasureState(erasure.state, 'miss') : erasure.state,
    dueAt: at,
  });
}
