/**
 * Erasing many users at once, as the operator does from a list of ids: first a plan that changes nothing, then
 * batches, each one transaction and one line-up for the ledger. What is done when it is interrupted is done; the same
 * list again finds the rest.
 */
import { type Door, operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { isActiveAdmin } from '../directory/user.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { acceptErasures, type BegunErasure } from './accept-erasures.ts';
import { beginErasure } from './begin-erasure.ts';

/** A user that is to be erased. */
export interface Doomed {
  readonly orgKey: OrgKey;
  readonly userId: UserId;
}

export interface ErasurePlan {
  readonly users: readonly Doomed[];
  /** Ids that nobody has. */
  readonly unknown: number;
  /** How many of the users are connected to a provider, which has to be told. */
  readonly connected: number;
}

/** What became of a batch. */
export interface BatchOutcome {
  readonly erased: number;
  /** Who was gone by then. */
  readonly gone: number;
  /** Who would have left an organization without an active admin. */
  readonly lastAdmins: number;
}

/** Users that share a transaction: others want to write in between. */
const batchMax = 250;
/** Transactions may begin while the ledger still writes what came before them. */
const underWayMax = 3;
const lookUpsAtOnce = 1_000;

/** Which of the ids are users, and of whom; `only` narrows to one organization. Changes nothing. */
export async function planErasures(
  core: Core,
  ids: readonly UserId[],
  only: OrgKey | null,
): Promise<ErasurePlan> {
  const organizations = await core.work.readSystem('operator', (tx) => tx.organizations.list());
  let keys = only === null ? organizations.map(({ key }) => key) : [only];
  const users: Doomed[] = [];
  let connected = 0;
  for (let at = 0; at < ids.length; at += lookUpsAtOnce) {
    await core.work.readSystem('operator', async (system) => {
      for (const userId of ids.slice(at, at + lookUpsAtOnce)) {
        for (const orgKey of keys) {
          const tx = system.within(orgKey);
          if ((await tx.users.find({ id: userId })) === null) continue;
          users.push({ orgKey, userId });
          if ((await tx.connections.listOf(userId)).length > 0) connected += 1;
          // The next one most likely belongs to the same.
          if (keys[0] !== orgKey) keys = [orgKey, ...keys.filter((key) => key !== orgKey)];
          break;
        }
      }
    });
  }
  return { users, unknown: ids.length - users.length, connected };
}

/** Erases the users of a plan; what became of each batch, once it is accepted for good. */
export async function* eraseUsers(
  core: Core,
  door: Door,
  { users }: Pick<ErasurePlan, 'users'>,
): AsyncGenerator<BatchOutcome> {
  const underWay: Promise<BatchOutcome>[] = [];
  for (const [orgKey, own] of Map.groupBy(users, (each) => each.orgKey)) {
    for (let at = 0; at < own.length; at += batchMax) {
      const batch = own.slice(at, at + batchMax).map(({ userId }) => userId);
      underWay.push(eraseBatch(core, door, orgKey, batch));
      if (underWay.length < underWayMax) continue;
      const done = await underWay.shift();
      if (done !== undefined) yield done;
    }
  }
  for (const each of underWay) yield await each;
}

async function eraseBatch(
  core: Core,
  door: Door,
  orgKey: OrgKey,
  userIds: readonly UserId[],
): Promise<BatchOutcome> {
  const principal = operatorAt(door, orgKey);
  const { accepted, lastAdmins } = await core.work.change(orgKey, async (tx) => {
    const entries: BegunErasure[] = [];
    let admins = 0;
    for (const id of userIds) {
      const user = await tx.users.lock({ id });
      if (user === null) continue;
      if (isActiveAdmin(user) && (await tx.users.lockActiveAdmins()) <= 1) admins += 1;
      else entries.push(await beginErasure(core, tx, principal, user));
    }
    return { accepted: entries, lastAdmins: admins };
  });
  await acceptErasures(core, accepted);
  return { erased: accepted.length, lastAdmins, gone: userIds.length - accepted.length - lastAdmins };
}
