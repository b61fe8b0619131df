/**
 * Leads erasures from their beginning to their receipt, many in one pass. A pass searches again for rows that name
 * the persons, has the database remove remains of their traces from its files, drops the traces, and signs the
 * receipts of erasures whose providers have all confirmed. The other erasures wait.
 *
 * A pass may be interrupted at any point: an erasure that it has not updated is due again when its lease has
 * expired. An erasure is complete only when the ledger has it, its traces are gone, and the transaction that
 * completes it sees no open grant.
 */
import { randomUUID } from 'node:crypto';
import { destinationSubject, emailDestinations, emailSubjects, userSubject } from '../access/subject.ts';
import type { Core } from '../core.ts';
import { isRefusal } from '../errors.ts';
import type { OrgKey } from '../ids.ts';
import { isOpen, type Revocation } from '../providers/revocation.ts';
import type { Tx } from '../unit-of-work.ts';
import { acceptErasures, noteEndedGrants, toBegun } from './accept-erasures.ts';
import {
  deadlineOf,
  type Erasure,
  erasureLeaseMs,
  erasureWaitMs,
  type Kept,
  nextErasureState,
  type RemovedRows,
} from './erasure.ts';
import type { BegunErasure, CompletedLine } from './ledger.ts';
import { notePosition, passesOf } from './ledger-position.ts';
import { claimsOf, type ReceiptSigner, type Stater, signReceipt } from './receipt.ts';
import { ensureSigner } from './receipt-key.ts';
import { settleAllUncertain, writeRefused } from './refused-deletion.ts';
import { findStater } from './stater.ts';
import { openTraces, type Traces } from './traces.ts';

/** The result of a pass. */
export interface Pass {
  /** How many were due and claimed. */
  readonly taken: number;
  readonly completed: number;
  /** How many wait for a provider. */
  readonly waiting: number;
  /**
   * How many are due again soon: remains are still in the database's files, or a revocation has changed since it was read.
   */
  readonly postponed: number;
  /** How many cannot be searched for: no known secret opens their traces. */
  readonly sealed: number;
}

const nothing: Pass = { taken: 0, completed: 0, waiting: 0, postponed: 0, sealed: 0 };

/** A claimed erasure with its traces. */
interface ClaimedErasure {
  readonly orgKey: OrgKey;
  readonly erasure: Erasure;
  /** Null where an earlier pass has found nothing of them any more. */
  readonly traces: Traces | null;
}

/** Erasures that share one scan of the files. */
const completedAtOnce = 2_000;
/** Erasures that share a transaction, so that other changes can run in between. */
const pieceMax = 250;

/** Claims at most `limit` due erasures and advances each as far as it can. */
export async function advanceErasures(core: Core, limit: number): Promise<Pass> {
  await settleAllUncertain(core);
  await writeRefused(core);
  const { all, unopened } = await claimAll(core, limit);
  if (all.length + unopened.length === 0) return nothing;
  await inPieces(core, unopened, (tx, erasure) => leave(core, tx, erasure));
  try {
    return {
      ...(await advanceClaimed(core, all)),
      taken: all.length + unopened.length,
      sealed: unopened.length,
    };
  } catch (error) {
    // A full disk, for example: the next pass need not wait for the leases.
    await inPieces(core, all, (tx, { erasure }) => giveBack(core, tx, erasure)).catch(() => {});
    throw error;
  }
}

async function advanceClaimed(
  core: Core,
  claimed: readonly ClaimedErasure[],
): Promise<Omit<Pass, 'taken' | 'sealed'>> {
  // A process may have died after the deletion and before the ledger line. Its client got no answer. From this
  // line on the erasure is accepted.
  await acceptErasures(core, await begunAmong(core, claimed));
  // The database knows the line of an acceptance before it has a receipt. Both share a transaction where they can.
  const [found] = await Promise.all([runSecondPasses(core, claimed), notePosition(core)]);
  const all = claimed.filter(({ erasure }) => found.has(erasure.id));
  await purgeSearch(core, all);
  const remaining = await clearRemains(core, all);
  const isClear = ({ traces }: ClaimedErasure): boolean =>
    traces === null || (remaining !== null && !traces.texts.some((text) => remaining.has(text)));
  const pass = randomUUID();
  const ends = await concludeAll(core, all.filter(isClear), { found, pass });
  const postponed = all.filter((each) => !isClear(each));
  await inPieces(core, postponed, (tx, { erasure }) => postpone(core, tx, erasure, found));
  const completed = ends.filter((end) => end !== 'waits' && end !== 'stale');
  for (const piece of piecesOf(completed)) await core.ledger.append(piece);
  await notePosition(core, passesOf(completed, pass));
  return {
    completed: completed.length,
    waiting: ends.filter((end) => end === 'waits').length,
    postponed: postponed.length + ends.filter((end) => end === 'stale').length,
  };
}

