/**
 * Which of many people an act would be refused for now, by the same rules as for one (`person-act.ts`). Of each person only what the
 * act asks for is read.
 */
import type { Principal } from '../access/principal.ts';
import { isAlive } from '../access/session.ts';
import { emailSubjects } from '../access/subject.ts';
import type { Core } from '../core.ts';
import { type LimitUse, listAccountLimits } from '../deployment/limits.ts';
import { isActiveAdmin, type User } from '../directory/user.ts';
import type { UserId } from '../ids.ts';
import type { BulkAct, BulkActName, BulkValue } from './bulk-act.ts';
import { endedByUnlock, longestWait } from './person.ts';
import { type ActRefusal, refusalOf } from './person-act.ts';

export interface Foreseen {
  readonly id: UserId;
  readonly why: ActRefusal | null;
}

/** Those of the people who exist in the organization, in their order. */
export async function* foreseeRefusals(
  core: Core,
  { orgKey }: Principal,
  { act, value, ids }: Pick<BulkAct, 'act' | 'value'> & { readonly ids: readonly UserId[] },
): AsyncGenerator<Foreseen> {
  let activeAdmins = await core.work.read(orgKey, (tx) => tx.users.countActiveAdmins());
  for (const id of ids) {
    const user = await core.work.read(orgKey, (tx) => tx.users.find({ id }));
    if (user === null) continue;
    const limits = isLimited.has(act) ? await listAccountLimits(core, user) : [];
    const facts = {
      user,
      activeAdmins,
      isMasked: false,
      waitMs: (name: string) => longestWait(limits, name),
    };
    const sessions = act === 'end-sessions' ? await countSessions(core, user) : 0;
    const hasLocks = act === 'unlock' && (await isLocked(core, user, limits));
    const why = changesNothing(user, act, value)
      ? 'nothing_to_do'
      : refusalOf(act, { ...facts, sessions, hasLocks });
    // Of all active admins in the plan, the last one is refused.
    if (why === null && endsAdmin.has(act) && isActiveAdmin(user)) activeAdmins -= 1;
    yield { id, why };
  }
}

const endsAdmin: ReadonlySet<BulkActName> = new Set(['cancel', 'role', 'delete']);

function changesNothing(user: User, act: BulkActName, value: BulkValue): boolean {
  if (act === 'role') return user.role === value;
  if (act !== 'clinical') return false;
  return value === true ? user.isClinicalApproved : !user.isClinical && !user.isClinicalApproved;
}

const isLimited: ReadonlySet<BulkActName> = new Set(['resend', 'send-reset', 'unlock']);

async function countSessions({ work, clock }: Core, { orgKey, id }: User): Promise<number> {
  const sessions = await work.read(orgKey, (tx) => tx.sessions.listOf(id));
  return sessions.filter((session) => isAlive(session, clock.now())).length;
}

async function isLocked(
  { work, clock, secrets }: Core,
  { orgKey, id, email }: User,
  limits: readonly LimitUse[],
): Promise<boolean> {
  if (endedByUnlock.some((name) => longestWait(limits, name) > 0)) return true;
  return work.read(orgKey, async (tx) => {
    const code = await tx.codes.find(id);
    if (code !== null && code.expiresAt > clock.now() && code.triesLeft <= 0) return true;
    return (
      email !== null && (await tx.throttles.listFailures(emailSubjects(secrets, orgKey, email))).length > 0
    );
  });
}
