/** Finds the dearest imported password hash: of the rows of an import, and of the users from before costs were stored. */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { readInBatches } from '../directory/user-list.ts';
import { userView } from '../directory/user-view.ts';

type WithHash = Pick<User, 'passwordHash'>;

const view = userView('passwordHash');
const batchUsers = 500;

/** The units of the dearest hash that is not one of ours; null for none. */
export function dearestOf({ hasher }: Core, users: readonly WithHash[]): number | null {
  let dearest: number | null = null;
  for (const { passwordHash } of users) {
    if (passwordHash === null || !hasher.isOutdated(passwordHash)) continue;
    dearest = Math.max(dearest ?? 1, hasher.unitsOf(passwordHash));
  }
  return dearest;
}

/** Reads the hashes of one organization that has not been measured; false where there is none. */
export async function measureHashes(core: Core): Promise<boolean> {
  const orgKey = await core.work.readSystem('job', (tx) => tx.hashCosts.findUnmeasured());
  if (orgKey === null) return false;
  let dearest = 1;
  for await (const users of readInBatches(core, { orgKey }, { appId: null, size: batchUsers, view })) {
    dearest = Math.max(dearest, dearestOf(core, users) ?? 1);
  }
  await core.work.change(orgKey, async (tx) => {
    await tx.hashCosts.raise(dearest);
    await tx.hashCosts.noteMeasured();
  });
  return true;
}
