/**
 * One attempt at a claimed revocation: it asks the provider to end access, and decides what the answer proves. Access
 * has ended only when the provider says so, and its answer must cover all tokens that it may have given: after a lost
 * answer, a confirmation for the stored tokens alone is not enough.
 */
import { operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { settleRevocation } from '../erasure/settle-revocation.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import { nextConnectionState } from './connection.ts';
import { type Grant, hasExpired, openGrant, sealGrant, type TokenGrant } from './grant.ts';
import { type ConnectionOfUser, lockConnection, markUserChanged } from './lock-connection.ts';
import type { EndAnswer, Provider, TokenAnswer } from './provider.ts';
import {
  nextRevocationAttemptAt,
  nextRevocationState,
  type Revocation,
  type RevocationChanges,
  revocationWaitMaxMs,
} from './revocation.ts';
import { revokeTokens } from './store-tokens.ts';

/** What an attempt proved: that the grant has ended, or that a retry is needed. `outcome` is a short code. */
export type RevocationResult =
  | { readonly kind: 'ended'; readonly outcome: string }
  | { readonly kind: 'try_again'; readonly outcome: string; readonly retryAfterMs?: number };

/**
 * Attempts to end the grant of a claimed revocation, and stores the result. `changed`: another change of the revocation
 * came first, and the job attempts it again. Rejects only for a fault of ours.
 */
export async function attemptRevocation(
  core: Core,
  claimed: Revocation,
  provider: Provider,
): Promise<RevocationResult | 'changed'> {
  const work = new Attempt(core, claimed, provider);
  const result = await work.run();
  if (result === 'changed') return result;
  const { revocation } = work;
  const now = core.clock.now();
  const isSettled =
    result.kind === 'ended'
      ? await settle(core, revocation, 'confirm', result.outcome)
      : await core.work.change(revocation.orgKey, (tx) => {
          const wished = now + Math.min(result.retryAfterMs ?? 0, revocationWaitMaxMs);
          return tx.revocations.update(revocation, {
            state: nextRevocationState(revocation.state, 'retry'),
            outcome: result.outcome,
            nextAttemptAt: Math.max(wished, nextRevocationAttemptAt(revocation.attempts, now)),
          });
        });
  return isSettled ? result : 'changed';
}

/** Marks a revocation that is past its deadline; it is still attempted. */
export async function markOverdue(core: Core, revocation: Revocation): Promise<void> {
  await settle(core, revocation, 'miss', revocation.outcome);
}

/**
 * Changes, in one transaction, the revocation, the erasure that waits for it, and the connection where it still
 * exists. False where another change of the revocation came first.
 */
function settle(
  core: Core,
  revocation: Revocation,
  event: 'confirm' | 'miss',
  outcome: string | null,
): Promise<boolean> {
  const { orgKey, erasureId, provider } = revocation;
  return core.work.change(orgKey, async (tx) => {
    const at = core.clock.now();
    const located = await lockConnection(tx, revocation.connectionId);
    const state = nextRevocationState(revocation.state, event);
    const isEnd = event === 'confirm';
    const changes = isEnd ? { state, outcome, sealedGrant: null, endedAt: at } : { state };
    if (!(await tx.revocations.update(revocation, changes))) return false;
    if (erasureId !== null) {
      await settleRevocation(core, tx, { erasureId, provider, state, outcome: outcome ?? 'none', at });
    }
    if (located !== null) await settleConnection(tx, located, event, at);
    return true;
  });
}

/** A step: a connection has ended when its last grant has ended, and is overdue as soon as one revocation is. */
async function settleConnection(
  tx: Tx,
  { connection, user }: ConnectionOfUser,
  event: 'confirm' | 'miss',
  at: number,
): Promise<void> {
  const isEnding = connection.status === 'revoking' || connection.status === 'overdue';
  if (!isEnding || (event === 'miss' && connection.status === 'overdue')) return;
  if (event === 'confirm' && (await hasUnendedGrants(tx, connection.id))) return;
  const status = nextConnectionState(connection.status, event === 'confirm' ? 'end' : 'miss');
  await tx.connections.update(connection, { status, updatedAt: at });
  const principal = operatorAt('job', tx.orgKey);
  const action = event === 'confirm' ? 'connection.revoked' : 'connection.overdue';
  await record(tx, principal, action, { kind: 'connection', id: connection.id }, at);
  await markUserChanged(tx, user, at);
}

/** Whether a grant of the connection has not ended or was abandoned; the connection is then not `revoked`. */
async function hasUnendedGrants(tx: Tx, connectionId: string): Promise<boolean> {
  if ((await tx.revocations.lockOpenOf(connectionId)).length > 0) return true;
  return (await tx.revocations.lockAbandonedOf(connectionId)).length > 0;
}

/** One attempt: the calls to the provider. Each call that can give tokens is counted, durably, before it is sent. */
class Attempt {
  /** The revocation with the changes of this attempt. */
  revocation: Revocation;
  readonly #core: Core;
  readonly #provider: Provider;

  constructor(core: Core, revocation: Revocation, provider: Provider) {
    this.revocation = revocation;
    this.#core = core;
    this.#provider = provider;
  }

  async run(): Promise<RevocationResult | 'changed'> {
    const grant = openGrant(this.#core.secrets, this.revocation);
    if (grant === null) return tryAgain('no_grant');
    if (grant.clientId !== this.#provider.clientId) return tryAgain('other_client');
    const { endsReusedGrants } = this.#provider;
    let tokens: TokenGrant | null = grant.kind === 'tokens' ? grant : null;
    let isNewest = this.revocation.unanswered === 0;
    const canRenew = grant.kind === 'code' || grant.refreshToken !== null;
    if (!isNewest && canRenew) {
      // Sending the same again gives the newest tokens, or makes the provider end the tokens of the lost answer.
      const answer = await this.#renew(grant);
      if (answer === 'changed') return answer;
      if (answer.kind !== 'tokens' && answer.kind !== 'gone') return tryAgain(answer.reason, answer);
      if (answer.kind === 'tokens') tokens = answer.grant;
      isNewest = answer.kind === 'tokens' || endsReusedGrants;
    }
    if (tokens === null) return isNewest ? ended('unknown_grant') : tryAgain('grant_unknown');
    return this.#end(tokens, isNewest);
  }

  /** `isNewest`: no newer tokens than these can be valid. */
  async #end(tokens: TokenGrant, isNewest: boolean): Promise<RevocationResult | 'changed'> {
    const answer = await this.#provider.end(tokens);
    const isPartial = answer.kind === 'ended' && answer.covers === 'access';
    if (answer.kind !== 'stale' && !isPartial) return this.#judge(answer, isNewest);
    if (tokens.refreshToken === null) {
      if (isPartial) return isNewest ? ended(answer.outcome) : tryAgain('grant_unknown');
      return hasExpired(tokens, this.#core.clock.now()) && isNewest
        ? ended('expired')
        : tryAgain(reasonOf(answer));
    }
    // Either the call needs a new access token, or only the refresh token can show whether the grant is still valid.
    const renewed = await this.#renew(tokens);
    if (renewed === 'changed') return renewed;
    switch (renewed.kind) {
      case 'tokens': {
        if (isPartial) return tryAgain('still_active');
        return this.#judge(await this.#provider.end(renewed.grant), true);
      }
      case 'gone':
        return isNewest || this.#provider.endsReusedGrants
          ? ended('unknown_grant')
          : tryAgain('grant_unknown');
      default:
        return tryAgain(renewed.reason, renewed);
    }
  }

  #judge(answer: EndAnswer, isNewest: boolean): RevocationResult {
    if (answer.kind === 'stale') return tryAgain(answer.reason);
    if (answer.kind === 'try_again') return tryAgain(answer.reason, answer);
    if (answer.covers === 'access') return tryAgain('still_active');
    return isNewest || answer.covers === 'grant' ? ended(answer.outcome) : tryAgain('grant_unknown');
  }

  /** Gets new tokens for the grant and stores them before they are used. */
  async #renew(grant: Grant): Promise<TokenAnswer | 'changed'> {
    const { unanswered } = this.revocation;
    if (!(await this.#change({ unanswered: unanswered + 1 }))) return 'changed';
    const answer =
      grant.kind === 'code' ? await this.#provider.exchange(grant) : await this.#provider.refresh(grant);
    if (answer.kind === 'tokens') {
      const sealedGrant = sealGrant(this.#core.secrets, this.revocation, answer.grant);
      if (await this.#change({ sealedGrant, unanswered: 0 })) return answer;
      await this.#core.work.change(this.revocation.orgKey, (tx) =>
        revokeTokens(this.#core, tx, this.revocation, answer.grant),
      );
      return 'changed';
    }
    if (answer.kind === 'unknown') return answer;
    return (await this.#change({ unanswered })) ? answer : 'changed';
  }

  /** False where another change of the revocation came first. */
  async #change(changes: RevocationChanges): Promise<boolean> {
    const isOurs = await this.#core.work.change(this.revocation.orgKey, (tx) =>
      tx.revocations.update(this.revocation, changes),
    );
    if (isOurs) this.revocation = { ...this.revocation, ...changes, version: this.revocation.version + 1 };
    return isOurs;
  }
}

function ended(outcome: string): RevocationResult {
  return { kind: 'ended', outcome };
}

function tryAgain(outcome: string, answer: { readonly retryAfterMs?: number } = {}): RevocationResult {
  const { retryAfterMs } = answer;
  return { kind: 'try_again', outcome, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function reasonOf(answer: EndAnswer): string {
  return answer.kind === 'ended' ? answer.outcome : answer.reason;
}