/** Runs passes until the rest waits for a provider, for another process, or for a later time. */
export async function completeErasures(core: Core): Promise<void> {
  for (;;) {
    const { taken, postponed } = await advanceErasures(core, completedAtOnce);
    if (taken < completedAtOnce || postponed > 0) return;
  }
}

/**
 * Claims due erasures and opens their traces, in transactions of bounded size, so that other changes can run in
 * between.
 */
async function claimAll(core: Core, limit: number): Promise<{ all: ClaimedErasure[]; unopened: Erasure[] }> {
  const all: ClaimedErasure[] = [];
  const unopened: Erasure[] = [];
  for (let left = limit; left > 0; ) {
    const asked = Math.min(left, pieceMax);
    const claimed = await core.work.changeSystem('job', (tx) =>
      tx.erasures.claim(core.clock.now(), erasureLeaseMs, asked),
    );
    for (const erasure of claimed) {
      const opened = toClaimed(core, erasure);
      if (opened === null) unopened.push(erasure);
      else all.push(opened);
    }
    left = claimed.length < asked ? 0 : left - asked;
  }
  return { all, unopened };
}

/**
 * Null where no known secret opens the traces: the erasure keeps its state, which operators see, until the secret
 * is back.
 */
function toClaimed(core: Core, erasure: Erasure): ClaimedErasure | null {
  try {
    const { orgKey } = erasure;
    return { orgKey, erasure, traces: openTraces(core.secrets, erasure) };
  } catch {
    return null;
  }
}

/** The erasures that may have no line in the ledger yet. */
async function begunAmong(core: Core, all: readonly ClaimedErasure[]): Promise<readonly BegunErasure[]> {
  const begun: BegunErasure[] = [];
  for (const { orgKey, erasure, traces } of all) {
    if (traces === null || core.ledger.hasAccepted(erasure.id)) continue;
    begun.push(await core.work.read(orgKey, (tx) => toBegun(tx, erasure, traces.userId)));
  }
  return begun;
}

/**
 * Runs a step for each subject, in transactions of bounded size, one organization at a time; returns the results of
 * the steps. A step may run several times for one result.
 */
async function inPieces<S extends { readonly orgKey: OrgKey }, T>(
  core: Core,
  all: readonly S[],
  step: (tx: Tx, subject: S) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const [orgKey, own] of Map.groupBy(all, (subject) => subject.orgKey)) {
    const run = (piece: readonly S[]): Promise<T[]> =>
      core.work.change(orgKey, (tx) => Promise.all(piece.map((subject) => step(tx, subject))), {
        isConfined: true,
      });
    for (const piece of piecesOf(own)) results.push(...(await runReachable(core, piece, run)));
  }
  return results;
}

/**
 * Runs a piece. Where a machine of the database is away, one subject may need it, for a mailbox that is counted there. Then
 * each runs alone, and those that cannot are left for a pass after their lease.
 */
async function runReachable<S, T>(
  { work }: Pick<Core, 'work'>,
  piece: readonly S[],
  run: (piece: readonly S[]) => Promise<T[]>,
): Promise<T[]> {
  try {
    return await run(piece);
  } catch (error) {
    if (!isRefusal(error, 'unavailable') || !work.leavesOut()) throw error;
    if (piece.length <= 1) return [];
    const results: T[] = [];
    for (const subject of piece) results.push(...(await runReachable({ work }, [subject], run)));
    return results;
  }
}

function* piecesOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += pieceMax) yield all.slice(at, at + pieceMax);
}

/** The second pass over the rows: how many rows it removed, by erasure. */
async function runSecondPasses(
  core: Core,
  all: readonly ClaimedErasure[],
): Promise<ReadonlyMap<string, RemovedRows>> {
  const found = await inPieces(core, all, async (tx, { erasure, traces }) => {
    const removed = traces === null ? {} : await runSecondPass(core, tx, traces);
    return [erasure.id, removed] as const;
  });
  return new Map(found);
}

