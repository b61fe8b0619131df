/** A connection ends while its user stays: its grants become revocations, and the job then tells the provider. */
import type { Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import { type Connection, nextConnectionState, takesGrants } from './connection.ts';
import { revokeGrants } from './end-grants.ts';
import { type ConnectionOfUser, markUserChanged } from './lock-connection.ts';

/** A step: ends the connection; one that has ended, or is ending, stays as it is. The caller has locked both. */
export async function endConnection(
  core: Core,
  tx: Tx,
  principal: Principal,
  { user, connection }: ConnectionOfUser,
): Promise<Connection> {
  if (!takesGrants(connection)) return connection;
  await tx.attempts.drop(connection.id);
  const revoked = await revokeGrants(core, tx, connection, null);
  const open = revoked > 0 ? revoked : (await tx.revocations.lockOpenOf(connection.id)).length;
  const now = core.clock.now();
  const ended = await tx.connections.update(connection, {
    status: nextConnectionState(connection.status, open > 0 ? 'disconnect' : 'discard'),
    sealedGrants: null,
    accountDigest: null,
    refreshAt: null,
    unanswered: 0,
    refreshFailures: 0,
    refreshRefusals: 0,
    refreshOutcome: null,
    updatedAt: now,
  });
  await record(tx, principal, 'connection.disconnected', { kind: 'connection', id: connection.id }, now);
  await markUserChanged(tx, user, now);
  return ended;
}
