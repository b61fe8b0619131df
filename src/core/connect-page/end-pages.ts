/** The end of what is open for a person beside the sessions, when another person may have opened it. */
import type { UserId } from '../ids.ts';
import type { Tx } from '../unit-of-work.ts';

/**
 * A step: ends the Connect pages that are open for the user, and the flows to providers that no provider has answered yet,
 * so that a person who has no session any more attaches no source to the account.
 */
export async function endOpenPages(tx: Tx, userId: UserId, now: number): Promise<void> {
  await tx.connectTokens.endPages(userId, now);
  await tx.attempts.dropOf(userId);
}
