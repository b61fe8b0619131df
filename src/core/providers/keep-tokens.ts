/**
 * Where tokens go that a provider has given. They are put where their grant is by now: the connection that it
 * belongs to, the revocation that it became while the provider was answering, or, where both are gone, a
 * revocation of its own. None is ever dropped while it may open something.
 */
import type { Core } from '../core.ts';
import { newPrefixedId } from '../ids.ts';
import type { Tx } from '../unit-of-work.ts';
import { type Connection, type ConnectionChanges, refreshTimeOf } from './connection.ts';
import {
  type KeptGrant,
  type KeptGrants,
  openGrants,
  sealGrant,
  sealGrants,
  type TokenGrant,
} from './grant.ts';
import { isOpen } from './revocation.ts';

/** What new tokens make of the connection that keeps them as its present grant. */
export function keepTokens(
  core: Core,
  connection: Connection,
  grants: KeptGrants,
  now: number,
): ConnectionChanges {
  const [{ tokens }] = grants;
  const { refreshToken, expiresAt } = tokens;
  return {
    sealedGrants: sealGrants(core.secrets, connection, grants),
    refreshAt: refreshToken === null || expiresAt === null ? null : refreshTimeOf(expiresAt, now),
    unanswered: 0,
    refreshFailures: 0,
    refreshOutcome: null,
  };
}

/**
 * A step: new tokens of the grant with that id, which is no longer the present grant of its connection, or whose
 * connection has changed meanwhile. The user is locked before, where the connection is still there.
 */
export async function adoptTokens(
  core: Core,
  tx: Tx,
  grant: { readonly id: string; readonly connectionId: string; readonly provider: string },
  tokens: TokenGrant,
): Promise<void> {
  const now = core.clock.now();
  const connection = await tx.connections.lock(grant.connectionId);
  const grants = connection === null ? null : openGrants(core.secrets, connection);
  if (connection !== null && grants?.some(({ id }) => id === grant.id) === true) {
    const [present, ...former] = grants;
    const renewed: KeptGrants = [
      renew(present, grant.id, tokens),
      ...former.map((each) => renew(each, grant.id, tokens)),
    ];
    const isPresent = present.id === grant.id;
    const sealedGrants = sealGrants(core.secrets, connection, renewed);
    await tx.connections.update(
      connection,
      isPresent ? keepTokens(core, connection, renewed, now) : { sealedGrants },
    );
    return;
  }
  await revokeTokens(core, tx, grant, tokens);
}

/** A step: tokens that must end go to the open revocation of their grant, or to one of their own. */
export async function revokeTokens(
  core: Core,
  tx: Tx,
  grant: { readonly id: string; readonly connectionId: string; readonly provider: string },
  tokens: TokenGrant,
): Promise<void> {
  const now = core.clock.now();
  let present = await tx.revocations.find(grant.id);
  // An attempt under way may change the row in between; what it did with older tokens does not count then.
  while (present !== null && isOpen(present)) {
    const sealedGrant = sealGrant(core.secrets, present, tokens);
    if (await tx.revocations.update(present, { sealedGrant, unanswered: 0, nextAttemptAt: now })) return;
    present = await tx.revocations.find(grant.id);
  }
  const id = newPrefixedId('rev');
  await tx.revocations.insert({
    id,
    connectionId: grant.connectionId,
    provider: grant.provider,
    erasureId: null,
    sealedGrant: sealGrant(core.secrets, { orgKey: tx.orgKey, id }, tokens),
    unanswered: 0,
    nextAttemptAt: now,
    createdAt: now,
  });
}

function renew(grant: KeptGrant, id: string, tokens: TokenGrant): KeptGrant {
  return grant.id === id ? { id, unanswered: 0, tokens } : grant;
}
