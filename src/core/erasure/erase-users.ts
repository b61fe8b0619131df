/**
 * Erases many users, as the operator does from a list of ids: first a plan that changes nothing, then batches. Each
 * batch is one transaction and one write to the ledger. An interruption undoes no finished batch; the same list
 * again finds the rest.
 */
import { type Door, operatorAt } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { isActiveAdmin } from '../directory/user.ts';
import type { UserPlace } from '../directory/user-store.ts';
import { userView } from '../directory/user-view.ts';
import type { OrgKey, UserId } from '../ids.ts';
import type { SystemTx } from '../unit-of-work.ts';
import { beginErasure } from './begin-erasure.ts';
import { eraseAccepted } from './erase-accepted.ts';
import { userDigestOf } from './erasure.ts';
import type { BegunErasure } from './ledger.ts';
import { repeatRefused } from './refused-deletion.ts';

export interface ErasurePlan {
  readonly users: readonly UserPlace[];
  /** How many of the ids no user has. */
  readonly unknown: number;
  /** How many of the users are connected to a provider, which must end their grants. */
  readonly connected: number;
}

/** The result of a batch. */
export interface BatchOutcome {
  readonly erased: number;
  /** Users that were deleted since the plan. */
  readonly gone: number;
  /** Users without whom an organization would have no active admin. */
  readonly lastAdmins: number;
}

/** Users that share a transaction, so that other changes can run in between. */
const batchMax = 250;
/** Batches that may be committed while the ledger still writes earlier ones. */
const underWayMax = 3;
const lookUpsAtOnce = 1_000;
/** Organizations of the last ids, which are asked before all others: the next ids most likely belong to them. */
const lastMax = 4;
/** Deletions that were refused after their commit are repeated. More than these are found by a second run. */
const refusedMax = 100_000;
const idView = userView('id');

/**
 * Which of the ids are users, and of which organization; `only` restricts it to one organization. Changes nothing.
 */
export async function planErasures(
  core: Core,
  ids: readonly UserId[],
  only: OrgKey | null,
): Promise<ErasurePlan> {
  const refused = await core.work.readSystem('operator', (tx) => tx.erasures.listRefused(refusedMax));
  const begun = new Map(refused.map(({ orgKey, userDigest }) => [userDigest, orgKey]));
  const users: UserPlace[] = [];
  let connected = 0;
  let last: readonly OrgKey[] = [];
  for (let at = 0; at < ids.length; at += lookUpsAtOnce) {
    const some = ids.slice(at, at + lookUpsAtOnce);
    const found = await core.work.readSystem('operator', async (system) => {
      const keys = await findOrganizations(system, some, { only, last });
      const places = some.flatMap((userId): UserPlace[] => {
        const orgKey = keys.get(userId) ?? begun.get(userDigestOf(userId));
        return orgKey === undefined || (only !== null && orgKey !== only) ? [] : [{ orgKey, userId }];
      });
      const connections = await Promise.all(
        places.map(({ orgKey, userId }) => system.within(orgKey).connections.listOf(userId)),
      );
      return { places, connected: connections.filter((own) => own.length > 0).length };
    });
    users.push(...found.places);
    connected += found.connected;
    const newest = found.places.map(({ orgKey }) => orgKey).reverse();
    last = [...new Set([...newest, ...last])].slice(0, lastMax);
  }
  return { users, unknown: ids.length - users.length, connected };
}

/** The organization of each id that a user has. */
async function findOrganizations(
  system: SystemTx,
  ids: readonly UserId[],
  { only, last }: { readonly only: OrgKey | null; readonly last: readonly OrgKey[] },
): Promise<ReadonlyMap<UserId, OrgKey>> {
  const found = new Map<UserId, OrgKey>();
  let rest = ids;
  for (const orgKey of only === null ? last : [only]) {
    for (const { id } of await system.within(orgKey).users.listByIds(rest, idView)) found.set(id, orgKey);
    rest = rest.filter((id) => !found.has(id));
  }
  if (only !== null || rest.length === 0) return found;
  for (const { userId, orgKey } of await system.users.findPlaces(rest)) found.set(userId, orgKey);
  return found;
}

/** Erases the users of a plan; yields the result of each batch once its erasures are accepted. */
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
  // In one order, so that two runs with the same users do not wait for each other.
  const ids = [...new Set(userIds)].sort();
  const { begun, missing, lastAdmins } = await eraseAccepted(core, (take) =>
    core.work.change(
      orgKey,
      async (tx) => {
        const locked = await Promise.all(ids.map(async (id) => ({ id, user: await tx.users.lock({ id }) })));
        const present = locked.flatMap(({ user }) => (user === null ? [] : [user]));
        const entries: BegunErasure[] = [];
        let admins = 0;
        // One after the other: each counts those whom the others have left.
        for (const user of present.filter(isActiveAdmin)) {
          if ((await tx.users.lockActiveAdmins()) <= 1) admins += 1;
          else entries.push(await beginErasure(core, tx, principal, user));
        }
        const others = present.filter((user) => !isActiveAdmin(user));
        entries.push(...(await Promise.all(others.map((user) => beginErasure(core, tx, principal, user)))));
        take(entries);
        const missing = locked.flatMap(({ id, user }) => (user === null ? [id] : []));
        return { begun: entries, missing, lastAdmins: admins };
      },
      { isConfined: true },
    ),
  );
  let erased = begun.length;
  for (const id of missing) if ((await repeatRefused(core, orgKey, { id })) !== null) erased += 1;
  return { erased, lastAdmins, gone: userIds.length - erased - lastAdmins };
}
