/**
 * A person who connected a source to the wrong account ends that connection on the page that shows the outcome: in the
 * browser that made it, and for as long as the outcome is remembered.
 */
import type { Door, PublicPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { digestOf, parseToken } from '../secret.ts';
import { isBoundTo } from './browser-binding.ts';
import type { CallbackOutcome } from './callback-outcome.ts';
import { endConnection } from './end-connection.ts';
import { lockConnection } from './lock-connection.ts';

export type UndoOutcome =
  | Extract<CallbackOutcome, { readonly kind: 'refused' | 'elsewhere' }>
  /** Also where it had ended before. `title` is the provider's. */
  | { readonly kind: 'disconnected'; readonly title: string };

/**
 * Ends the connection that the flow with that state made; `browser` is the secret of the browser, null where it has none.
 * `refused` where the state is unknown, or the time is over.
 */
export async function undoConnection(
  core: Core,
  input: { readonly door: Door; readonly state: string; readonly browser: string | null },
): Promise<UndoOutcome> {
  const { door, state, browser } = input;
  const token = parseToken(state);
  if (token?.prefix !== 'oas') return { kind: 'refused' };
  const { orgKey } = token;
  const principal: PublicPrincipal = { kind: 'public', door, orgKey };
  return core.work.change(orgKey, async (tx) => {
    const attempt = await tx.attempts.findByState(digestOf(state));
    const isOver = attempt === null || attempt.expiresAt <= core.clock.now();
    if (isOver || attempt.outcome !== 'connected') return { kind: 'refused' };
    if (!isBoundTo(attempt, browser)) return { kind: 'elsewhere', flow: null };
    const located = await lockConnection(tx, attempt.connectionId);
    if (located === null) return { kind: 'refused' };
    const { provider } = await endConnection(core, tx, principal, located);
    return { kind: 'disconnected', title: core.providers.find(provider)?.title ?? provider };
  });
}
