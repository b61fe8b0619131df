/**
 * Reads every user of an organization, or of one of its apps, for the way out: oldest first, in batches that are
 * read only when they are asked for, so memory stays flat however many there are. Users that are made meanwhile
 * may appear at the end.
 */
import { authorize, type OperatorPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { UserBatch, UserCursor } from '../directory/user-store.ts';
import { type Seen, userView } from '../directory/user-view.ts';
import { refuse } from '../errors.ts';
import { transferredColumns } from './columns.ts';

const batchUsers = 1_000;

/** An export shows of a user exactly the columns that an import can set. */
const exported = userView(...transferredColumns);

export type ExportedUser = Seen<typeof exported>;

/** The users in batches; `appId` null is the whole organization. Refuses with `not_found` (app) before any of them. */
export async function exportUsers(
  core: Core,
  principal: OperatorPrincipal,
  { appId }: { readonly appId: string | null },
): Promise<AsyncGenerator<readonly ExportedUser[]>> {
  authorize(principal, 'users.read');
  if (appId !== null) {
    const app = await core.work.read(principal.orgKey, (tx) => tx.apps.find(appId));
    if (app === null) throw refuse('not_found', { noun: 'app' });
  }
  return readBatches(core, principal, appId);
}

async function* readBatches(
  core: Core,
  principal: OperatorPrincipal,
  appId: string | null,
): AsyncGenerator<readonly ExportedUser[]> {
  let after: UserCursor | null = null;
  for (;;) {
    const last: UserCursor | null = after;
    const batch: UserBatch<keyof ExportedUser> = await core.work.read(principal.orgKey, (tx) =>
      tx.users.listOldestFirst(appId, last, batchUsers, exported),
    );
    if (batch.items.length > 0) yield batch.items;
    if (batch.next === null) return;
    after = batch.next;
  }
}
