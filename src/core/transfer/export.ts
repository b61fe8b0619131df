/**
 * Exports every user of an organization, or of one of its apps: oldest first, in batches. Each batch is read when the
 * caller asks for it, so the memory does not grow with the number of users. Users who are created during the export may
 * appear at the end.
 */
import { authorize, type OperatorPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { readInBatches } from '../directory/user-list.ts';
import { type Seen, userView } from '../directory/user-view.ts';
import { refuse } from '../errors.ts';
import { record } from '../record/audit-event.ts';
import { transferredColumns } from './columns.ts';

const batchUsers = 1_000;

/** An export shows of a user exactly the columns that an import can set. */
const exported = userView(...transferredColumns);

const counted = userView('id');

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
  // Recorded before the first user leaves, so that an export that is stopped is in the audit log too.
  const users = appId === null ? await countUsers(core, principal) : null;
  const subject = { kind: 'users', id: appId ?? 'organization' } as const;
  await core.work.change(principal.orgKey, (tx) =>
    record(tx, principal, 'user.exported', subject, core.clock.now(), { users }),
  );
  return readInBatches(core, principal, { appId, size: batchUsers, view: exported, mayBeLate: true });
}

/** From the stored counts, so that no user is read. */
async function countUsers(core: Core, { orgKey }: OperatorPrincipal): Promise<number> {
  const { total } = await core.work.read(orgKey, (tx) => tx.users.page({}, 0, 1, counted));
  return total;
}
