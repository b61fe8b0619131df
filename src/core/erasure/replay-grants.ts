/**
 * Restores the grants of repeated erasures. The restored database may know an older form of a grant, or none. The
 * file beside the ledger is as new as the acceptance of the erasure, and a line of the ledger says which grants
 * have ended. A grant that is found nowhere does not count as ended: the receipt says `unconfirmed`, with
 * `grant_lost`.
 */

import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { isOpen } from '../providers/revocation.ts';
import type { Tx } from '../unit-of-work.ts';
import type { AcceptedErasure, EndedGrant, NamedGrant } from './ledger.ts';

/** The outcome in the receipt of a grant that is found nowhere. */
const lost = 'grant_lost';

/** A grant that is in no row and no file. It is lost unless a later line of the ledger says how it ended. */
export interface MissingGrant extends NamedGrant {
  readonly orgKey: OrgKey;
  readonly erasureId: string;
}

/**
 * A step: makes the erasure wait again for each of its grants; returns the missing ones. The provider may have
 * renewed a grant since the backup, so each counts as one whose last answer was lost.
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

/** A step: marks a grant as ended as the ledger says, where an erasure waits for it. */
export async function replayEnded(core: Core, tx: Tx, grant: EndedGrant): Promise<void> {
  const erasure = await tx.erasures.lock(grant.erasureId);
  if (erasure === null || erasure.state === 'complete') return;
  await end(core, tx, grant, grant);
}

/** A step: marks a missing grant as abandoned: nothing can end it any more, or tell whether it has ended. */
export async function loseGrant(core: Core, tx: Tx, grant: MissingGrant): Promise<void> {
  const erasure = await tx.erasures.lock(grant.erasureId);
  if (erasure === null || erasure.state === 'complete') return;
  if ((await tx.revocations.find(grant.id)) !== null) return;
  await end(core, tx, grant, { state: 'abandoned', outcome: lost, endedAt: core.clock.now() });
}

/** A step: stores how the grant ended in its row, and inserts the row where there is none. */
async function end(
  core: Core,
  tx: Tx,
  { id, connectionId, provider, erasureId }: NamedGrant & { readonly erasureId: string },
  { state, outcome, endedAt }: Pick<EndedGrant, 'state' | 'outcome' | 'endedAt'>,
): Promise<void> {
  if ((await tx.revocations.find(id)) === null) {
    // A new row is open and needs a grant; it ends in this same transaction.
    const now = core.clock.now();
    const nothing = { sealedGrant: '', unanswered: 0, nextAttemptAt: now, createdAt: now };
    await tx.revocations.insert({ id, connectionId, provider, erasureId, ...nothing });
  }
  const revocation = await tx.revocations.find(id);
  if (revocation === null || !isOpen(revocation)) return;
  await tx.revocations.update(revocation, { erasureId, state, outcome, endedAt, sealedGrant: null });
}
