/**
 * Where grants begin to end: what a connection holds becomes revocations, in the transaction that ends the
 * connection or deletes its user. From then on the job works them off, whatever becomes of the user.
 */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import type { Tx } from '../unit-of-work.ts';
import { type Connection, refreshLeaseMs } from './connection.ts';
import { openGrants, sealGrant } from './grant.ts';
import { nextRevocationState, type Revocation, revocationDueMs } from './revocation.ts';

/**
 * A step of a deletion: every grant of the user that may live becomes a revocation of that erasure, also those that
 * were ending already. How many of them are open; the erasure is not complete before they are confirmed. The
 * connections themselves go with the user. The user is locked before.
 */
export async function endGrants(core: Core, tx: Tx, user: User, erasureId: string): Promise<number> {
  let open = 0;
  for (const connection of await tx.connections.lockOf(user.id)) {
    for (const revocation of await tx.revocations.lockOpenOf(connection.id)) {
      await hasten(core, tx, revocation, erasureId);
      open += 1;
    }
    // What was given up is in the receipt too: nobody has said that it ended.
    for (const revocation of await tx.revocations.lockAbandonedOf(connection.id)) {
      await tx.revocations.update(revocation, { erasureId });
    }
    open += await moveGrants(core, tx, connection, erasureId);
  }
  return open;
}

/** A step: the grants that the connection holds become revocations; how many. The connection is locked before. */
export async function moveGrants(
  core: Core,
  tx: Tx,
  connection: Connection,
  erasureId: string | null,
): Promise<number> {
  const grants = openGrants(core.secrets, connection);
  if (grants === null) return 0;
  const now = core.clock.now();
  const { orgKey, provider } = connection;
  for (const [index, { id, unanswered, tokens }] of grants.entries()) {
    const isPresent = index === 0;
    await tx.revocations.insert({
      id,
      connectionId: connection.id,
      provider,
      erasureId,
      sealedGrant: sealGrant(core.secrets, { orgKey, id }, tokens),
      unanswered: isPresent ? connection.unanswered : unanswered,
      nextAttemptAt: isPresent ? refreshEnd(connection, now) : now,
      createdAt: now,
    });
  }
  return grants.length;
}

/** When a refresh that may be under way has ended: its answer, if it comes, is what must be revoked. */
function refreshEnd({ unanswered, refreshAt }: Connection, now: number): number {
  if (unanswered === 0 || refreshAt === null) return now;
  return Math.min(Math.max(now, refreshAt), now + refreshLeaseMs);
}

/** A revocation that an erasure finds: it becomes the erasure's, with all the time that one has. */
async function hasten(core: Core, tx: Tx, revocation: Revocation, erasureId: string): Promise<void> {
  const { state } = revocation;
  await tx.revocations.update(revocation, {
    erasureId,
    state: state === 'overdue' ? nextRevocationState(state, 'reopen') : state,
    deadlineAt: core.clock.now() + revocationDueMs,
  });
}
