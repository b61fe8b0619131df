/**
 * The way of an erasure from its beginning to its receipt, in rounds that take many at once. Each round looks a
 * second time for whatever names the persons, in rows and then in the database's files, drops what it was looking
 * for, and signs the receipts of those whose providers have all confirmed. The others wait.
 *
 * A round may end anywhere: what it has not written is due again when its lease has run out. Nothing is complete
 * before the ledger has the erasure, the traces are gone, and no grant of it is open in the transaction that says so.
 */
import { emailSubject, userSubject } from '../access/subject.ts';
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { isOpen, type Revocation } from '../providers/revocation.ts';
import type { Tx } from '../unit-of-work.ts';
import { acceptErasures, type BegunErasure, listOpenGrants, noteEndedGrants } from './accept-erasures.ts';
import {
  type Erasure,
  erasureDueMs,
  erasureLeaseMs,
  erasureWaitMs,
  type Kept,
  nextErasureState,
  type RemovedRows,
} from './erasure.ts';
import type { LedgerLine } from './ledger.ts';
import { claimsOf, type ReceiptSigner, signReceipt } from './receipt.ts';
import { ensureSigner } from './receipt-key.ts';
import { openTraces, type Traces } from './traces.ts';

/** What came of a round. */
export interface Round {
  /** How many were due and taken. */
  readonly taken: number;
  readonly completed: number;
  /** How many wait for a provider. */
  readonly waiting: number;
  /** How many are due again soon: the database's files could not be cleared yet. */
  readonly postponed: number;
  /** How many cannot be looked for: no known secret opens what they were known by. */
  readonly sealed: number;
}

const nothing: Round = { taken: 0, completed: 0, waiting: 0, postponed: 0, sealed: 0 };

/** An erasure of a round, with what is still looked for. */
interface Looking {
  readonly orgKey: OrgKey;
  readonly erasure: Erasure;
  /** Null where it has been looked before. */
  readonly traces: Traces | null;
}

/** Erasures that share a look through the files. */
const completedAtOnce = 2_000;
/** Erasures that share a transaction: others want to write in between. */
const pieceMax = 250;

/** Takes at most `limit` erasures that are due as far as they come. */
export async function advanceErasures(core: Core, limit: number): Promise<Round> {
  const { all, unopened } = await claimAll(core, limit);
  if (all.length + unopened.length === 0) return nothing;
  await inPieces(core, unopened, (tx, erasure) => leave(core, tx, erasure));
  // Who crashed after the deletion and before telling the ledger has acknowledged nothing; from here on it counts.
  await acceptErasures(core, await begunAmong(core, all));
  const found = await lookAgain(core, all);
  const remaining = await clearRemains(core, all);
  const isClear = ({ traces }: Looking): boolean =>
    traces === null || (remaining !== null && !traces.texts.some((text) => remaining.has(text)));
  const ends = await concludeAll(core, all.filter(isClear), found);
  const postponed = all.filter((looking) => !isClear(looking));
  await inPieces(core, postponed, (tx, { erasure }) => postpone(core, tx, erasure, found));
  const completed = ends.filter((end) => end !== 'waits' && end !== 'stale');
  for (const piece of piecesOf(completed)) await core.ledger.append(piece);
  await notePosition(core);
  return {
    taken: all.length + unopened.length,
    completed: completed.length,
    waiting: ends.filter((end) => end === 'waits').length,
    postponed: postponed.length + ends.filter((end) => end === 'stale').length,
    sealed: unopened.length,
  };
}

/** Takes erasures that are due, round by round, until the rest waits for somebody else. */
export async function completeErasures(core: Core): Promise<void> {
  for (;;) {
    const { taken, postponed } = await advanceErasures(core, completedAtOnce);
    if (taken < completedAtOnce || postponed > 0) return;
  }
}

/**
 * Notes how far the ledger is known, so that the next start has little to read. Whatever stands in the ledger by now
 * was committed before; a place within a line that is being written is as good as one behind it.
 */
export async function notePosition(core: Core): Promise<void> {
  const { id } = core.ledger;
  if (id === null) return;
  const length = await core.ledger.length();
  await core.work.changeSystem('job', (tx) => tx.ledgerPositions.put(id, length));
}

