/**
 * Telling a provider that access ends, once: what is done with a revocation that was claimed, and what the answer
 * proves. Access has ended on the provider's word alone, and that word must cover all that the provider may have
 * given: where an answer of its was lost, saying of our tokens that they open nothing is not enough.
 */
import { operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { settleRevocation } from '../erasure/settle-revocation.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import { nextConnectionState } from './connection.ts';
import { type Grant, hasRunOut, openGrant, sealGrant, type TokenGrant } from './grant.ts';
import { revokeTokens } from './keep-tokens.ts';
import type { EndAnswer, Provider, TokenAnswer } from './provider.ts';
import {
  nextRevocationAttemptAt,
  nextRevocationState,
  type Revocation,
  type RevocationChanges,
} from './revocation.ts';
import { type ConnectionOfUser, lockWithUser, noteOnUser } from './with-user.ts';

/** What an attempt proved: that the grant has ended, or that it is to be tried again. `outcome` is a short code. */
export type RevocationResult =
  | { readonly kind: 'ended'; readonly outcome: string }
  | { readonly kind: 'try_again'; readonly outcome: string; readonly retryAfterMs?: number };

/** A provider may ask to be left alone for so long at most. */
const retryAfterMaxMs = 3_600_000;

/**
 * Tries to end the grant of a revocation that was claimed, and writes down what came of it. `changed`: somebody
 * else changed the revocation meanwhile, and it is tried anew. Rejects only for a fault of ours.
 */
export async function tryRevocation(
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
          const wished = now + Math.min(result.retryAfterMs ?? 0, retryAfterMaxMs);
          return tx.revocations.update(revocation, {
            state: nextRevocationState(revocation.state, 'retry'),
            outcome: result.outcome,
            nextAttemptAt: Math.max(wished, nextRevocationAttemptAt(revocation.attempts, now)),
          });
        });
  return isSettled ? result : 'changed';
}

/** Marks a revocation that is past its deadline. It is tried further on. */
export async function missRevocation(core: Core, revocation: Revocation): Promise<void> {
  await settle(core, revocation, 'miss', revocation.outcome);
}

/** A step of both ends: the row, the erasure that waits for it, and the connection where it is still there. */
function settle(
  core: Core,
  revocation: Revocation,
  event: 'confirm' | 'miss',
  outcome: string | null,
): Promise<boolean> {
  const { orgKey, erasureId, provider } = revocation;
  return core.work.change(orgKey, async (tx) => {
    const at = core.clock.now();
    const located = await lockWithUser(tx, revocation.connectionId);
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

/** A step: a connection that is ending has ended with the last of its grants, and is overdue with the first. */
async function settleConnection(
  tx: Tx,
  { connection, user }: ConnectionOfUser,
  event: 'confirm' | 'miss',
  at: number,
): Promise<void> {
  const isEnding = connection.status === 'revoking' || connection.status === 'overdue';
  if (!isEnding || (event === 'miss' && connection.status === 'overdue')) return;
  if (event === 'confirm' && (await isHeld(tx, connection.id))) return;
  const status = nextConnectionState(connection.status, event === 'confirm' ? 'end' : 'miss');
  await tx.connections.update(connection, { status, updatedAt: at });
  const principal = operatorAt('job', tx.orgKey);
  const action = event === 'confirm' ? 'connection.revoked' : 'connection.overdue';
  await record(tx, principal, action, { kind: 'connection', id: connection.id }, at);
  await noteOnUser(tx, user, at);
}

/** Whether a grant of the connection has not ended, or nobody will know any more: such a connection is never revoked. */
async function isHeld(tx: Tx, connectionId: string): Promise<boolean> {
  if ((await tx.revocations.lockOpenOf(connectionId)).length > 0) return true;
  return (await tx.revocations.lockAbandonedOf(connectionId)).length > 0;
}

/** One attempt: the calls to the provider, each lost answer of which is remembered before it is waited for. */
class Attempt {
  /** The row as it is now. */
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
    let isWhole = this.revocation.unanswered === 0;
    const canRenew = grant.kind === 'code' || grant.refreshToken !== null;
    if (!isWhole && canRenew) {
      // Sending the same again either brings the newest tokens, or has the provider end what it gave unseen.
      const answer = await this.#renew(grant);
      if (answer === 'changed') return answer;
      if (answer.kind === 'not_given' || answer.kind === 'unknown') return tryAgain(answer.reason, answer);
      if (answer.kind === 'tokens') tokens = answer.grant;
      isWhole = answer.kind === 'tokens' || endsReusedGrants;
    }
    if (tokens === null) return isWhole ? ended('unknown_grant') : tryAgain('grant_unknown');
    return this.#end(tokens, isWhole);
  }

  /** `isWhole`: there are no newer tokens than these that live. */
  async #end(tokens: TokenGrant, isWhole: boolean): Promise<RevocationResult | 'changed'> {
    const answer = await this.#provider.end(tokens);
    const isPartial = answer.kind === 'ended' && answer.covers === 'access';
    if (answer.kind !== 'stale' && !isPartial) return this.#judge(answer, isWhole);
    if (tokens.refreshToken === null) {
      if (isPartial) return isWhole ? ended(answer.outcome) : tryAgain('grant_unknown');
      return hasRunOut(tokens, this.#core.clock.now()) && isWhole
        ? ended('expired')
        : tryAgain(reasonOf(answer));
    }
    // Either a fresh token is needed, or the refresh token itself is the only witness of whether the grant lives.
    const renewed = await this.#renew(tokens);
    if (renewed === 'changed') return renewed;
    switch (renewed.kind) {
      case 'tokens': {
        if (isPartial) return tryAgain('still_active');
        return this.#judge(await this.#provider.end(renewed.grant), true);
      }
      case 'gone':
        return isWhole || this.#provider.endsReusedGrants
          ? ended('unknown_grant')
          : tryAgain('grant_unknown');
      default:
        return tryAgain(renewed.reason, renewed);
    }
  }

  #judge(answer: EndAnswer, isWhole: boolean): RevocationResult {
    if (answer.kind === 'stale') return tryAgain(answer.reason);
    if (answer.kind === 'try_again') return tryAgain(answer.reason, answer);
    if (answer.covers === 'access') return tryAgain('still_active');
    return isWhole || answer.covers === 'grant' ? ended(answer.outcome) : tryAgain('grant_unknown');
  }

  /** New tokens for the grant, written down before they are used. */
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

  /** False where somebody else was quicker. */
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
