/** Finds the principal of a staff session. Every failure is the same `unauthorized`. */
import type { Door, Principal, StaffPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import type { OrgKey } from '../ids.ts';
import { digestOf, parseToken } from '../secret.ts';
import {
  freshUntilOf,
  isAliveStaff,
  type StaffOfSession,
  type StaffStage,
  staffSessionNoteMs,
} from './staff-session.ts';

/**
 * The principal of an open session; stores the time of use, unless a page asks by itself (`isPoll`), so that an open page alone keeps
 * no session alive. Refuses with `unauthorized`.
 */
export async function authenticateStaff(
  core: Core,
  door: Door,
  { token, isPoll }: { readonly token: string; readonly isPoll: boolean },
): Promise<StaffPrincipal> {
  const { orgKey, session, role } = await getStaffSession(core, token, ['open']);
  const now = core.clock.now();
  if (!isPoll && now - session.lastUsedAt >= staffSessionNoteMs) {
    await core.work.change(orgKey, (tx) => tx.staffSessions.noteUse(session.id, now));
  }
  return {
    ...{ kind: 'staff', door, orgKey, staffId: session.staffId, role, sessionId: session.id },
    freshUntil: freshUntilOf(session, now),
  };
}

/** A valid session in one of these stages. Refuses with `unauthorized`. */
export async function getStaffSession(
  core: Core,
  token: string,
  stages: readonly StaffStage[],
): Promise<StaffOfSession & { readonly orgKey: OrgKey }> {
  const parts = parseToken(token);
  if (parts?.prefix !== 'ss') throw refuse('unauthorized', {});
  const { orgKey } = parts;
  const digest = digestOf(token);
  const found = await core.work.read(orgKey, (tx) => tx.staffSessions.findByDigest(digest));
  if (found === null || !stages.includes(found.session.stage)) throw refuse('unauthorized', {});
  if (!isAliveStaff(found.session, core.clock.now())) throw refuse('unauthorized', {});
  return { ...found, orgKey };
}

/**
 * Refuses with `fresh_factor_required` a staff account whose last second factor is not fresh. Other principals have no second
 * factor, and the rulebook alone decides about them.
 */
export function requireFreshFactor(core: Core, principal: Principal): void {
  if (principal.kind === 'staff' && principal.freshUntil <= core.clock.now()) {
    throw refuse('fresh_factor_required', {});
  }
}