/** Takes what is due, and opens what can be opened, a piece at a time: whoever else wants something comes in between. */
async function claimAll(core: Core, limit: number): Promise<{ all: Looking[]; unopened: Erasure[] }> {
  const all: Looking[] = [];
  const unopened: Erasure[] = [];
  for (let left = limit; left > 0; ) {
    const asked = Math.min(left, pieceMax);
    const claimed = await core.work.changeSystem('job', (tx) =>
      tx.erasures.claim(core.clock.now(), erasureLeaseMs, asked),
    );
    for (const erasure of claimed) {
      const looking = lookingAt(core, erasure);
      if (looking === null) unopened.push(erasure);
      else all.push(looking);
    }
    left = claimed.length < asked ? 0 : left - asked;
  }
  return { all, unopened };
}

/** Null where the traces cannot be opened: the erasure stays what it is, for all to see, until somebody has the secret. */
function lookingAt(core: Core, erasure: Erasure): Looking | null {
  try {
    const { orgKey } = erasure;
    return { orgKey, erasure, traces: openTraces(core.secrets, erasure) };
  } catch {
    return null;
  }
}

/** Those that may have begun without the ledger having been told. */
async function begunAmong(core: Core, all: readonly Looking[]): Promise<readonly BegunErasure[]> {
  const begun: BegunErasure[] = [];
  for (const { orgKey, erasure, traces } of all) {
    const { id, requestedAt, requestedBy, door } = erasure;
    if (traces === null || core.ledger.hasAccepted(id)) continue;
    const grants = await core.work.read(orgKey, (tx) => listOpenGrants(tx, id));
    begun.push({ orgKey, id, userId: traces.userId, requestedAt, requestedBy, door, grants });
  }
  return begun;
}

/**
 * Runs a step for each, in transactions of bounded size, an organization at a time; what the steps gave. A step may
 * run several times for one outcome.
 */
async function inPieces<S extends { readonly orgKey: OrgKey }, T>(
  core: Core,
  all: readonly S[],
  step: (tx: Tx, subject: S) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const [orgKey, own] of Map.groupBy(all, (subject) => subject.orgKey)) {
    for (const piece of piecesOf(own)) {
      const given = await core.work.change(
        orgKey,
        (tx) => Promise.all(piece.map((subject) => step(tx, subject))),
        { isConfined: true },
      );
      results.push(...given);
    }
  }
  return results;
}

function* piecesOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += pieceMax) yield all.slice(at, at + pieceMax);
}

/** The second pass over the rows: what was found after all, by erasure. */
async function lookAgain(core: Core, all: readonly Looking[]): Promise<ReadonlyMap<string, RemovedRows>> {
  const found = await inPieces(core, all, async (tx, { erasure, traces }) => {
    const removed = traces === null ? {} : await sweep(core, tx, traces);
    return [erasure.id, removed] as const;
  });
  return new Map(found);
}

/** A step: removes what names the person. An address that is somebody's again is no trace of who had it before. */
async function sweep(core: Core, tx: Tx, { userId, email }: Traces): Promise<RemovedRows> {
  const account = userSubject(core.secrets, tx.orgKey, userId);
  const isFree = email !== null && (await tx.users.findByEmail(email)) === null;
  const digests = isFree ? [account, emailSubject(core.secrets, tx.orgKey, email)] : [account];
  return tx.erasures.sweep({ userId, digests });
}

/** The texts that are still in the database's files; null where its log could not be emptied yet. */
async function clearRemains(core: Core, all: readonly Looking[]): Promise<ReadonlySet<string> | null> {
  const sought = all.flatMap(({ traces }) => (traces === null ? [] : [traces]));
  if (sought.length === 0) return new Set();
  if (!(await core.remains.flush())) return null;
  return core.remains.clear(new Set(sought.flatMap(({ texts }) => texts)));
}

/** A receipt that was signed ahead, and the revocations that it tells of; null where some were open. */
interface Draft {
  readonly orgKey: OrgKey;
  readonly looking: Looking;
  readonly removed: RemovedRows;
  readonly revocations: readonly Revocation[];
  readonly completedAt: number;
  readonly receipt: string | null;
}

/** What the ledger is told; or that a provider has not confirmed; or that the draft is no longer true. */
type End = Extract<LedgerLine, { kind: 'completed' }> | 'waits' | 'stale';

async function concludeAll(
  core: Core,
  all: readonly Looking[],
  found: ReadonlyMap<string, RemovedRows>,
): Promise<End[]> {
  if (all.length === 0) return [];
  const signer = await ensureSigner(core);
  const drafts: Draft[] = [];
  for (const piece of piecesOf(all)) drafts.push(...(await draftAll(core, signer, piece, found)));
  await noteEndedGrants(
    core,
    drafts.flatMap(({ revocations }) => revocations),
  );
  const ends = await inPieces(core, drafts, (tx, draft) => conclude(core, tx, draft));
  return ends.filter((end) => end !== null);
}