/**
 * A step: removes rows that name the person. An address that another user has by now is no trace of the erased
 * person.
 */
async function runSecondPass(core: Core, tx: Tx, traces: Traces): Promise<RemovedRows> {
  const { secrets } = core;
  const { userId, email, requestedEmail, phone } = traces;
  const subjects = [userSubject(secrets, tx.orgKey, userId)];
  const destinations: string[] = [];
  if (email !== null && (await tx.users.findByEmail(email)) === null) {
    subjects.push(...emailSubjects(secrets, tx.orgKey, email));
    destinations.push(...emailDestinations(secrets, email));
  }
  if (requestedEmail !== null) destinations.push(...emailDestinations(secrets, requestedEmail));
  if (phone !== null) destinations.push(destinationSubject(secrets, 'sms', phone));
  return tx.erasures.eraseRows({ userId, digests: [...subjects, ...destinations], destinations });
}

/** Takes the persons out of the search blocks. Its rows are changed before their remains are cleared. */
async function purgeSearch(core: Core, all: readonly ClaimedErasure[]): Promise<void> {
  const indexed = all.flatMap(({ orgKey, traces }) =>
    traces === null || traces.indexed === null ? [] : [{ orgKey, indexed: traces.indexed }],
  );
  for (const [orgKey, own] of Map.groupBy(indexed, (each) => each.orgKey)) {
    let left = own.map((each) => each.indexed).sort((one, other) => other.seq - one.seq);
    while (left.length > 0) {
      const waiting = left;
      const taken = await core.work.change(orgKey, (tx) => tx.userSearch.purge(waiting));
      left = waiting.slice(taken);
    }
  }
}

/** The traces that are still in the database's files; null where the write-ahead log could not be emptied yet. */
async function clearRemains(core: Core, all: readonly ClaimedErasure[]): Promise<ReadonlySet<string> | null> {
  const sought = all.flatMap(({ traces }) => (traces === null ? [] : [traces]));
  if (sought.length === 0) return new Set();
  if (!(await core.remains.flush())) return null;
  return core.remains.clear(new Set(sought.flatMap(({ texts }) => texts)));
}

/**
 * A receipt that was signed before the transaction that needs it, and the revocations that it names. The receipt is
 * null where some of them were open.
 */
interface PreparedReceipt {
  readonly orgKey: OrgKey;
  readonly claimed: ClaimedErasure;
  readonly removed: RemovedRows;
  readonly revocations: readonly Revocation[];
  readonly completedAt: number;
  readonly receipt: string | null;
}

/**
 * The line for the ledger; or `waits`: a provider has not confirmed; or `stale`: a revocation has changed since the
 * receipt was prepared.
 */
type End = CompletedLine | 'waits' | 'stale';

async function concludeAll(
  core: Core,
  all: readonly ClaimedErasure[],
  { found, pass }: { readonly found: ReadonlyMap<string, RemovedRows>; readonly pass: string },
): Promise<End[]> {
  if (all.length === 0) return [];
  const signer = await ensureSigner(core);
  const receipts: PreparedReceipt[] = [];
  for (const piece of piecesOf(all)) receipts.push(...(await prepareAll(core, signer, piece, found)));
  await noteEndedGrants(
    core,
    receipts.flatMap(({ revocations }) => revocations),
  );
  const ends = await inPieces(core, receipts, (tx, prepared) => conclude(core, tx, prepared, pass));
  return ends.filter((end) => end !== null);
}

async function prepareAll(
  core: Core,
  signer: ReceiptSigner,
  all: readonly ClaimedErasure[],
  found: ReadonlyMap<string, RemovedRows>,
): Promise<readonly PreparedReceipt[]> {
  return core.work.readSystem('job', async (system) => {
    const staters = new Map<OrgKey, Promise<Stater>>();
    const prepare = async (claimed: ClaimedErasure): Promise<PreparedReceipt> => {
      const { id, orgKey, removed } = claimed.erasure;
      const tx = system.within(orgKey);
      const finding = staters.get(orgKey) ?? findStater(core, system, orgKey);
      staters.set(orgKey, finding);
      const [stater, revocations] = await Promise.all([finding, tx.revocations.listOfErasure(id)]);
      const known = { orgKey, claimed, revocations, removed: sumOf(removed, found.get(id) ?? {}) };
      const now = core.clock.now();
      return prepareReceipt(known, { signer, stater, kept: tx.erasures.kept, now });
    };
    return Promise.all(all.map(prepare));
  });
}

