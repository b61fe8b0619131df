/** The token calls of an app's backend, and connected sources without a visit at a provider. */
import { randomUUID } from 'node:crypto';
import { newPrefixedId } from '../../src/core/ids.ts';
import type { ConnectionState } from '../../src/core/providers/connection.ts';
import { type StoredGrant, sealGrants, type TokenGrant } from '../../src/core/providers/grant.ts';
import type { Reply } from '../support/server/http.ts';
import type { Roster, Tenant } from '../support/server/start.ts';

export type AppCredentials = Tenant['app'];

export const tokenPath = '/humanapi/v1/connect/token';

/** `POST /v1/connect/token` with the client's id and secret and further fields. */
export function askToken(
  roster: Roster,
  said: Readonly<Record<string, unknown>>,
  app: AppCredentials = roster.organization.app,
): Promise<Reply> {
  const json = { client_id: app.appId, client_secret: app.clientSecret, ...said };
  return roster.call(`POST ${tokenPath}`, { json });
}

export interface OpenSession {
  readonly humanId: string;
  readonly externalId: string;
  readonly token: string;
}

/** A new user with a valid session of the Connect page. */
export async function openSession(
  roster: Roster,
  app: AppCredentials = roster.organization.app,
): Promise<OpenSession> {
  const externalId = `person-${randomUUID()}`;
  const reply = await askToken(roster, { type: 'session', client_user_id: externalId }, app);
  return { humanId: reply.string('human_id'), externalId, token: reply.string('session_token') };
}

function grant(): StoredGrant {
  const tokens: TokenGrant = {
    ...{ kind: 'tokens', clientId: 'client', accessToken: 'access' },
    ...{ refreshToken: null, expiresAt: null, account: null },
  };
  return { id: newPrefixedId('rev'), unanswered: 0, tokens };
}

/**
 * A connection of the user to a provider, in that state, written directly into the directory. The default provider is
 * switched off, so that no job works on its grant.
 */
export function addConnection(
  roster: Roster,
  humanId: string,
  said: { readonly status: ConnectionState; readonly provider?: string },
): Promise<string> {
  const { status, provider = 'fitbit' } = said;
  const now = roster.clock.now();
  return roster.core.work.change(roster.organization.key, async (tx) => {
    const connection = await tx.connections.insert({
      ...{ id: newPrefixedId('dev'), userId: humanId, provider, createdAt: now },
    });
    if (status === 'pending') return connection.id;
    const holdsGrant = status === 'active' || status === 'needs_user';
    const sealedGrants = holdsGrant ? sealGrants(roster.core.secrets, connection, [grant()]) : null;
    await tx.connections.update(connection, { status, sealedGrants, connectedAt: now, updatedAt: now });
    return connection.id;
  });
}
