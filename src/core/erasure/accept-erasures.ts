/**
 * Telling the ledger what has begun, which makes it accepted. It is told after the commit that deletes the user and
 * before anybody is answered, so whatever was answered outlives the database; who crashes in between has answered
 * nobody, and the job that completes erasures tells it then. Grants come first: once the line is there, they are.
 */

import type { Core } from '../core.ts';
import { isOpen, type Revocation } from '../providers/revocation.ts';
import type { Tx } from '../unit-of-work.ts';
import type { AcceptedErasure, EndedGrant, LedgerLine, NamedGrant, OpenGrant } from './ledger.ts';

/** An erasure whose transaction is about to be committed, with the grants that it waits for. */
export interface BegunErasure extends Omit<AcceptedErasure, 'grants'> {
  readonly grants: readonly OpenGrant[];
}

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

/**
 * Writes down which of the revocations have ended, and takes away what lies beside the ledger for them; nothing
 * where that was done before.
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

/** What a crash has left lying beside the ledger although it has ended. */
export async function noteForgottenGrants(core: Core): Promise<void> {
  const ids = await core.ledger.grants.list();
  for (const id of ids) {
    const kept = await core.ledger.grants.find(id);
    if (kept === null) continue;
    const revocation = await core.work.read(kept.orgKey, (tx) => tx.revocations.find(id));
    if (revocation !== null) await noteEndedGrants(core, [revocation]);
  }
}

function acceptedLine({ grants, ...accepted }: BegunErasure): LedgerLine {
  const named = grants.length === 0 ? {} : { grants: grants.map(namedGrant) };
  return { kind: 'accepted', erasure: { ...accepted, ...named } };
}

function namedGrant({ id, connectionId, provider }: NamedGrant): NamedGrant {
  return { id, connectionId, provider };
}
