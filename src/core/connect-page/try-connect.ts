/**
 * Opens the Connect page of an app for its staff, for a trial person: a user of the app whom no message reaches. An app has one
 * trial person, with an external id of its own, so that every trial finds the same connections.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { newUserOf } from '../directory/user-lifecycle.ts';
import { isRefusal, refuse } from '../errors.ts';
import type { UserId } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import { issueToken, lifeSeconds, refuseCancelled } from './issue-token.ts';

/** The external id of trial persons. */
export const trialExternalId = 'roster-console-trial';

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
    if (isRefusal(error, 'external_id_taken')) return attempt();
    throw error;
  }
}

async function openTrial(core: Core, tx: Tx, principal: Principal, appId: string): Promise<ConnectTrial> {
  if ((await tx.apps.find(appId)) === null) throw refuse('not_found', { noun: 'app' });
  const now = core.clock.now();
  const present = await tx.users.findByExternalId(appId, trialExternalId);
  const user =
    present ??
    (await tx.users.insert({
      ...newUserOf(appId, now),
      externalId: trialExternalId,
      firstName: 'Trial',
      isTemplate: true,
    }));
  refuseCancelled(user);
  const subject = { kind: 'user', id: user.id } as const;
  if (present === null) await record(tx, principal, 'user.created', subject, now);
  const sessionToken = await issueToken(core, tx, user.id, 'session');
  await record(tx, principal, 'connect.session_issued', subject, now);
  return { userId: user.id, sessionToken, expiresInSeconds: lifeSeconds('session') };
}
