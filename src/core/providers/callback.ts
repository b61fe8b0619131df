/**
 * A person comes back from a provider. Only the browser that has begun the flow can take it up: in another one nothing is
 * consumed and no code is sent. The first callback with a state consumes it, and its outcome is remembered; a
 * foreign or expired state changes nothing. Before the code is sent to the provider, a revocation with the code is
 * committed. It becomes due after the longest time that the exchange can take, so a grant whose answer is lost is ended
 * too. The transaction that stores the tokens withdraws this revocation.
 */
import { promisify } from 'node:util';
import type { Door, PublicPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { newPrefixedId, type OrgKey } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, parseToken } from '../secret.ts';
import { minuteMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { isBoundTo } from './browser-binding.ts';
import { type CallbackOutcome, recallOutcome } from './callback-outcome.ts';
import {
  attemptLifeMs,
  type Connection,
  goneOutcome,
  nextConnectionState,
  type ReturnTo,
  takesGrants,
} from './connection.ts';
import { addRevocation } from './end-grants.ts';
import { type ExchangeResult, exchangeCode } from './exchange-code.ts';
import { findFlowToken } from './flow.ts';
import { type CodeGrant, type GrantRef, openGrants, type StoredGrant, type StoredGrants } from './grant.ts';
import { isAccountTaken } from './linked-account.ts';
import { lockConnection, markUserChanged } from './lock-connection.ts';
import { openSecrets } from './oauth-attempt.ts';
import type { Provider } from './provider.ts';
import type { Revocation } from './revocation.ts';
import { grantChanges, revokeTokens } from './store-tokens.ts';

/** Longer than an exchange and its repetitions can take, in milliseconds. */
export const exchangeLeaseMs = minuteMs;

/** How often, and for how long at most, a callback looks whether another delivery of it has ended, in milliseconds. */
const recallPauseMs = 200;
const recallMaxMs = 3_000;
const pause = promisify(setTimeout);

/** Handles the parameters that the callback has; `browser` is the secret of the browser, null where it has none. */
export async function finishConnection(
  core: Core,
  input: { readonly door: Door; readonly parameters: URLSearchParams; readonly browser: string | null },
): Promise<CallbackOutcome> {
  const { door, parameters, browser } = input;
  const states = parameters.getAll('state');
  const [state = ''] = states;
  const token = states.length === 1 ? parseToken(state) : null;
  if (token?.prefix !== 'oas') return { kind: 'refused' };
  const { orgKey } = token;
  const principal: PublicPrincipal = { kind: 'public', door, orgKey };

  const taken = await core.work.change(orgKey, (tx) =>
    takeCallback(core, tx, { state, parameters, browser }),
  );
  if (taken.kind === 'exchanging') return awaitOutcome(core, orgKey, state);
  if (taken.kind !== 'code') return taken;
  const { exchange } = taken;
  const result = await exchangeCode(exchange.provider, exchange.grant);
  const kind = await core.work.change(orgKey, (tx) => settleExchange(core, tx, principal, exchange, result));
  return { kind, returnTo: exchange.returnTo, title: exchange.provider.title };
}

/** The outcome of another delivery of the callback, in this process or another; `exchanging` where it takes long. */
async function awaitOutcome(core: Core, orgKey: OrgKey, state: string): Promise<CallbackOutcome> {
  for (let waitedMs = 0; ; waitedMs += recallPauseMs) {
    const outcome = await core.work.read(orgKey, async (tx) =>
      recallOutcome(core, tx, await tx.attempts.findByState(digestOf(state))),
    );
    if (outcome.kind !== 'exchanging' || waitedMs >= recallMaxMs) return outcome;
    await pause(recallPauseMs);
  }
}

/** A code to exchange for tokens, with the revocation that is committed before the exchange. */
interface Exchange {
  readonly flowDigest: string;
  readonly provider: Provider;
  readonly returnTo: ReturnTo;
  readonly connectionId: string;
  readonly revocationId: string;
  readonly grant: CodeGrant;
}

/** How an exchange ended. */
type ExchangeOutcome = 'connected' | 'failed' | 'withdrawn' | 'account_taken' | 'busy';

type Taken = { readonly kind: 'code'; readonly exchange: Exchange } | CallbackOutcome;

/** A step: consumes the state, and writes the revocation of the code before the code is sent. */
async function takeCallback(
  core: Core,
  tx: Tx,
  callback: {
    readonly state: string;
    readonly parameters: URLSearchParams;
    readonly browser: string | null;
  },
): Promise<Taken> {
  const { state, parameters, browser } = callback;
  const now = core.clock.now();
  const stateDigest = digestOf(state);
  const seen = await tx.attempts.findByState(stateDigest);
  if (seen === null || seen.expiresAt <= now) return { kind: 'refused' };
  if (!isBoundTo(seen, browser)) return { kind: 'elsewhere', flow: await findFlowToken(core, tx, seen) };
  // The user first, as in every change of a connection.
  const user = await tx.users.lock({ id: seen.userId });
  const connection = await tx.connections.lock(seen.connectionId);
  const attempt = await tx.attempts.consume(stateDigest);
  if (attempt === null) return recallOutcome(core, tx, await tx.attempts.findByState(stateDigest));
  const { returnTo, flowDigest } = attempt;
  const provider = connection === null ? null : core.providers.find(connection.provider);
  if (user === null || connection === null || provider === null || !takesGrants(connection)) {
    await tx.attempts.settle(flowDigest, { outcome: 'withdrawn', settlesAt: null });
    return { kind: 'withdrawn', returnTo };
  }
  const parsed = provider.readCallback(parameters, state);
  // A consumed attempt is refused until another outcome is stored.
  if (parsed.kind === 'foreign') return { kind: 'refused' };
  if (parsed.kind !== 'code') {
    await tx.attempts.settle(flowDigest, { outcome: parsed.kind, settlesAt: null });
    return { kind: parsed.kind, returnTo, title: provider.title };
  }
  await tx.attempts.settle(flowDigest, { outcome: 'exchanging', settlesAt: now + exchangeLeaseMs });
  const grant: CodeGrant = {
    kind: 'code',
    clientId: provider.clientId,
    code: parsed.code,
    verifier: openSecrets(core, tx.orgKey, attempt).begun?.verifier ?? null,
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
    exchange: { flowDigest, provider, returnTo, connectionId: connection.id, revocationId: id, grant },
  };
}

/** A step: settles the exchange, and remembers its outcome; a state whose provider is busy is open again. */
async function settleExchange(
  core: Core,
  tx: Tx,
  principal: PublicPrincipal,
  exchange: Exchange,
  result: ExchangeResult,
): Promise<ExchangeOutcome> {
  const kind = await settleAnswer(core, tx, principal, exchange, result);
  const outcome = kind === 'busy' ? null : kind;
  await tx.attempts.settle(exchange.flowDigest, { outcome, settlesAt: null });
  // For so long the person can end a connection that was a mistake, on the page that shows it.
  if (kind === 'connected') await tx.attempts.extend(exchange.flowDigest, core.clock.now() + attemptLifeMs);
  return kind;
}

/** A step: stores the tokens where the connection still takes them, and revokes them otherwise. */
async function settleAnswer(
  core: Core,
  tx: Tx,
  principal: PublicPrincipal,
  { connectionId, revocationId, provider }: Exchange,
  { answer, isCertain }: ExchangeResult,
): Promise<ExchangeOutcome> {
  const located = await lockConnection(tx, connectionId);
  const isWanted = located !== null && takesGrants(located.connection);
  const otherwise = isWanted ? 'failed' : 'withdrawn';
  const revocation = await tx.revocations.find(revocationId);
  if (answer.kind !== 'tokens') {
    if (!isUntouched(revocation)) return otherwise;
    // Where tokens may have been given and lost, the job finds out; the revocation becomes due now.
    if (!isCertain || answer.kind === 'unknown') {
      await tx.revocations.update(revocation, { nextAttemptAt: core.clock.now() });
      return otherwise;
    }
    await tx.revocations.withdraw(revocation);
    return isWanted && answer.kind === 'not_given' && answer.isBusy === true ? 'busy' : otherwise;
  }
  const ref: GrantRef = { id: revocationId, connectionId, provider: provider.name };
  if (isWanted && (await isAccountTaken(core, tx, located, answer.grant))) {
    const subject = { kind: 'connection', id: connectionId } as const;
    await record(tx, principal, 'connection.account_refused', subject, core.clock.now());
    // Such an end takes the consent from the other user's connection too. So these tokens end with that connection.
    const isLeft = provider.endsWholeConsent && isUntouched(revocation);
    if (!(isLeft && (await tx.revocations.withdraw(revocation)))) {
      await revokeTokens(core, tx, ref, answer.grant);
    }
    return 'account_taken';
  }
  const isKept = isWanted && isUntouched(revocation) && (await tx.revocations.withdraw(revocation));
  if (!isKept) {
    await revokeTokens(core, tx, ref, answer.grant);
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
