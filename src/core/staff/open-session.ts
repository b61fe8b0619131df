/** Starts the sessions of staff accounts. */
import type { Door, PublicPrincipal, StaffPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import { newPrefixedId, type OrgKey } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, newToken } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { noteStaffNetwork } from './guess-counter.ts';
import { freshFactorMs, type StaffOfSession, type StaffStage, staffSessionsMax } from './staff-session.ts';

/** A session of the account in that stage; its token in plain text. */
export interface StartedSession {
  readonly sessionId: string;
  readonly token: string;
}

/** A step: a new session. */
export async function startStaffSession(
  core: Core,
  tx: Tx,
  {
    staffId,
    stage,
    network,
  }: { readonly staffId: string; readonly stage: StaffStage; readonly network: string },
): Promise<StartedSession> {
  const now = core.clock.now();
  const token = newToken('ss', tx.orgKey);
  const sessionId = newPrefixedId('ses');
  const factorAt = stage === 'open' ? now : null;
  await tx.staffSessions.insert(
    { id: sessionId, staffId, stage, network, startedAt: now, lastUsedAt: now, factorAt, sealedTotp: null },
    digestOf(token),
  );
  return { sessionId, token };
}

/**
 * A step: ends the session in which the second factor was given or set up, and opens one with a token of its own, so that
 * nobody who knew the former token is in it. Refuses with `unauthorized` where the former session has ended meanwhile.
 */
export async function openStaffSession(
  core: Core,
  tx: Tx,
  { door, found, network }: { readonly door: Door; readonly found: StaffOfSession; readonly network: string },
): Promise<string> {
  const { session, role } = found;
  const { staffId } = session;
  if (!(await tx.staffSessions.end(session.id))) throw refuse('unauthorized', {});
  const { sessionId, token } = await startStaffSession(core, tx, { staffId, stage: 'open', network });
  const ended = await tx.staffSessions.keepNewest(staffId, staffSessionsMax);
  await noteStaffNetwork(core, tx, staffId, network);
  const principal = staffPrincipal(core, { door, orgKey: tx.orgKey, staffId, role, sessionId });
  const subject = { kind: 'staff', id: staffId } as const;
  const now = core.clock.now();
  for (let left = ended; left > 0; left--) await record(tx, principal, 'session.ended', subject, now);
  await record(tx, principal, 'session.started', subject, now);
  return token;
}

/** The account as the actor of what happens at its sign-in. */
export function staffPrincipal(
  core: Core,
  known: Pick<StaffPrincipal, 'door' | 'orgKey' | 'staffId' | 'role' | 'sessionId'>,
): StaffPrincipal {
  return { kind: 'staff', ...known, freshUntil: core.clock.now() + freshFactorMs };
}

/** The caller whose account is not known yet. */
export function strangerAt(door: Door, orgKey: OrgKey): PublicPrincipal {
  return { kind: 'public', door, orgKey };
}
