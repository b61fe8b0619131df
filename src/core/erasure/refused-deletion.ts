/**
 * Deletions that were committed and then refused, because the ledger could not take their acceptance. The person is gone,
 * and the caller does not know it. So the same deletion, repeated within a day by a caller who may delete, is accepted
 * then and answered with the id of the same erasure, once, through each process.
 *
 * A refused deletion is a row, for the other processes. Until its row could be written, this process remembers it.
 */
import type { Core } from '../core.ts';
import type { UserRef } from '../directory/user-store.ts';
import type { OrgKey } from '../ids.ts';
import { acceptErasures, toBegun } from './accept-erasures.ts';
import { userDigestOf } from './erasure.ts';
import type { BegunErasure } from './ledger.ts';
import type { RefusedRef } from './refused-deletion-store.ts';
import { openTraces } from './traces.ts';

/** Remembers that the callers of these deletions were refused after the commit. */
export async function noteRefused(core: Core, begun: readonly BegunErasure[]): Promise<void> {
  const { unwritten, unaccepted } = core.refused;
  for (const erasure of begun) {
    const { orgKey, id, userId, user } = erasure;
    unaccepted.set(id, erasure);
    if (user === null) continue;
    const { number, appId } = user;
    const refusedAt = core.clock.now();
    const userDigest = userDigestOf(userId);
    unwritten.set(id, { orgKey, erasureId: id, userDigest, userNumber: number, appId, refusedAt });
  }
  await writeRefused(core);
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
