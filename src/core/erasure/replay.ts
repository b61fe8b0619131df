/**
 * Repeats the erasures that the ledger knows and the database does not, before anything is answered: an erased
 * person stays erased, even after an older copy has replaced the database. The whole ledger is verified before any of
 * it is repeated: where another program has changed it, nothing of it counts.
 */
import { type OwnDoor, operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { isOpen } from '../providers/revocation.ts';
import type { SystemTx, Tx } from '../unit-of-work.ts';
import { beginErasure } from './begin-erasure.ts';
import { userDigestOf } from './erasure.ts';
import { type AcceptedErasure, type CompletedErasure, type LedgerLine, otherLedger } from './ledger.ts';
import { notePosition } from './ledger-position.ts';
import { loseGrant, type MissingGrant, replayEnded, replayGrants } from './replay-grants.ts';

/** The result of a replay. */
export interface Replay {
  /** How many users were in the database again and have been erased again. */
  readonly erased: number;
  /** How many erasures were missing in the database whose users were missing too. */
  readonly remembered: number;
  /** Whether the database met this ledger for the first time, and knows another one. */
  readonly isOtherLedger: boolean;
}

/** The door in the audit events of a replay. */
const door: OwnDoor = 'ledger';
/** Lines that share a transaction. */
const pieceMax = 100;

/** What the lines read so far have led to. */
interface Progress {
  erased: number;
  remembered: number;
  /** By the id of the grant: grants that are in no file and no row, unless a later line says how they ended. */
  readonly missing: Map<string, MissingGrant>;
}

/**
 * Applies to the database what it does not know of the ledger. Throws a `LedgerError` where the ledger is not as Roster
 * wrote it. `takesOther`: the ledger may be one that the database does not know although it knows another one, as where
 * several folders share a database. Elsewhere the known one was taken away, also where a new one has no lines yet.
 */
export async function replayLedger(
  core: Core,
  { takesOther }: { readonly takesOther: boolean },
): Promise<Replay> {
  const { id } = core.ledger;
  const progress: Progress = { erased: 0, remembered: 0, missing: new Map() };
  if (id === null) return { erased: 0, remembered: 0, isOtherLedger: false };
  // In this order: of several processes that open a new folder at the same time, one may store the position of this ledger
  // between the two reads. A ledger that was known before and is not this one is another one.
  const isAnyKnown = await core.work.readSystem('operator', (tx) => tx.ledgerPositions.isAnyKnown());
  const known = await core.work.readSystem('operator', (tx) => tx.ledgerPositions.find(id));
  const isOtherLedger = isAnyKnown && known === null;
  if (isOtherLedger && !takesOther) throw otherLedger();
  for await (const piece of core.ledger.read(known)) {
    for (let at = 0; at < piece.length; at += pieceMax) {
      const lines = piece.slice(at, at + pieceMax);
      const done = await core.work.changeSystem('operator', (tx) => replayLines(core, tx, lines), {
        isExclusive: true,
      });
      addTo(progress, done);
    }
  }
  for (const grant of progress.missing.values()) {
    await core.work.change(grant.orgKey, (tx) => loseGrant(core, tx, grant));
  }
  if (known !== null) core.ledger.noteKnown(known);
  await notePosition(core);
  return { erased: progress.erased, remembered: progress.remembered, isOtherLedger };
}

/** The changes of some lines of the ledger. */
interface Replayed extends Omit<Replay, 'isOtherLedger'> {
  readonly missing: readonly MissingGrant[];
  /** Grants whose end the ledger has. */
  readonly ended: readonly string[];
  /** Erasures whose end it has. */
  readonly completed: readonly string[];
}

function addTo(progress: Progress, { erased, remembered, missing, ended, completed }: Replayed): void {
  progress.erased += erased;
  progress.remembered += remembered;
  for (const grant of missing) progress.missing.set(grant.id, grant);
  for (const id of ended) progress.missing.delete(id);
  if (progress.missing.size === 0) return;
  const done = new Set(completed);
  for (const [id, { erasureId }] of progress.missing) {
    if (done.has(erasureId)) progress.missing.delete(id);
  }
}

function orgKeyOf(line: LedgerLine): OrgKey {
  return line.kind === 'ended' ? line.grant.orgKey : line.erasure.orgKey;
}

async function replayLines(core: Core, system: SystemTx, lines: readonly LedgerLine[]): Promise<Replayed> {
  const keys = new Set(lines.map((line) => orgKeyOf(line)));
  const organizations = new Set((await system.organizations.listByKeys([...keys])).map(({ key }) => key));
  let erased = 0;
  let remembered = 0;
  const missing: MissingGrant[] = [];
  const ended: string[] = [];
  const completed: string[] = [];
  for (const line of lines) {
    const orgKey = orgKeyOf(line);
    // The restored database may be older than the organization.
    if (!organizations.has(orgKey)) continue;
    const tx = system.within(orgKey);
    switch (line.kind) {
      case 'accepted': {
        const outcome = await replayAccepted(core, tx, line.erasure);
        if (outcome === 'known') break;
        if (outcome === 'erased') erased += 1;
        if (outcome === 'remembered') remembered += 1;
        missing.push(...(await replayGrants(core, tx, line.erasure)));
        break;
      }
      case 'ended':
        await replayEnded(core, tx, line.grant);
        ended.push(line.grant.id);
        break;
      case 'completed':
        await replayCompleted(tx, line.erasure);
        completed.push(line.erasure.id);
        break;
    }
  }
  return { erased, remembered, missing, ended, completed };
}

/**
 * A step: erases the user if it is there, and inserts the erasure if it is missing. `again`: an interrupted replay
 * had come as far as this line.
 */
async function replayAccepted(
  core: Core,
  tx: Tx,
  accepted: AcceptedErasure,
): Promise<'erased' | 'remembered' | 'again' | 'known'> {
  const { id, userId, requestedAt, requestedBy, door: formerDoor } = accepted;
  const present = await tx.erasures.find(id);
  if (present !== null)
    return present.replayedAt === null || present.state === 'complete' ? 'known' : 'again';
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
 * A step: an erasure that was missing in the database together with its user keeps the receipt of the ledger. A
 * repeated one gets a new receipt.
 */
async function replayCompleted(tx: Tx, { id, completedAt, receipt }: CompletedErasure): Promise<void> {
  const erasure = await tx.erasures.lock(id);
  if (erasure === null || erasure.state !== 'running' || erasure.replayedAt === null) return;
  if (erasure.sealedTraces !== null || (await tx.revocations.listOfErasure(id)).some(isOpen)) return;
  await tx.erasures.update(erasure, { state: 'complete', completedAt, receipt });
}
