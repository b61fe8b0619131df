/** What becomes of an erasure when a grant that it waits for has ended, or has not ended in time. */
import type { RevocationState } from '../connections/revocation.ts';
import type { Core } from '../core.ts';
import type { Tx } from '../unit-of-work.ts';

/** A revocation that belongs to an erasure, as it is now. */
export interface SettledRevocation {
  readonly erasureId: string;
  readonly provider: string;
  readonly state: RevocationState;
  /** A short code for what the provider said. */
  readonly outcome: string;
  readonly at: number;
}

/** A step: called in the transaction that changes a revocation of the erasure. */
export async function settleRevocation(_core: Core, _tx: Tx, _revocation: SettledRevocation): Promise<void> {}
