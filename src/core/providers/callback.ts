/**
 * A person comes back from a provider. The first callback with a state consumes it; a replayed, foreign or expired
 * state changes nothing. Before the code is sent to the provider, a revocation with the code is committed. It becomes
 * due after the longest time that the exchange can take, so a grant whose answer is lost is ended too. The
 * transaction that stores the tokens withdraws this revocation.
 */
import type { Door, PublicPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { newPrefixedId } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, parseToken } from '../secret.ts';
import { minuteMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import {
  type Connection,
  goneOutcome,
  nextConnectionState,
  type ReturnTo,
  takesGrants,
} from './connection.ts';
import { addRevocation } from './end-grants.ts';
import { type CodeGrant, openGrants, type StoredGrant, type StoredGrants } from './grant.ts';
import { lockConnection, markUserChanged } from './lock-connection.ts';
import { openSecrets } from './oauth-attempt.ts';
import type { Provider, TokenAnswer } from './provider.ts';
import type { Revocation } from './revocation.ts';
import { grantChanges, revokeTokens } from './store-tokens.ts';

/** How a callback ended. `refused`: its state is unknown, expired or consumed. */
export type CallbackOutcome =
  | { readonly kind: 'refused' }
  | {
      /** `denied`: the person refused access. `failed`: the provider gave no grant; a later attempt may succeed. */
      readonly kind: 'connected' | 'denied' | 'failed';
      readonly returnTo: ReturnTo;
      /** The provider's name that people read. */
      readonly title: string;
    }
  /** Meanwhile the user was deleted, the connection was ended, or its provider was switched off. */
  | { readonly kind: 'withdrawn'; readonly returnTo: ReturnTo };

/** Longer than an exchange and its repetition can take, in milliseconds. */
export const exchangeLeaseMs = minuteMs;

/** Handles the parameters that the callback has. */
export async function finishConnection(
  core: Core,
  input: { readonly door: Door; readonly parameters: URLSearchParams },
): Promise<CallbackOutcome> {
  const { door, parameters } = input;
  const states = parameters.getAll('state');
  const [state = ''] = states;
  const token = states.length === 1 ? parseToken(state) : null;
  if (token?.prefix !== 'oas') return { kind: 'refused' };
  const principal: PublicPrincipal = { kind: 'public', door, orgKey: token.orgKey };

  const taken = await core.work.change(token.orgKey, (tx) => takeCallback(core, tx, { state, parameters }));
  if (taken.kind !== 'code') return taken;
  const { exchange } = taken;
  const { answer, isCertain } = await exchangeCode(exchange.provider, exchange.grant);
  const kind = await core.work.change(token.orgKey, (tx) =>
    settleExchange(core, tx, principal, exchange, { answer, isCertain }),
  );
  return { kind, returnTo: exchange.returnTo, title: exchange.provider.title };
}

/** A code to exchange for tokens, with the revocation that is committed before the exchange. */
interface Exchange {
  readonly provider: Provider;
  readonly returnTo: ReturnTo;
  readonly connectionId: string;
  readonly revocationId: string;
  readonly grant: CodeGrant;
}

type Taken = { readonly kind: 'code'; readonly exchange: Exchange } | CallbackOutcome;

/** A step: consumes the state, and writes the revocation of the code before the code is sent. */
async function takeCallback(
  core: Core,
  tx: Tx,
  { state, parameters }: { readonly state: string; readonly parameters: URLSearchParams },
): Promise<Taken> {
  const now = core.clock.now();
  const attempt = await tx.attempts.consume(digestOf(state));
  if (attempt === null || attempt.expiresAt <= now) return { kind: 'refused' };
  const { returnTo } = attempt;
  const user = await tx.users.lock({ id: attempt.userId });
  const connection = await tx.connections.lock(attempt.connectionId);
  if (user === null || connection === null || !takesGrants(connection))
    return { kind: 'withdrawn', returnTo };
  const provider = core.providers.find(connection.provider);
  if (provider === null) return { kind: 'withdrawn', returnTo };
  const callback = provider.readCallback(parameters, state);
  if (callback.kind === 'foreign') return { kind: 'refused' };
  if (callback.kind !== 'code') return { kind: callback.kind, returnTo, title: provider.title };
  const grant: CodeGrant = {
    kind: 'code',
    clientId: provider.clientId,
    code: callback.code,
    verifier: openSecrets(core, tx.orgKey, attempt).verifier,
    redirectUri: core.providers.redirectUri,
  };
  const id = newPrefixedId('rev');
  await addRevocation(core, tx, grant, {
    id,
    connectionId: connection.id,
    provider: provider.name,
    erasureId: null,
    unanswered: 1,
    nextAttemptAt: now + exchangeLeaseMs,
  });
  return {
    kind: 'code',
    exchange: { provider, returnTo, connectionId: connection.id, revocationId: id, grant },
  };
}

/**
 * Sends the code, and once more where the answer was lost. `isCertain` is false where the provider may have given
 * tokens whose answer was lost.
 */
async function exchangeCode(
  provider: Provider,
  grant: CodeGrant,
): Promise<{ readonly answer: TokenAnswer; readonly isCertain: boolean }> {
  const first = await provider.exchange(grant);
  if (first.kind !== 'unknown') return { answer: first, isCertain: true };
  return { answer: await provider.exchange(grant), isCertain: false };
}

/** A step: stores the tokens where the connection still takes them, and revokes them otherwise. */
async function settleExchange(
  core: Core,
  tx: Tx,
  principal: PublicPrincipal,
  exchange: Exchange,
  { answer, isCertain }: { readonly answer: TokenAnswer; readonly isCertain: boolean },
): Promise<'connected' | 'failed' | 'withdrawn'> {
  const { connectionId, revocationId, provider } = exchange;
  const located = await lockConnection(tx, connectionId);
  const isWanted = located !== null && takesGrants(located.connection);
  const otherwise = isWanted ? 'failed' : 'withdrawn';
  const revocation = await tx.revocations.find(revocationId);
  if (answer.kind !== 'tokens') {
    if (!isUntouched(revocation)) return otherwise;
    // Where tokens may have been given and lost, the job finds out; the revocation becomes due now.
    if (isCertain) await tx.revocations.withdraw(revocation);
    else await tx.revocations.update(revocation, { nextAttemptAt: core.clock.now() });
    return otherwise;
  }
  const isKept = isWanted && isUntouched(revocation) && (await tx.revocations.withdraw(revocation));
  if (!isKept) {
    await revokeTokens(core, tx, { id: revocationId, connectionId, provider: provider.name }, answer.grant);
    return otherwise;
  }
  const { connection, user } = located;
  const now = core.clock.now();
  const grants: StoredGrants = [
    { id: revocationId, unanswered: 0, tokens: answer.grant },
    ...formerGrants(core, connection),
  ];
  await tx.connections.update(connection, {
    ...grantChanges(core, connection, grants, now),
    status: connection.status === 'active' ? 'active' : nextConnectionState(connection.status, 'grant'),
    connectedAt: now,
    updatedAt: now,
  });
  // At some providers a second grant, from another window, ends the first one.
  await tx.attempts.drop(connectionId);
  await record(tx, principal, 'connection.connected', { kind: 'connection', id: connectionId }, now);
  await markUserChanged(tx, user, now);
  return 'connected';
}

/** Whether neither a job nor an erasure has taken up the revocation since it was written for this exchange. */
function isUntouched(revocation: Revocation | null): revocation is Revocation {
  return (
    revocation !== null &&
    revocation.state === 'pending' &&
    revocation.attempts === 0 &&
    revocation.erasureId === null
  );
}

/** The grants that the connection held before; without the present one where the provider said that it is gone. */
function formerGrants(core: Core, connection: Connection): readonly StoredGrant[] {
  const [present, ...former] = openGrants(core.secrets, connection) ?? [];
  if (present === undefined) return [];
  const { status, unanswered, refreshOutcome } = connection;
  const isGone = status === 'needs_user' && unanswered === 0 && refreshOutcome === goneOutcome;
  return isGone ? former : [{ ...present, unanswered }, ...former];
}