async function prepareReceipt(
  known: Omit<PreparedReceipt, 'completedAt' | 'receipt'>,
  at: {
    readonly signer: ReceiptSigner;
    readonly stater: Stater;
    readonly kept: readonly Kept[];
    readonly now: number;
  },
): Promise<PreparedReceipt> {
  const { claimed, removed, revocations } = known;
  if (revocations.some(isOpen)) return { ...known, completedAt: at.now, receipt: null };
  const stated = { completedAt: at.now, revocations, kept: at.kept, stater: at.stater };
  const receipt = await signReceipt(claimsOf({ ...claimed.erasure, removed }, stated), at.signer);
  return { ...known, completedAt: at.now, receipt };
}

/**
 * A step: completes the erasure if none of its grants is open, and postpones it otherwise. Null where another pass
 * has changed the erasure since.
 */
async function conclude(core: Core, tx: Tx, prepared: PreparedReceipt, pass: string): Promise<End | null> {
  const { claimed, removed, completedAt, receipt } = prepared;
  const erasure = await tx.erasures.lock(claimed.erasure.id);
  if (erasure === null || erasure.state === 'complete') return null;
  if (erasure.sealedTraces !== null && claimed.traces === null) return null;
  const now = core.clock.now();
  const { id, orgKey } = erasure;
  const revocations = await tx.revocations.listOfErasure(id);
  if (revocations.some(isOpen)) {
    const { state, dueAt } = waitingOf(erasure, now);
    await tx.erasures.update(erasure, { state, dueAt, removed, sealedTraces: null });
    return 'waits';
  }
  if (receipt === null || !isSame(revocations, prepared.revocations)) {
    await tx.erasures.update(erasure, { dueAt: now, removed });
    return 'stale';
  }
  const state = nextErasureState(erasure.state, 'complete');
  await tx.erasures.update(erasure, { state, removed, sealedTraces: null, completedAt, receipt });
  await tx.erasures.noteUnwritten(id, pass);
  return { kind: 'completed', erasure: { orgKey, id, completedAt, receipt } };
}

function isSame(left: readonly Revocation[], right: readonly Revocation[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ id, version }, at) => id === right[at]?.id && version === right[at]?.version)
  );
}

/**
 * When the erasure is due again while it waits for a provider: at its deadline, and in any case after a while. An
 * answer of the provider makes it due immediately.
 */
function waitingOf(erasure: Erasure, now: number): Pick<Erasure, 'state' | 'dueAt'> {
  const deadline = deadlineOf(erasure);
  const retryAt = now + erasureWaitMs;
  if (erasure.state === 'overdue') return { state: erasure.state, dueAt: retryAt };
  if (now >= deadline) return { state: nextErasureState(erasure.state, 'miss'), dueAt: retryAt };
  return { state: erasure.state, dueAt: Math.min(retryAt, deadline) };
}

/** A step: returns the lease, and marks an erasure whose time is up as overdue. */
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

/** A step: ends the lease of an erasure that no step has changed since it was claimed. */
async function giveBack(core: Core, tx: Tx, { id, dueAt }: Erasure): Promise<void> {
  const erasure = await tx.erasures.lock(id);
  if (erasure === null || erasure.state === 'complete' || erasure.dueAt !== dueAt) return;
  await tx.erasures.update(erasure, { dueAt: core.clock.now() });
}

/** A step: postpones an erasure that cannot be searched for, and marks it as overdue when its time is up. */
async function leave(core: Core, tx: Tx, { id }: Erasure): Promise<void> {
  const erasure = await tx.erasures.lock(id);
  if (erasure === null || erasure.state === 'complete') return;
  await tx.erasures.update(erasure, waitingOf(erasure, core.clock.now()));
}

function sumOf(left: RemovedRows, right: RemovedRows): RemovedRows {
  const sum: Record<string, number> = { ...left };
  for (const [table, rows] of Object.entries(right)) sum[table] = (sum[table] ?? 0) + rows;
  return sum;
}
