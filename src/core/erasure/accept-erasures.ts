/**
 * Writes begun erasures to the ledger, which makes them accepted. That comes after the commit that deletes the user
 * and before the client gets its answer, so an answered deletion outlives the database. Room on the disk is taken before
 * the commit. If the process dies in between, no client got an answer, and the job that completes erasures writes the line
 * later; if the disk fails in between, a repeated deletion is answered (`refused-deletion.ts`). Grants are written before
 * the line, so that a line never refers to a grant that is not on disk.
 */

import type { Core } from '../core.ts';
import type { UserId } from '../ids.ts';
import { isOpen, type Revocation } from '../providers/revocation.ts';
import type { Tx } from '../unit-of-work.ts';
import type { Erasure } from './erasure.ts';
import type { BegunErasure, CompletedLine, EndedGrant, LedgerLine, NamedGrant, OpenGrant } from './ledger.ts';

/** Resolves when the erasures and their grants are on disk. Refuses with `unavailable`. */
export async function acceptErasures(core: Core, begun: readonly BegunErasure[]): Promise<void> {
  await core.ledger.grants.keep(begun.flatMap(({ grants }) => grants));
  await core.ledger.append(begun.map(acceptedLine));
}

/** The grants that an erasure waits for at this moment. */
export async function listOpenGrants(tx: Tx, erasureId: string): Promise<readonly OpenGrant[]> {
  const revocations = await tx.revocations.listOfErasure(erasureId);
  return revocations.flatMap(({ orgKey, sealedGrant, unanswered, ...revocation }) => {
    if (!isOpen(revocation) || sealedGrant === null) return [];
    return [{ orgKey, erasureId, ...namedGrant(revocation), sealedGrant, unanswered }];
  });
}

/** An erasure as it was begun, so that it can be accepted later. */
export async function toBegun(
  tx: Tx,
  { orgKey, id, requestedAt, requestedBy, door }: Erasure,
  userId: UserId,
): Promise<BegunErasure> {
  const grants = await listOpenGrants(tx, id);
  return { orgKey, id, userId, requestedAt, requestedBy, door, grants, user: null };
}

/**
 * Writes to the ledger which of the revocations have ended, and removes the files of their grants. Does nothing for
 * those that it handled before.
 */
export async function noteEndedGrants(core: Core, revocations: readonly Revocation[]): Promise<void> {
  const { grants } = core.ledger;
  const ended: EndedGrant[] = [];
  for (const { orgKey, erasureId, state, outcome, endedAt, ...revocation } of revocations) {
    if (erasureId === null || endedAt === null) continue;
    if (state !== 'confirmed' && state !== 'abandoned') continue;
    if ((await grants.find(revocation.id)) === null) continue;
    ended.push({ orgKey, erasureId, ...namedGrant(revocation), state, outcome, endedAt });
  }
  if (ended.length === 0) return;
  await core.ledger.append(ended.map((grant) => ({ kind: 'ended', grant })));
  await grants.drop(ended.map(({ id }) => id));
}

/** Does the same for every grant whose file a crash has left although the grant has ended. */
export async function noteForgottenGrants(core: Core): Promise<void> {
  const ids = await core.ledger.grants.list();
  for (const id of ids) {
    const kept = await core.ledger.grants.find(id);
    if (kept === null) continue;
    const revocation = await core.work.read(kept.orgKey, (tx) => tx.revocations.find(id));
    if (revocation !== null) await noteEndedGrants(core, [revocation]);
  }
}

/** The line that accepts an erasure. */
export function acceptedLine({ grants, user: _, ...accepted }: BegunErasure): LedgerLine {
  const named = grants.length === 0 ? {} : { grants: grants.map(namedGrant) };
  return { kind: 'accepted', erasure: { ...accepted, ...named } };
}

/** The line that says that an erasure is complete; null while it is not. */
export function completedLine({ orgKey, id, completedAt, receipt }: Erasure): CompletedLine | null {
  if (completedAt === null || receipt === null) return null;
  return { kind: 'completed', erasure: { orgKey, id, completedAt, receipt } };
}

function namedGrant({ id, connectionId, provider }: NamedGrant): NamedGrant {
  return { id, connectionId, provider };
}
