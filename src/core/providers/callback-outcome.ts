/**
 * How a callback ended. The outcome of an OAuth state is remembered for as long as the state is valid, so that a reload,
 * a second tap and a parallel delivery of the same callback get the answer of the first one, and no code is exchanged
 * twice.
 */
import type { Core } from '../core.ts';
import type { Tx } from '../unit-of-work.ts';
import {
  type AttemptOutcome,
  type AttemptProgress,
  type OAuthAttempt,
  type ReturnTo,
  takesGrants,
} from './connection.ts';

/** An outcome of a flow that names its provider. */
export interface NamedOutcome {
  /**
   * `denied`: the person refused access. `failed`: the provider gave no grant; a later attempt may succeed.
   * `account_taken`: the provider's account is linked to another user of the app. `exchanging`: another delivery of this
   * callback exchanges the code. `busy`: the provider asked to come back later, and the same callback may succeed then.
   */
  readonly kind: 'connected' | 'denied' | 'failed' | 'account_taken' | 'exchanging' | 'busy';
  readonly returnTo: ReturnTo;
  /** The provider's name that people read. */
  readonly title: string;
}

/** `refused`: the state is unknown, expired, or came with parameters that are not from its provider. */
export type CallbackOutcome =
  | { readonly kind: 'refused' }
  /** Another browser has begun the flow. `flow` is the token to begin it again with; null where that is too late. */
  | { readonly kind: 'elsewhere'; readonly flow: string | null }
  | NamedOutcome
  /** Since the start the user was deleted, the connection was ended, or its provider was switched off. */
  | { readonly kind: 'withdrawn'; readonly returnTo: ReturnTo };

type Recalled =
  | Exclude<CallbackOutcome, NamedOutcome | { readonly kind: 'elsewhere' }>
  | (NamedOutcome & { readonly kind: Exclude<NamedOutcome['kind'], 'busy'> });

/** A step: the outcome of an attempt that was consumed; `refused` where it has expired. */
export async function recallOutcome(
  core: Core,
  tx: Tx,
  attempt: (OAuthAttempt & AttemptProgress) | null,
): Promise<Recalled> {
  const now = core.clock.now();
  if (attempt === null || attempt.expiresAt <= now || attempt.outcome === 'refused')
    return { kind: 'refused' };
  const { returnTo } = attempt;
  const connection = await tx.connections.find(attempt.connectionId);
  const provider = connection === null ? null : core.providers.find(connection.provider);
  if (connection === null || provider === null || !takesGrants(connection)) {
    return { kind: 'withdrawn', returnTo };
  }
  const kind = kindOf(attempt, now);
  return kind === 'withdrawn' ? { kind, returnTo } : { kind, returnTo, title: provider.title };
}

function kindOf(
  { outcome, settlesAt }: OAuthAttempt & AttemptProgress,
  now: number,
): Exclude<AttemptOutcome, 'refused'> {
  switch (outcome) {
    case 'exchanging':
      // The process that exchanged the code has ended; the code is left to its revocation.
      return settlesAt !== null && settlesAt <= now ? 'failed' : 'exchanging';
    case 'connected':
    case 'denied':
    case 'withdrawn':
    case 'account_taken':
    case 'failed':
      return outcome;
    // The first delivery has just found the provider busy: the state is open again.
    default:
      return 'exchanging';
  }
}
