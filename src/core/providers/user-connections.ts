/**
 * The operations on a user's connections for contracts and pages: list, start and end. Each opens one transaction and
 * calls no provider: the row of an attempt waits for the person to come back (`callback.ts`), and the rows of
 * revocations make the job tell the provider that access ends.
 */
import { alone, runOnce } from '../access/idempotency.ts';
import type { IdempotentRequest } from '../access/idempotency-store.ts';
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { scopedRef } from '../directory/user-lifecycle.ts';
import type { UserRef } from '../directory/user-store.ts';
import { refuse } from '../errors.ts';
import { newPrefixedId } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { countOwnChange } from '../record/own-acts.ts';
import type { Tx } from '../unit-of-work.ts';
import type { Connection, ReturnTo } from './connection.ts';
import { endConnection } from './end-connection.ts';
import { markUserChanged } from './lock-connection.ts';
import { openAttempt, openSecrets, startAddress } from './oauth-attempt.ts';
import type { Provider } from './provider.ts';

export interface StartedConnection {
  readonly connection: Connection;
  /**
   * The address of the start page, to which the person goes; null only for a repeated request whose person has already
   * come back.
   */
  readonly authUrl: string | null;
}

/** The providers that are switched on, by title. */
export function listProviders(core: Core): readonly Provider[] {
  return core.providers.list();
}

/**
 * Every connection of the user, newest first, ended ones included. Refuses with `forbidden` and `not_found` (user).
 */
export async function listConnections(
  core: Core,
  principal: Principal,
  input: { readonly user: UserRef | null },
): Promise<readonly Connection[]> {
  authorize(principal, 'connections.read');
  return core.work.read(principal.orgKey, async (tx) => {
    const user = input.user === null ? null : await tx.users.find(scopedRef(principal, input.user));
    if (user === null) throw refuse('not_found', { noun: 'user' });
    return tx.connections.listOf(user.id);
  });
}

/**
 * Starts to connect the user to a provider; `provider` is unchecked input. A connection that waits for the person,
 * because the person never came back or the grant is gone, is started again; otherwise the new connection is added
 * beside the others. Refuses with `forbidden`, `invalid_fields`, `not_found` (user) and the idempotency codes.
 */
export async function startConnection(
  core: Core,
  principal: Principal,
  input: {
    readonly user: UserRef | null;
    readonly provider: unknown;
    readonly returnTo: ReturnTo;
    readonly once?: IdempotentRequest | null;
  },
): Promise<StartedConnection> {
  authorize(principal, 'connections.manage');
  const provider = readProvider(core, input.provider);
  const { user: ref, returnTo, once = null } = input;
  return alone(core.running, once, () =>
    core.work.change(principal.orgKey, async (tx) => {
      const user = ref === null ? null : await tx.users.lock(scopedRef(principal, ref));
      if (user === null) throw refuse('not_found', { noun: 'user' });
      return runOnce(
        tx,
        once,
        { status: 200, now: core.clock.now() },
        {
          again: ({ connectionId }) => repeat(core, tx, connectionId, returnTo),
          work: () => start(core, tx, principal, { user, provider, returnTo }),
          made: ({ connection }) => ({ userId: user.id, connectionId: connection.id }),
        },
      );
    }),
  );
}

/**
 * Ends a connection of the user; the job then revokes its grants at the provider. A connection that has ended, or is
 * ending, stays as it is. Refuses with `forbidden`, `not_found` (user) and `not_found` (connection).
 */
export async function disconnect(
  core: Core,
  principal: Principal,
  input: { readonly user: UserRef | null; readonly connectionId: string },
): Promise<Connection> {
  authorize(principal, 'connections.manage');
  const { user: ref, connectionId } = input;
  return core.work.change(principal.orgKey, async (tx) => {
    const user = ref === null ? null : await tx.users.lock(scopedRef(principal, ref));
    if (user === null) throw refuse('not_found', { noun: 'user' });
    const connection = await tx.connections.lock(connectionId);
    if (connection?.userId !== user.id) throw refuse('not_found', { noun: 'connection', id: connectionId });
    return endConnection(core, tx, principal, { user, connection });
  });
}

/** How many connections that have ended a user keeps; older ones are deleted when a new one starts. */
export const endedMax = 20;

async function start(
  core: Core,
  tx: Tx,
  principal: Principal,
  input: { readonly user: User; readonly provider: Provider; readonly returnTo: ReturnTo },
): Promise<StartedConnection> {
  const { user, provider, returnTo } = input;
  await countOwnChange(core, tx, principal);
  const now = core.clock.now();
  const connections = await tx.connections.listOf(user.id);
  const waiting = connections.find((each) => each.provider === provider.name && isWaiting(each));
  if (waiting === undefined) await forgetEnded(tx, connections);
  const connection =
    waiting ??
    (await tx.connections.insert({
      id: newPrefixedId('dev'),
      userId: user.id,
      provider: provider.name,
      createdAt: now,
    }));
  if (waiting !== undefined) await tx.connections.update(waiting, { updatedAt: now });
  const authUrl = await openAttempt(core, tx, { connection, returnTo });
  await record(tx, principal, 'connection.started', { kind: 'connection', id: connection.id }, now);
  if (waiting === undefined) await markUserChanged(tx, user, now);
  return { connection, authUrl };
}

/** A step: of the connections that have ended, newest first, a user keeps a bounded number. */
async function forgetEnded(tx: Tx, connections: readonly Connection[]): Promise<void> {
  const ended = connections.filter(({ status }) => status === 'revoked');
  for (const { id } of ended.slice(endedMax)) await tx.connections.forget(id);
}

/**
 * The answer to an earlier request with this key. The address is valid while the person has not come back. Null where
 * the connection is gone.
 */
async function repeat(
  core: Core,
  tx: Tx,
  connectionId: string | null,
  returnTo: ReturnTo,
): Promise<StartedConnection | null> {
  const connection = connectionId === null ? null : await tx.connections.find(connectionId);
  if (connection === null) return null;
  const attempt = await tx.attempts.findOpen(connection.id, core.clock.now());
  if (attempt !== null)
    return { connection, authUrl: startAddress(core, openSecrets(core, tx.orgKey, attempt).flow) };
  return {
    connection,
    authUrl: isWaiting(connection) ? await openAttempt(core, tx, { connection, returnTo }) : null,
  };
}

/** Whether the person must go to the provider before the provider gives data. */
function isWaiting({ status }: Connection): boolean {
  return status === 'pending' || status === 'needs_user';
}

function readProvider(core: Core, value: unknown): Provider {
  const provider = typeof value === 'string' ? core.providers.find(value) : null;
  if (provider === null) {
    const choices = core.providers.list().map(({ name }) => name);
    throw refuse('invalid_fields', { faults: [{ field: 'provider', fault: 'unlisted', choices }] });
  }
  return provider;
}
