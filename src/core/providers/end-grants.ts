/**
 * Grants begin to end: the grants of a connection become revocations, in the transaction that ends the connection or
 * deletes its user. From then on the job ends them at the provider, whether or not the user still exists.
 */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import type { Tx } from '../unit-of-work.ts';
import { type Connection, refreshLeaseMs } from './connection.ts';
import { type Grant, openGrants, sealGrant } from './grant.ts';
import { type NewRevocation, nextRevocationState, type Revocation, revocationDueMs } from './revocation.ts';

/**
 * A step of a deletion: every grant of the user that may still be valid becomes a revocation of this erasure, also
 * grants that already have a revocation. Returns how many are open; the erasure is complete only when all are
 * confirmed. The connections themselves are deleted with the user. The caller has locked the user.
 */
export async function endGrants(core: Core, tx: Tx, user: User, erasureId: string): Promise<number> {
  let open = 0;
  for (const connection of await tx.connections.lockOf(user.id)) {
    for (const revocation of await tx.revocations.lockOpenOf(connection.id)) {
      await assignToErasure(core, tx, revocation, erasureId);
      open += 1;
    }
    // The receipt also names abandoned revocations: their providers never confirmed the end.
    for (const revocation of await tx.revocations.lockAbandonedOf(connection.id)) {
      await tx.revocations.update(revocation, { erasureId });
    }
    open += await revokeGrants(core, tx, connection, erasureId);
  }
  return open;
}

/** A step: makes a revocation of each grant of the connection; returns how many. The caller holds its lock. */
export async function revokeGrants(
  core: Core,
  tx: Tx,
  connection: Connection,
  erasureId: string | null,
): Promise<number> {
  const grants = openGrants(core.secrets, connection);
  if (grants === null) return 0;
  const now = core.clock.now();
  for (const [index, { id, unanswered, tokens }] of grants.entries()) {
    const isPresent = index === 0;
    await addRevocation(core, tx, tokens, {
      id,
      connectionId: connection.id,
      provider: connection.provider,
      erasureId,
      unanswered: isPresent ? connection.unanswered : unanswered,
      nextAttemptAt: isPresent ? refreshEnd(connection, now) : now,
    });
  }
  return grants.length;
}

/** A step: a new `pending` revocation of the grant, which is sealed with it. */
export async function addRevocation(
  core: Core,
  tx: Tx,
  grant: Grant,
  revocation: Omit<NewRevocation, 'sealedGrant' | 'createdAt'>,
): Promise<void> {
  const sealedGrant = sealGrant(core.secrets, { orgKey: tx.orgKey, id: revocation.id }, grant);
  await tx.revocations.insert({ ...revocation, sealedGrant, createdAt: core.clock.now() });
}

/** When a refresh that may be running has ended: the tokens of its answer, if one comes, are the ones to revoke. */
function refreshEnd({ unanswered, refreshAt }: Connection, now: number): number {
  if (unanswered === 0 || refreshAt === null) return now;
  return Math.min(Math.max(now, refreshAt), now + refreshLeaseMs);
}

/** A step: an open revocation becomes one of the erasure and gets a new deadline. */
async function assignToErasure(core: Core, tx: Tx, revocation: Revocation, erasureId: string): Promise<void> {
  const { state } = revocation;
  await tx.revocations.update(revocation, {
    erasureId,
    state: state === 'overdue' ? nextRevocationState(state, 'reopen') : state,
    deadlineAt: core.clock.now() + revocationDueMs,
  });
}
