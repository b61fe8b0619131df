/**
 * An operator gives up on a provider that never confirms the end of a disconnected connection. The grants are dropped
 * without a confirmation, so they can never be ended any more, and the connection stays `overdue` for as long as it
 * exists. `abandon-erasure.ts` does the same for an erasure.
 */
import { type Door, operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import { record } from '../record/audit-event.ts';
import { type Connection, nextConnectionState } from './connection.ts';
import { lockConnection, markUserChanged } from './lock-connection.ts';
import { nextRevocationState } from './revocation.ts';

/** The connection of that id, in any organization. Refuses with `not_found` (connection). */
export async function getAnyConnection(core: Core, id: string): Promise<Connection> {
  const found = await core.work.readSystem('operator', (system) => system.connections.find(id));
  if (found === null) throw refuse('not_found', { noun: 'connection', id });
  return found;
}

/**
 * Drops every grant of the connection that has not ended; returns how many. Refuses with `not_found` (connection), and
 * with `wrong_state` where the connection is not overdue or no grant of it is open.
 */
export async function abandonConnection(core: Core, door: Door, id: string): Promise<number> {
  const { orgKey } = await getAnyConnection(core, id);
  return core.work.change(orgKey, async (tx) => {
    const located = await lockConnection(tx, id);
    if (located === null) throw refuse('not_found', { noun: 'connection', id });
    const { connection, user } = located;
    const status = nextConnectionState(connection.status, 'abandon');
    const open = await tx.revocations.lockOpenOf(id);
    if (open.length === 0) throw refuse('wrong_state', { from: status, to: 'abandon' });
    for (const revocation of open) {
      const state = nextRevocationState(revocation.state, 'abandon');
      const isOurs = await tx.revocations.update(revocation, { state, sealedGrant: null });
      // The job is attempting this revocation now, so its result comes first.
      if (!isOurs) throw refuse('unavailable', { retryAfterSeconds: 1 });
    }
    const now = core.clock.now();
    await tx.connections.update(connection, { status, updatedAt: now });
    await record(tx, operatorAt(door, orgKey), 'connection.abandoned', { kind: 'connection', id }, now);
    await markUserChanged(tx, user, now);
    return open.length;
  });
}
