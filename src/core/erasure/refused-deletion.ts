/**
 * Deletions that were committed and then refused, because the ledger could not take their acceptance. The person is gone,
 * and the caller does not know it. So the same deletion, repeated within a day by a caller who may delete, is accepted
 * then and answered with the id of the same erasure, once, through each process.
 *
 * A refused deletion is a row, for the other processes. Until its row could be written, this process remembers it. So it does
 * where a commit got no answer, until it finds out whether the deletion happened.
 */
import type { Core } from '../core.ts';
import type { UserRef } from '../directory/user-store.ts';
import type { OrgKey } from '../ids.ts';
import { minuteMs } from '../time.ts';
import { acceptErasures, toBegun } from './accept-erasures.ts';
import { userDigestOf } from './erasure.ts';
import type { BegunErasure } from './ledger.ts';
import type { RefusedRef } from './refused-deletion-store.ts';
import { openTraces } from './traces.ts';

/** Remembers that the callers of these deletions were refused after the commit. */
export async function noteRefused(core: Core, begun: readonly BegunErasure[]): Promise<void> {
  for (const erasure of begun) {
    core.refused.unaccepted.set(erasure.id, erasure);
    addUnwritten(core, erasure);
  }
  await writeRefused(core);
}

function addUnwritten(core: Core, { orgKey, id, userId, user }: BegunErasure): void {
  if (user === null) return;
  const { number: userNumber, appId } = user;
  const known = { userDigest: userDigestOf(userId), userNumber, appId, refusedAt: core.clock.now() };
  core.refused.unwritten.set(id, { orgKey, erasureId: id, ...known });
}

/** A commit that was not answered happens within this time, or never: the database ends its session before. */
const uncertainMs = 10 * minuteMs;
const uncertainMax = 10_000;

/** Remembers deletions whose callers are refused, and that happen all the same if the database has got the commit. */
export function noteUncertain(core: Core, begun: readonly BegunErasure[]): void {
  const { uncertain } = core.refused;
  const until = core.clock.elapsed() + uncertainMs;
  for (const erasure of begun)
    if (uncertain.size < uncertainMax) uncertain.set(erasure.id, { erasure, until });
}

/** Finds out which of them happened, of those that the condition names. These were refused after the commit. */
async function settleUncertain(core: Core, isAsked: (erasure: BegunErasure) => boolean): Promise<void> {
  const { uncertain } = core.refused;
  for (const [id, { erasure, until }] of uncertain) {
    if (!isAsked(erasure)) continue;
    const happened = (await core.work.read(erasure.orgKey, (tx) => tx.erasures.find(id))) !== null;
    if (happened) addUnwritten(core, erasure);
    if (happened || core.clock.elapsed() > until) uncertain.delete(id);
  }
}

/** For the job: finds out about all uncertain ones, so that the other processes learn of those that happened. */
export async function settleAllUncertain(core: Core): Promise<void> {
  try {
    await settleUncertain(core, () => true);
  } catch {
    // The database is away. The store has reported it.
  }
}

/** Writes the rows that could not be written; those that cannot be written now either stay for the next time. */
export async function writeRefused(core: Core): Promise<void> {
  const { unwritten } = core.refused;
  for (const [orgKey, own] of Map.groupBy(unwritten.values(), (each) => each.orgKey)) {
    try {
      await core.work.change(orgKey, async (tx) => {
        for (const each of own) await tx.refusedDeletions.insert(each);
      });
      for (const { erasureId } of own) unwritten.delete(erasureId);
    } catch {
      // The database is away as well. The store has reported it.
    }
  }
}

/**
 * Accepts what this process had to refuse, before it begins another erasure: so a ledger that takes nothing is found out
 * before a commit. Refuses with `unavailable`.
 */
export async function acceptRefused(core: Core): Promise<void> {
  const { refused } = core;
  if (refused.unwritten.size > 0) await writeRefused(core);
  if (refused.unaccepted.size === 0) return;
  refused.accepting ??= acceptAll(core).finally(() => {
    refused.accepting = null;
  });
  await refused.accepting;
}

async function acceptAll(core: Core): Promise<void> {
  const { unaccepted } = core.refused;
  const waiting = [...unaccepted.values()];
  await acceptErasures(
    core,
    waiting.filter(({ id }) => !core.ledger.hasAccepted(id)),
  );
  for (const { id } of waiting) unaccepted.delete(id);
}

/**
 * The id of the erasure of a refused deletion, which is accepted from now on; null where no deletion of that user was
 * refused. Refuses with `unavailable`.
 */
export async function repeatRefused(core: Core, orgKey: OrgKey, ref: UserRef): Promise<string | null> {
  await settleUncertain(
    core,
    ({ orgKey: key, userId, user }) =>
      key === orgKey && ('id' in ref ? userId === ref.id : user?.number === ref.number),
  );
  const { appId } = ref;
  const named = 'id' in ref ? { userDigest: userDigestOf(ref.id) } : { userNumber: ref.number };
  const known = { ...named, ...(appId === undefined ? {} : { appId }) };
  const id =
    findUnwritten(core, orgKey, known) ??
    (await core.work.read(orgKey, (tx) => tx.refusedDeletions.find(known)));
  if (id === null) return null;
  if (!core.ledger.hasAccepted(id)) await acceptLate(core, orgKey, id);
  core.refused.unwritten.delete(id);
  await core.work.change(orgKey, (tx) => tx.refusedDeletions.drop(id));
  return id;
}

async function acceptLate(core: Core, orgKey: OrgKey, id: string): Promise<void> {
  const begun = await core.work.read(orgKey, async (tx) => {
    const erasure = await tx.erasures.find(id);
    const traces = erasure === null ? null : openTraces(core.secrets, erasure);
    // Without traces it has been accepted: they are dropped after that.
    return erasure === null || traces === null ? null : toBegun(tx, erasure, traces.userId);
  });
  if (begun !== null) await acceptErasures(core, [begun]);
}

function findUnwritten(core: Core, orgKey: OrgKey, ref: RefusedRef): string | null {
  for (const refused of core.refused.unwritten.values()) {
    const isSame =
      'userDigest' in ref ? refused.userDigest === ref.userDigest : refused.userNumber === ref.userNumber;
    if (isSame && refused.orgKey === orgKey && (ref.appId ?? refused.appId) === refused.appId)
      return refused.erasureId;
  }
  return null;
}
