/** The sessions of an account, as its owner sees and ends them. */
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import { recordOwnSession } from '../record/own-acts.ts';
import type { UserPrincipal } from './principal.ts';
import { isAlive, type Session } from './session.ts';

export interface OwnSession extends Session {
  /** Whether it is the session of the call. */
  readonly isCurrent: boolean;
}

/** The valid sessions of the principal's account, newest first; at most `sessionsMax`. */
export async function listOwnSessions(core: Core, principal: UserPrincipal): Promise<readonly OwnSession[]> {
  const { orgKey, userId, sessionId } = principal;
  const sessions = await core.work.read(orgKey, (tx) => tx.sessions.listOf(userId));
  const now = core.clock.now();
  return sessions
    .filter((session) => isAlive(session, now))
    .map((session) => ({ ...session, isCurrent: session.id === sessionId }))
    .reverse();
}

/** Ends a session of the principal's account. Refuses with `not_found` (session), also for a session of another account. */
export async function endOwnSession(
  core: Core,
  principal: UserPrincipal,
  input: { readonly sessionId: string },
): Promise<void> {
  const { orgKey, userId } = principal;
  await core.work.change(orgKey, async (tx) => {
    const sessions = await tx.sessions.listOf(userId);
    const isOwn = sessions.some(({ id }) => id === input.sessionId);
    if (!isOwn || !(await tx.sessions.end(input.sessionId))) throw refuse('not_found', { noun: 'session' });
    // The owner ends another session because a stranger may have it, who may have asked for another email in it.
    if (input.sessionId !== principal.sessionId) await tx.emailTokens.dropChange(userId);
    await recordOwnSession(core, tx, principal, 'session.ended', userId);
  });
}

/** Ends the session of the call. */
export async function signOut(core: Core, principal: UserPrincipal): Promise<void> {
  await core.work.change(principal.orgKey, async (tx) => {
    if (!(await tx.sessions.end(principal.sessionId))) throw refuse('unauthorized', {});
    await recordOwnSession(core, tx, principal, 'session.ended', principal.userId);
  });
}
