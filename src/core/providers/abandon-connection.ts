/**
 * Giving up on a provider that never confirms the end of a disconnected connection: an operator's decision. What the
 * provider gave is dropped unconfirmed, so nobody can end it any more, and the connection stays `overdue` for as long as
 * it is there. For what an erasure waits for see `abandon-erasure.ts`.
 */
import { type Door, operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import { record } from '../record/audit-event.ts';
import { type Connection, nextConnectionState } from './connection.ts';
import { nextRevocationState } from './revocation.ts';
import { lockWithUser, noteOnUser } from './with-user.ts';

/** The connection of that id, whosever it is. Refuses with `not_found` (connection). */
export async function getAnyConnection(core: Core, id: string): Promise<Connection> {
  const found = await core.work.readSystem('operator', (system) => system.connections.find(id));
  if (found === null) throw refuse('not_found', { noun: 'connection', id });
  return found;
}

/**
 * Drops every grant that the connection still waits for; how many those were. Refuses with `not_found` (connection), and
 * with `wrong_state` where it is not overdue or waits for none.
 */
export async function abandonConnection(core: Core, door: Door, id: string): Promise<number> {
  const { orgKey } = await getAnyConnection(core, id);
  return core.work.change(orgKey, async (tx) => {
    const located = await lockWithUser(tx, id);
    if (located === null) throw refuse('not_found', { noun: 'connection', id });
    const { connection, user } = located;
    const status = nextConnectionState(connection.status, 'abandon');
    const open = await tx.revocations.lockOpenOf(id);
    if (open.length === 0) throw refuse('wrong_state', { from: status, to: 'abandon' });
    for (const revocation of open) {
      const state = nextRevocationState(revocation.state, 'abandon');
      const isOurs = await tx.revocations.update(revocation, { state, sealedGrant: null });
      // Somebody is trying it at this moment: what comes of that is to be seen first.
      if (!isOurs) throw refuse('unavailable', { retryAfterSeconds: 1 });
    }
    const now = core.clock.now();
    await tx.connections.update(connection, { status, updatedAt: now });
    await record(tx, operatorAt(door, orgKey), 'connection.abandoned', { kind: 'connection', id }, now);
    await noteOnUser(tx, user, now);
    return open.length;
  });
}
