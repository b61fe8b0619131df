/** A staff account's view of itself: who is signed in, and its sessions. */
import type { StaffPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { Organization } from '../directory/organization.ts';
import { refuse } from '../errors.ts';
import { record } from '../record/audit-event.ts';
import type { StaffAccount } from './staff-account.ts';
import { isAliveStaff, type StaffSession, staffSessionEnd } from './staff-session.ts';

export interface OwnStaff {
  readonly account: StaffAccount;
  readonly organization: Organization;
  /** When the session ends without another use. */
  readonly expiresAt: number;
}

/** The account of the session, with its organization. Refuses with `unauthorized` where the session has just ended. */
export async function readOwnStaff(core: Core, principal: StaffPrincipal): Promise<OwnStaff> {
  const { orgKey, staffId, sessionId } = principal;
  return core.work.readSystem('authentication', async (system) => {
    const tx = system.within(orgKey);
    const account = await tx.staff.find(staffId);
    const session = (await tx.staffSessions.listOf(staffId)).find(({ id }) => id === sessionId);
    if (account === null || session === undefined) throw refuse('unauthorized', {});
    const organization = await system.organizations.getByKey(orgKey);
    return { account, organization, expiresAt: staffSessionEnd(session) };
  });
}

export interface OwnStaffSession extends StaffSession {
  /** Whether it is the session of the call. */
  readonly isCurrent: boolean;
}

/** The valid open sessions of the principal's account, newest first. */
export async function listStaffSessions(
  core: Core,
  principal: StaffPrincipal,
): Promise<readonly OwnStaffSession[]> {
  const { orgKey, staffId, sessionId } = principal;
  const sessions = await core.work.read(orgKey, (tx) => tx.staffSessions.listOf(staffId));
  const now = core.clock.now();
  return sessions
    .filter((session) => session.stage === 'open' && isAliveStaff(session, now))
    .map((session) => ({ ...session, isCurrent: session.id === sessionId }))
    .reverse();
}

/** Ends a session of the principal's account. Refuses with `not_found` (session), also for a session of another account. */
export async function endStaffSession(
  core: Core,
  principal: StaffPrincipal,
  input: { readonly sessionId: string },
): Promise<void> {
  const { orgKey, staffId } = principal;
  await core.work.change(orgKey, async (tx) => {
    const sessions = await tx.staffSessions.listOf(staffId);
    const isOwn = sessions.some(({ id }) => id === input.sessionId);
    if (!isOwn || !(await tx.staffSessions.end(input.sessionId))) {
      throw refuse('not_found', { noun: 'session' });
    }
    await record(tx, principal, 'session.ended', { kind: 'staff', id: staffId }, core.clock.now());
  });
}

/** Ends the session of the call. Refuses with `unauthorized` where it has ended meanwhile. */
export async function signStaffOut(core: Core, principal: StaffPrincipal): Promise<void> {
  const { orgKey, staffId, sessionId } = principal;
  await core.work.change(orgKey, async (tx) => {
    if (!(await tx.staffSessions.end(sessionId))) throw refuse('unauthorized', {});
    await record(tx, principal, 'session.ended', { kind: 'staff', id: staffId }, core.clock.now());
  });
}
