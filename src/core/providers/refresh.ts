/**
 * Refreshes the tokens of a connection before they expire. Many providers give a new refresh token each time and
 * invalidate the old one. So a lost answer is counted: until the next answer, the grant may have tokens that are not
 * stored here, and its end needs a stronger proof. Where the provider says that the grant is gone, the connection
 * becomes `needs_user`. The same happens where the provider refuses `refreshRefusalsMax` refreshes in a row without
 * saying why, or answers them with something else than tokens; the grant then stays stored and is revoked with the connection.
 */
import { operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import {
  type Connection,
  goneOutcome,
  nextConnectionState,
  nextRefreshAt,
  refreshRefusalsMax,
} from './connection.ts';
import { openGrants, type StoredGrants } from './grant.ts';
import { lockConnection, markUserChanged } from './lock-connection.ts';
import type { Provider, TokenAnswer } from './provider.ts';
import { grantChanges, storeTokens } from './store-tokens.ts';

/** The result of a refresh: a short code for the log. */
export type RefreshOutcome = 'refreshed' | 'needs_user' | 'changed' | (string & {});

/**
 * Refreshes the tokens of a claimed connection; the claim has already counted this refresh as sent. Rejects only for a
 * fault of ours.
 */
export async function refreshConnection(
  core: Core,
  claimed: Connection,
  provider: Provider,
): Promise<RefreshOutcome> {
  const grants = openGrants(core.secrets, claimed);
  if (grants === null) return 'changed';
  const [present] = grants;
  const answer: TokenAnswer =
    present.tokens.clientId === provider.clientId
      ? await provider.refresh(present.tokens)
      : { kind: 'not_given', reason: 'other_client' };
  return core.work.change(claimed.orgKey, async (tx) => {
    const located = await lockConnection(tx, claimed.id);
    if (located?.connection.version !== claimed.version) {
      if (answer.kind === 'tokens') {
        const grant = { id: present.id, connectionId: claimed.id, provider: claimed.provider };
        await storeTokens(core, tx, grant, answer.grant);
      }
      return 'changed';
    }
    const { connection, user } = located;
    const now = core.clock.now();
    const outcome = await settleRefresh(core, tx, { connection, grants, provider, answer });
    if (outcome === 'needs_user') {
      const principal = operatorAt('job', tx.orgKey);
      await record(tx, principal, 'connection.lost', { kind: 'connection', id: connection.id }, now);
      await markUserChanged(tx, user, now);
    }
    return outcome;
  });
}

/** A step: applies the answer to the connection, which is locked and unchanged since the claim. */
async function settleRefresh(
  core: Core,
  tx: Tx,
  refresh: {
    readonly connection: Connection;
    readonly grants: StoredGrants;
    readonly provider: Provider;
    readonly answer: TokenAnswer;
  },
): Promise<RefreshOutcome> {
  const { connection, grants, provider, answer } = refresh;
  const now = core.clock.now();
  const { unanswered } = connection;
  switch (answer.kind) {
    case 'tokens': {
      const [present, ...former] = grants;
      const renewed: StoredGrants = [{ ...present, tokens: answer.grant }, ...former];
      await tx.connections.update(connection, grantChanges(core, connection, renewed, now));
      return 'refreshed';
    }
    case 'gone': {
      // This answers the present claim. An earlier refresh whose answer was lost may have given newer tokens.
      const isGone = unanswered <= 1 || provider.endsReusedGrants;
      await tx.connections.update(connection, {
        status: nextConnectionState(connection.status, 'lose'),
        refreshAt: null,
        unanswered: isGone ? 0 : unanswered,
        refreshOutcome: goneOutcome,
        updatedAt: now,
      });
      return 'needs_user';
    }
    case 'refused':
    case 'not_given':
    case 'unknown': {
      const failures = connection.refreshFailures + 1;
      const isRefusal =
        answer.kind === 'refused' || (answer.kind === 'unknown' && answer.isUnreadable === true);
      const refusals = connection.refreshRefusals + (isRefusal ? 1 : 0);
      const isLost = refusals >= refreshRefusalsMax;
      const wished = now + (answer.retryAfterMs ?? 0);
      await tx.connections.update(connection, {
        ...(isLost ? { status: nextConnectionState(connection.status, 'lose'), updatedAt: now } : {}),
        refreshAt: isLost ? null : Math.max(wished, nextRefreshAt(failures, now)),
        unanswered: answer.kind === 'unknown' ? unanswered : Math.max(0, unanswered - 1),
        refreshFailures: failures,
        refreshRefusals: refusals,
        refreshOutcome: answer.reason,
      });
      return isLost ? 'needs_user' : answer.reason;
    }
  }
}
