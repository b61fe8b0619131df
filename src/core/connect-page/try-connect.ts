/**
 * Opens the Connect page of an app for its staff, for a trial person: a user of the app whom no message reaches. An app has one
 * trial person, who has a mark of their own, so that every trial finds the same connections. A name, such as an external id, would let
 * who gives it to another person open the page for that person.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { newUserOf } from '../directory/user-lifecycle.ts';
import { isRefusal, refuse } from '../errors.ts';
import type { UserId } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import { issueToken, lifeSeconds, refuseCancelled } from './issue-token.ts';

export interface ConnectTrial {
  readonly userId: UserId;
  /** In plain text, only here. */
  readonly sessionToken: string;
  readonly expiresInSeconds: number;
}

/** Refuses with `forbidden`, `not_found` (app), and `wrong_state` where the trial person was cancelled. */
export async function tryConnect(
  core: Core,
  principal: Principal,
  { appId }: { readonly appId: string },
): Promise<ConnectTrial> {
  authorize(principal, 'console.keys.manage');
  const attempt = (): Promise<ConnectTrial> =>
    core.work.change(principal.orgKey, (tx) => openTrial(core, tx, principal, appId));
  try {
    return await attempt();
  } catch (error) {
    // Another trial created the person between our read and our write, so a second attempt finds it.
    if (isRefusal(error, 'change_in_progress')) return attempt();
    throw error;
  }
}

async function openTrial(core: Core, tx: Tx, principal: Principal, appId: string): Promise<ConnectTrial> {
  if ((await tx.apps.find(appId)) === null) throw refuse('not_found', { noun: 'app' });
  const now = core.clock.now();
  const marked = await tx.trialPeople.find(appId);
  const present = marked === null ? null : await tx.users.find({ id: marked });
  const user = present ?? (await makeTrial(tx, appId, now));
  refuseCancelled(user);
  const subject = { kind: 'user', id: user.id } as const;
  if (present === null) await record(tx, principal, 'user.created', subject, now);
  const sessionToken = await issueToken(core, tx, user.id, 'session');
  await record(tx, principal, 'connect.session_issued', subject, now);
  return { userId: user.id, sessionToken, expiresInSeconds: lifeSeconds('session') };
}

/** A step: refuses with `change_in_progress` where another trial has just made the person. */
async function makeTrial(tx: Tx, appId: string, now: number): Promise<User> {
  const user = await tx.users.insert({ ...newUserOf(appId, now), firstName: 'Trial', isTemplate: true });
  if (!(await tx.trialPeople.insert(appId, user.id)))
    throw refuse('change_in_progress', { retryAfterSeconds: 1 });
  return user;
}
