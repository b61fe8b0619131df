/**
 * What was erased stays erased, also where the database was replaced by a copy of former times: whatever the ledger
 * knows and the database does not is done again, before anything is answered. A database that knows its ledger to
 * the end costs nothing but a look at where the ledger ends.
 */
import { operatorAt } from '../access/api-key-lifecycle.ts';
import type { Core } from '../core.ts';
import type { SystemTx, Tx } from '../unit-of-work.ts';
import { beginErasure } from './begin-erasure.ts';
import { userDigestOf } from './erasure.ts';
import type { AcceptedErasure, CompletedErasure, LedgerLine } from './ledger.ts';

/** What a replay did. */
export interface Replay {
  /** People who were in the database again and are erased again. */
  readonly erased: number;
  /** Erasures that the database had forgotten, of people whom it did not know either. */
  readonly remembered: number;
}

/** Stands in the record of what is done here. */
const door = 'ledger';
/** Lines that share a transaction. */
const pieceMax = 100;

/** Brings the database to where the ledger is. */
export async function replayLedger(core: Core): Promise<Replay> {
  const { id } = core.ledger;
  if (id === null) return { erased: 0, remembered: 0 };
  const known = await core.work.readSystem('operator', (tx) => tx.ledgerPlaces.find(id));
  let erased = 0;
  let remembered = 0;
  let end = known;
  for await (const piece of core.ledger.read(known ?? 0)) {
    for (let at = 0; at < piece.lines.length; at += pieceMax) {
      const lines = piece.lines.slice(at, at + pieceMax);
      const done = await core.work.changeSystem('operator', (tx) => replayLines(core, tx, lines));
      erased += done.erased;
      remembered += done.remembered;
    }
    end = piece.end;
  }
  if (end !== null && end !== known) {
    const place = end;
    await core.work.changeSystem('operator', (tx) => tx.ledgerPlaces.put(id, place));
  }
  return { erased, remembered };
}

async function replayLines(core: Core, system: SystemTx, lines: readonly LedgerLine[]): Promise<Replay> {
  const organizations = new Set((await system.organizations.list()).map(({ key }) => key));
  let erased = 0;
  let remembered = 0;
  for (const line of lines) {
    // The copy may be older than the organization.
    if (!organizations.has(line.erasure.orgKey)) continue;
    const tx = system.within(line.erasure.orgKey);
    if (line.kind === 'completed') {
      await replayCompleted(tx, line.erasure);
      continue;
    }
    const outcome = await replayAccepted(core, tx, line.erasure);
    if (outcome === 'erased') erased += 1;
    if (outcome === 'remembered') remembered += 1;
  }
  return { erased, remembered };
}

/** A step: the person goes, if it is there; the erasure is known, if it was not. */
async function replayAccepted(
  core: Core,
  tx: Tx,
  accepted: AcceptedErasure,
): Promise<'erased' | 'remembered' | 'known'> {
  const { id, userId, requestedAt, requestedBy, door: formerDoor } = accepted;
  if ((await tx.erasures.find(id)) !== null) return 'known';
  const user = await tx.users.lock({ id: userId });
  if (user !== null) {
    await beginErasure(core, tx, operatorAt(door, tx.orgKey), user, accepted);
    return 'erased';
  }
  await tx.erasures.insert({
    ...{ id, requestedAt, requestedBy, door: formerDoor },
    userDigest: userDigestOf(userId),
    state: 'running',
    removed: {},
    sealedTraces: null,
    dueAt: requestedAt,
    abandonReason: null,
    replayedAt: core.clock.now(),
    completedAt: null,
    receipt: null,
  });
  return 'remembered';
}

/**
 * A step: an erasure that the database had forgotten with everything about it keeps the receipt that it had. One
 * that had to be done again gets a new one.
 */
async function replayCompleted(tx: Tx, { id, completedAt, receipt }: CompletedErasure): Promise<void> {
  const erasure = await tx.erasures.lock(id);
  if (erasure === null || erasure.state !== 'running' || erasure.replayedAt === null) return;
  if (erasure.sealedTraces !== null || (await tx.revocations.listOfErasure(id)).length > 0) return;
  await tx.erasures.update(erasure, { state: 'complete', completedAt, receipt });
}
