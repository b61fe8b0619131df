/**
 * Writes the files of open grants again that are missing in the data folder, or cannot be read, while the database still has the
 * grants. Without their files an older backup would know neither the grants nor, later, that they have ended.
 */
import type { Core } from '../core.ts';
import { listOpenGrants } from './accept-erasures.ts';
import type { OpenGrant } from './ledger.ts';

/** Open erasures that are looked at; the rest has its turn at a later start. */
const erasuresMax = 100_000;

/** How many files were missing. It looks at the erasures that this folder's ledger has accepted. */
export async function mendGrants(core: Core): Promise<number> {
  const { ledger } = core;
  if (ledger.id === null) return 0;
  const { open, isOnlyLedger } = await core.work.readSystem('job', async (tx) => ({
    open: [
      ...(await tx.erasures.list('running', erasuresMax)),
      ...(await tx.erasures.list('overdue', erasuresMax)),
    ],
    isOnlyLedger: (await tx.ledgerPositions.listIds()).every((id) => id === ledger.id),
  }));
  let missing = 0;
  for (const { orgKey, id } of open) {
    if (!isOnlyLedger && !ledger.hasAccepted(id)) continue;
    const grants = await core.work.read(orgKey, (tx) => listOpenGrants(tx, id));
    const lost: OpenGrant[] = [];
    for (const grant of grants) if ((await ledger.grants.find(grant.id)) === null) lost.push(grant);
    await ledger.grants.drop(lost.map((grant) => grant.id));
    await ledger.grants.keep(lost);
    missing += lost.length;
  }
  return missing;
}