async function draftAll(
  core: Core,
  signer: ReceiptSigner,
  all: readonly Looking[],
  found: ReadonlyMap<string, RemovedRows>,
): Promise<readonly Draft[]> {
  return core.work.readSystem('job', async (system) => {
    const begun: Promise<Draft>[] = [];
    for (const looking of all) {
      const { id, orgKey, removed } = looking.erasure;
      const tx = system.within(orgKey);
      const revocations = await tx.revocations.listOfErasure(id);
      const known = { orgKey, looking, revocations, removed: sumOf(removed, found.get(id) ?? {}) };
      begun.push(draftOf(known, { signer, kept: tx.erasures.kept, now: core.clock.now() }));
    }
    return Promise.all(begun);
  });
}

async function draftOf(
  known: Omit<Draft, 'completedAt' | 'receipt'>,
  at: { readonly signer: ReceiptSigner; readonly kept: readonly Kept[]; readonly now: number },
): Promise<Draft> {
  const { looking, removed, revocations } = known;
  if (revocations.some(isOpen)) return { ...known, completedAt: at.now, receipt: null };
  const told = { completedAt: at.now, revocations, kept: at.kept };
  const receipt = await signReceipt(claimsOf({ ...looking.erasure, removed }, told), at.signer);
  return { ...known, completedAt: at.now, receipt };
}

/** A step: ends the erasure where no grant of it is open, else has it wait; null where it is not as it was. */
async function conclude(core: Core, tx: Tx, draft: Draft): Promise<End | null> {
  const { looking, removed, completedAt, receipt } = draft;
  const erasure = await tx.erasures.lock(looking.erasure.id);
  if (erasure === null || erasure.state === 'complete') return null;
  if (erasure.sealedTraces !== null && looking.traces === null) return null;
  const now = core.clock.now();
  const { id, orgKey } = erasure;
  const revocations = await tx.revocations.listOfErasure(id);
  if (revocations.some(isOpen)) {
    const { state, dueAt } = waitingOf(erasure, now);
    await tx.erasures.update(erasure, { state, dueAt, removed, sealedTraces: null });
    return 'waits';
  }
  if (receipt === null || !isSame(revocations, draft.revocations)) {
    await tx.erasures.update(erasure, { dueAt: now, removed });
    return 'stale';
  }
  const state = nextErasureState(erasure.state, 'complete');
  await tx.erasures.update(erasure, { state, removed, sealedTraces: null, completedAt, receipt });
  return { kind: 'completed', erasure: { orgKey, id, completedAt, receipt } };
}

function isSame(left: readonly Revocation[], right: readonly Revocation[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ id, version }, at) => id === right[at]?.id && version === right[at]?.version)
  );
}

/** Looks again when a provider has answered, when the time is up, and in any case after a while. */
function waitingOf(erasure: Erasure, now: number): Pick<Erasure, 'state' | 'dueAt'> {
  const deadline = deadlineOf(erasure);
  const lookAt = now + erasureWaitMs;
  if (erasure.state === 'overdue') return { state: erasure.state, dueAt: lookAt };
  if (now >= deadline) return { state: nextErasureState(erasure.state, 'miss'), dueAt: lookAt };
  return { state: erasure.state, dueAt: Math.min(lookAt, deadline) };
}

/** A step: gives the lease back, and marks what takes too long for whatever reason. */
async function postpone(
  core: Core,
  tx: Tx,
  { id }: Erasure,
  found: ReadonlyMap<string, RemovedRows>,
): Promise<void> {
  const erasure = await tx.erasures.lock(id);
  if (erasure === null || erasure.state === 'complete') return;
  const now = core.clock.now();
  const removed = sumOf(erasure.removed, found.get(id) ?? {});
  await tx.erasures.update(erasure, { state: waitingOf(erasure, now).state, dueAt: now, removed });
}

/** A step: leaves what cannot be looked for alone for a while, and marks it when its time is up. */
async function leave(core: Core, tx: Tx, { id }: Erasure): Promise<void> {
  const erasure = await tx.erasures.lock(id);
  if (erasure === null || erasure.state === 'complete') return;
  await tx.erasures.update(erasure, waitingOf(erasure, core.clock.now()));
}

function deadlineOf({ requestedAt, replayedAt }: Erasure): number {
  return (replayedAt ?? requestedAt) + erasureDueMs;
}

function sumOf(left: RemovedRows, right: RemovedRows): RemovedRows {
  const sum: Record<string, number> = { ...left };
  for (const [table, rows] of Object.entries(right)) sum[table] = (sum[table] ?? 0) + rows;
  return sum;
}
