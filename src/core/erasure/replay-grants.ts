/**
 * The grants of erasures that are done again. The restored database may know a grant in a former form, or not at
 * all; what lies beside the ledger is as new as the acceptance of the erasure, and what the ledger calls ended is.
 * What cannot be found anywhere is not called ended: the receipt says `unconfirmed`, with `grant_lost`.
 */

import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { isOpen } from '../providers/revocation.ts';
import type { Tx } from '../unit-of-work.ts';
import type { AcceptedErasure, EndedGrant, NamedGrant } from './ledger.ts';

/** What stands in the receipt for a grant that nobody knows any more. */
const lost = 'grant_lost';

/** A grant that neither the database nor the folder knows; unless the ledger tells its end further on, it is lost. */
export interface MissingGrant extends NamedGrant {
  readonly orgKey: OrgKey;
  readonly erasureId: string;
}

/**
 * A step: every grant that the erasure waited for is waited for again. Those that are missing are the answer. As
 * after every restore, what the provider may have renewed since is not known, and counts as an answer that was lost.
 */
export async function replayGrants(
  core: Core,
  tx: Tx,
  { id: erasureId, grants = [] }: AcceptedErasure,
): Promise<readonly MissingGrant[]> {
  const missing: MissingGrant[] = [];
  for (const { id, connectionId, provider } of grants) {
    const revocation = await tx.revocations.find(id);
    if (revocation !== null && !isOpen(revocation)) continue;
    const kept = await core.ledger.grants.find(id);
    if (kept === null) {
      if (revocation === null)
        missing.push({ orgKey: tx.orgKey, erasureId, ...{ id, connectionId, provider } });
      continue;
    }
    const { sealedGrant } = kept;
    const unanswered = kept.unanswered + 1;
    if (revocation !== null) {
      await tx.revocations.update(revocation, { erasureId, sealedGrant, unanswered });
      continue;
    }
    const now = core.clock.now();
    const known = { id, connectionId, provider, erasureId, sealedGrant, unanswered };
    await tx.revocations.insert({ ...known, nextAttemptAt: now, createdAt: now });
  }
  return missing;
}

/** A step: a grant of which the ledger tells the end has ended, where something waits for it. */
export async function replayEnded(core: Core, tx: Tx, grant: EndedGrant): Promise<void> {
  const erasure = await tx.erasures.lock(grant.erasureId);
  if (erasure === null || erasure.state === 'complete') return;
  await end(core, tx, grant, grant);
}

/** A step: nobody can end the grant any more, nor say that it has. */
export async function loseGrant(core: Core, tx: Tx, grant: MissingGrant): Promise<void> {
  const erasure = await tx.erasures.lock(grant.erasureId);
  if (erasure === null || erasure.state === 'complete') return;
  if ((await tx.revocations.find(grant.id)) !== null) return;
  await end(core, tx, grant, { state: 'abandoned', outcome: lost, endedAt: core.clock.now() });
}

/** A step: the row of the grant says how it ended; it is made where there is none. */
async function end(
  core: Core,
  tx: Tx,
  { id, connectionId, provider, erasureId }: NamedGrant & { readonly erasureId: string },
  { state, outcome, endedAt }: Pick<EndedGrant, 'state' | 'outcome' | 'endedAt'>,
): Promise<void> {
  if ((await tx.revocations.find(id)) === null) {
    // A row begins open, and an open one has a grant; it ends in this same transaction.
    const now = core.clock.now();
    const nothing = { sealedGrant: '', unanswered: 0, nextAttemptAt: now, createdAt: now };
    await tx.revocations.insert({ id, connectionId, provider, erasureId, ...nothing });
  }
  const revocation = await tx.revocations.find(id);
  if (revocation === null || !isOpen(revocation)) return;
  await tx.revocations.update(revocation, { erasureId, state, outcome, endedAt, sealedGrant: null });
}
