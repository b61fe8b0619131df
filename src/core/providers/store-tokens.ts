/**
 * Stores the tokens that a provider has given. While the provider answers, their grant may move: the tokens go to the
 * connection of the grant, to the revocation that the grant has become since, or, where both are gone, to a new
 * revocation. No token is dropped while it may be valid.
 */
import type { Core } from '../core.ts';
import { newPrefixedId } from '../ids.ts';
import type { Tx } from '../unit-of-work.ts';
import { type Connection, type ConnectionChanges, refreshTimeOf } from './connection.ts';
import { addRevocation } from './end-grants.ts';
import {
  type GrantRef,
  openGrants,
  type StoredGrant,
  type StoredGrants,
  sealGrant,
  sealGrants,
  type TokenGrant,
} from './grant.ts';
import { accountDigestOf } from './linked-account.ts';
import { isOpen } from './revocation.ts';

/** The changes of a connection whose present grant, the first of `grants`, has new tokens. */
export function grantChanges(
  core: Core,
  connection: Connection,
  grants: StoredGrants,
  now: number,
): ConnectionChanges {
  const [{ tokens }] = grants;
  const { refreshToken, expiresAt } = tokens;
  return {
    sealedGrants: sealGrants(core.secrets, connection, grants),
    accountDigest: accountDigestOf(core, connection.provider, tokens),
    refreshAt: refreshToken === null || expiresAt === null ? null : refreshTimeOf(expiresAt, now),
    unanswered: 0,
    refreshFailures: 0,
    refreshRefusals: 0,
    refreshOutcome: null,
  };
}

/**
 * A step: stores new tokens of a grant that may no longer be the present one, or whose connection has changed
 * since the request. Where the connection still exists, the caller has locked its user.
 */
export async function storeTokens(core: Core, tx: Tx, grant: GrantRef, tokens: TokenGrant): Promise<void> {
  const now = core.clock.now();
  const connection = await tx.connections.lock(grant.connectionId);
  const grants = connection === null ? null : openGrants(core.secrets, connection);
  if (connection !== null && grants?.some(({ id }) => id === grant.id) === true) {
    const [present, ...former] = grants;
    const renewed: StoredGrants = [
      renew(present, grant.id, tokens),
      ...former.map((each) => renew(each, grant.id, tokens)),
    ];
    const isPresent = present.id === grant.id;
    const sealedGrants = sealGrants(core.secrets, connection, renewed);
    await tx.connections.update(
      connection,
      isPresent ? grantChanges(core, connection, renewed, now) : { sealedGrants },
    );
    return;
  }
  await revokeTokens(core, tx, grant, tokens);
}

/** A step: puts tokens that must end into the open revocation of their grant, or into a new one. */
export async function revokeTokens(core: Core, tx: Tx, grant: GrantRef, tokens: TokenGrant): Promise<void> {
  const now = core.clock.now();
  let present = await tx.revocations.find(grant.id);
  // A running attempt may change the row in between. The update is then retried: only the newest tokens count.
  while (present !== null && isOpen(present)) {
    const sealedGrant = sealGrant(core.secrets, present, tokens);
    if (await tx.revocations.update(present, { sealedGrant, unanswered: 0, nextAttemptAt: now })) return;
    present = await tx.revocations.find(grant.id);
  }
  await addRevocation(core, tx, tokens, {
    id: newPrefixedId('rev'),
    connectionId: grant.connectionId,
    provider: grant.provider,
    erasureId: null,
    unanswered: 0,
    nextAttemptAt: now,
  });
}

function renew(grant: StoredGrant, id: string, tokens: TokenGrant): StoredGrant {
  return grant.id === id ? { id, unanswered: 0, tokens } : grant;
}
