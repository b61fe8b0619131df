/**
 * A flow as its web pages see it: the start page shows for which account and app it is, and a press there binds it to
 * the browser. The page of the callback finds it by the state, the Connect page asks how it ended. `callback.ts` takes the
 * person back.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import { refuse } from '../errors.ts';
import type { OrgKey } from '../ids.ts';
import { digestOf, parseToken } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { bindingDigest, isBoundTo } from './browser-binding.ts';
import { recallOutcome } from './callback-outcome.ts';
import { type AttemptOutcome, type SeenAttempt, takesGrants } from './connection.ts';
import { type MaskedAccount, maskAccount } from './masked-account.ts';
import { newBegunSecrets, openSecrets, sealSecrets } from './oauth-attempt.ts';
import type { Provider } from './provider.ts';

/** For whom a flow is. */
export interface FlowOwner {
  readonly app: App;
  readonly account: MaskedAccount;
}

export interface OpenFlow extends FlowOwner {
  readonly provider: Provider;
}

/** The flow of that token; null where it is unknown, has expired, was used, or is no longer wanted. */
export async function findOpenFlow(core: Core, flow: string): Promise<OpenFlow | null> {
  const orgKey = orgKeyOf(flow, 'oaf');
  if (orgKey === null) return null;
  return core.work.read(orgKey, async (tx) => {
    const found = await findBeginnable(core, tx, digestOf(flow));
    const owner = found === null ? null : await findOwner(tx, found.attempt);
    if (found === null || owner === null) return null;
    return { ...owner, provider: found.provider };
  });
}

/**
 * Begins the flow in the browser that has the secret: from now on only this browser can come back with it. A browser that began
 * it before loses it. Returns the address of the provider; null as `findOpenFlow`.
 */
export async function beginFlow(
  core: Core,
  input: { readonly flow: string; readonly browser: string },
): Promise<string | null> {
  const { flow, browser } = input;
  const orgKey = orgKeyOf(flow, 'oaf');
  if (orgKey === null) return null;
  const flowDigest = digestOf(flow);
  return core.work.change(orgKey, async (tx) => {
    const found = await findBeginnable(core, tx, flowDigest);
    if (found === null) return null;
    const { provider } = found;
    const present = isBoundTo(found.attempt, browser) ? openSecrets(core, orgKey, found.attempt).begun : null;
    // A second press in one browser leads to the same address, so that it does not matter which answer arrives.
    const begun = present ?? newBegunSecrets(orgKey, provider);
    const { state, verifier } = begun;
    const isBound = await tx.attempts.bind(flowDigest, {
      stateDigest: digestOf(state),
      browserDigest: bindingDigest(flowDigest, browser),
      sealedSecrets: sealSecrets(core, orgKey, flowDigest, { flow, begun }),
    });
    if (!isBound) return null;
    return provider.authorizationUrl({
      state,
      // The digest is the S256 challenge of RFC 7636, section 4.2.
      challenge: verifier === null ? null : digestOf(verifier),
      redirectUri: core.providers.redirectUri,
    });
  });
}

/** For whom the flow with that state is; null where the state or the user is unknown. */
export async function findFlowOwner(core: Core, state: string): Promise<FlowOwner | null> {
  const orgKey = orgKeyOf(state, 'oas');
  if (orgKey === null) return null;
  return core.work.read(orgKey, async (tx) => {
    const attempt = await tx.attempts.findByState(digestOf(state));
    return attempt === null ? null : findOwner(tx, attempt);
  });
}

/** How far a flow is: `waiting` until its callback has come; `expired` where none came in time. */
export type FlowProgress = 'waiting' | 'expired' | AttemptOutcome;

/** How far a flow of the person on the Connect page is. Refuses with `forbidden` and `not_found` (connection). */
export async function getFlowProgress(
  core: Core,
  principal: Principal & { readonly kind: 'connect' },
  flow: string,
): Promise<FlowProgress> {
  authorize(principal, 'connections.read');
  const { orgKey, userId } = principal;
  return core.work.read(orgKey, async (tx) => {
    const attempt = await tx.attempts.find(digestOf(flow));
    if (attempt === null || attempt.userId !== userId) throw refuse('not_found', { noun: 'connection' });
    if (attempt.outcome === null) return attempt.expiresAt <= core.clock.now() ? 'expired' : 'waiting';
    const { kind } = await recallOutcome(core, tx, attempt);
    return kind;
  });
}

/** The flow token of a bound flow that another browser has come back with; null where it cannot be begun again. */
export async function findFlowToken(core: Core, tx: Tx, attempt: SeenAttempt): Promise<string | null> {
  const found = await findBeginnable(core, tx, attempt.flowDigest);
  return found === null ? null : openSecrets(core, tx.orgKey, attempt).flow;
}

async function findBeginnable(
  core: Core,
  tx: Tx,
  flowDigest: string,
): Promise<{ readonly attempt: SeenAttempt; readonly provider: Provider } | null> {
  const attempt = await tx.attempts.find(flowDigest);
  if (attempt === null || attempt.outcome !== null || attempt.expiresAt <= core.clock.now()) return null;
  const connection = await tx.connections.find(attempt.connectionId);
  const provider = connection === null ? null : core.providers.find(connection.provider);
  if (connection === null || provider === null || !takesGrants(connection)) return null;
  return { attempt, provider };
}

async function findOwner(tx: Tx, attempt: SeenAttempt): Promise<FlowOwner | null> {
  const user = await tx.users.find({ id: attempt.userId });
  const app = user === null ? null : await tx.apps.find(user.appId);
  return user === null || app === null ? null : { app, account: maskAccount(user) };
}

function orgKeyOf(token: string, prefix: 'oaf' | 'oas'): OrgKey | null {
  const parts = parseToken(token);
  return parts?.prefix === prefix ? parts.orgKey : null;
}
