/**
 * Coming back from a provider. The state is taken by the first callback that brings it; a replayed, foreign or old
 * one changes nothing. Before the code is sent off it stands in a revocation that is due once the exchange must
 * have ended, so that a grant whose answer is lost is ended all the same; the revocation is taken back in the
 * transaction that stores the tokens.
 */
import type { Door, PublicPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { newPrefixedId } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, parseToken } from '../secret.ts';
import { minuteMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { type Connection, nextConnectionState, type ReturnTo, takesGrants } from './connection.ts';
import { type CodeGrant, type KeptGrant, type KeptGrants, openGrants, sealGrant } from './grant.ts';
import { keepTokens, revokeTokens } from './keep-tokens.ts';
import { openSecrets } from './oauth-attempt.ts';
import type { Provider, TokenAnswer } from './provider.ts';
import type { Revocation } from './revocation.ts';
import { lockWithUser, noteOnUser } from './with-user.ts';

/** How a callback ended. `refused`: it is nobody's, or not any more. */
export type CallbackOutcome =
  | { readonly kind: 'refused' }
  | {
      /** `denied`: the person said no. `failed`: the provider gave nothing; it may next time. */
      readonly kind: 'connected' | 'denied' | 'failed';
      readonly returnTo: ReturnTo;
      /** The provider, as people call it. */
      readonly title: string;
    }
  /** The person is gone meanwhile, or the connection was ended, or its provider switched off. */
  | { readonly kind: 'withdrawn'; readonly returnTo: ReturnTo };

/** Longer than an exchange and its repetition can take. */
export const exchangeLeaseMs = minuteMs;

/** Works on the parameters that a person came back with. */
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

  const read = await core.work.change(token.orgKey, (tx) => takeCallback(core, tx, { state, parameters }));
  if (read.kind !== 'code') return read;
  const { exchange } = read;
  const { answer, isCertain } = await exchangeCode(exchange.provider, exchange.grant);
  const kind = await core.work.change(token.orgKey, (tx) =>
    settleExchange(core, tx, principal, exchange, { answer, isCertain }),
  );
  return { kind, returnTo: exchange.returnTo, title: exchange.provider.title };
}

/** A code that is to be turned into tokens, with the revocation that stands for it meanwhile. */
interface Exchange {
  readonly provider: Provider;
  readonly returnTo: ReturnTo;
  readonly connectionId: string;
  readonly revocationId: string;
  readonly grant: CodeGrant;
}

type Taken = { readonly kind: 'code'; readonly exchange: Exchange } | CallbackOutcome;

/** Takes the state, and writes down what may be granted before anybody is asked for it. */
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
  const reading = provider.readCallback(parameters, state);
  if (reading.kind === 'foreign') return { kind: 'refused' };
  if (reading.kind !== 'code') return { kind: reading.kind, returnTo, title: provider.title };
  const grant: CodeGrant = {
    kind: 'code',
    clientId: provider.clientId,
    code: reading.code,
    verifier: openSecrets(core, tx.orgKey, attempt).verifier,
    redirectUri: core.providers.redirectUri,
  };
  const id = newPrefixedId('rev');
  await tx.revocations.insert({
    id,
    connectionId: connection.id,
    provider: provider.name,
    erasureId: null,
    sealedGrant: sealGrant(core.secrets, { orgKey: tx.orgKey, id }, grant),
    unanswered: 1,
    nextAttemptAt: now + exchangeLeaseMs,
    createdAt: now,
  });
  return {
    kind: 'code',
    exchange: { provider, returnTo, connectionId: connection.id, revocationId: id, grant },
  };
}

/** Sends the code, once more where the answer was lost; whether nothing can have been given unseen. */
async function exchangeCode(
  provider: Provider,
  grant: CodeGrant,
): Promise<{ readonly answer: TokenAnswer; readonly isCertain: boolean }> {
  const first = await provider.exchange(grant);
  if (first.kind !== 'unknown') return { answer: first, isCertain: true };
  return { answer: await provider.exchange(grant), isCertain: false };
}

/** Stores what the provider gave, where it is still wanted; otherwise what came is revoked. */
async function settleExchange(
  core: Core,
  tx: Tx,
  principal: PublicPrincipal,
  exchange: Exchange,
  { answer, isCertain }: { readonly answer: TokenAnswer; readonly isCertain: boolean },
): Promise<'connected' | 'failed' | 'withdrawn'> {
  const { connectionId, revocationId, provider } = exchange;
  const located = await lockWithUser(tx, connectionId);
  const isWanted = located !== null && takesGrants(located.connection);
  const otherwise = isWanted ? 'failed' : 'withdrawn';
  const revocation = await tx.revocations.find(revocationId);
  if (answer.kind !== 'tokens') {
    if (!isOwn(revocation)) return otherwise;
    // What may have been given unseen is for the job to find out, from now on.
    if (isCertain) await tx.revocations.takeBack(revocation);
    else await tx.revocations.update(revocation, { nextAttemptAt: core.clock.now() });
    return otherwise;
  }
  const isKept = isWanted && isOwn(revocation) && (await tx.revocations.takeBack(revocation));
  if (!isKept) {
    await revokeTokens(core, tx, { id: revocationId, connectionId, provider: provider.name }, answer.grant);
    return otherwise;
  }
  const { connection, user } = located;
  const now = core.clock.now();
  const grants: KeptGrants = [
    { id: revocationId, unanswered: 0, tokens: answer.grant },
    ...formerGrants(core, connection),
  ];
  await tx.connections.update(connection, {
    ...keepTokens(core, connection, grants, now),
    status: connection.status === 'active' ? 'active' : nextConnectionState(connection.status, 'connect'),
    connectedAt: now,
    updatedAt: now,
  });
  // A second grant from another window would end the first one at some providers.
  await tx.attempts.drop(connectionId);
  await record(tx, principal, 'connection.connected', { kind: 'connection', id: connectionId }, now);
  await noteOnUser(tx, user, now);
  return 'connected';
}

/** Whether nobody has taken the revocation up since it was written for this exchange. */
function isOwn(revocation: Revocation | null): revocation is Revocation {
  return (
    revocation !== null &&
    revocation.state === 'pending' &&
    revocation.attempts === 0 &&
    revocation.erasureId === null
  );
}

/** The grants of before, but for a present one that is known to be gone. */
function formerGrants(core: Core, connection: Connection): readonly KeptGrant[] {
  const [present, ...former] = openGrants(core.secrets, connection) ?? [];
  if (present === undefined) return [];
  const { status, unanswered } = connection;
  const isGone = status === 'needs_user' && unanswered === 0;
  return isGone ? former : [{ ...present, unanswered }, ...former];
}
