/**
 * Lists of users: pages with exact totals, the users with one external id, and all users of an app or an
 * organization as a stream of batches.
 */
import {
  type Action,
  type AppPrincipal,
  authorize,
  may,
  type Principal,
  type UserPrincipal,
} from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuseFaults } from '../errors.ts';
import type { OrgKey } from '../ids.ts';
import { recordList } from '../record/reads.ts';
import type { ReadOptions } from '../unit-of-work.ts';
import { listByExternalId, lookUpFaults, readExternalIdLookUp } from './external-id.ts';
import { type Listing, offsetOf, type Page } from './paging.ts';
import type { User } from './user.ts';
import type { UserBatch, UserCursor, UserFilter } from './user-store.ts';
import type { UserView } from './user-view.ts';

/** How many users of a stream are read together. It bounds the memory, whatever the size of the app. */
const batchUsers = 500;

/** One page of the organization's users, newest first, with the exact number of all that match. */
export async function listUsers<K extends keyof User>(
  core: Core,
  principal: Principal,
  input: {
    readonly action: Action;
    readonly filter: UserFilter;
    readonly page: Page;
    readonly view: UserView<K>;
  },
): Promise<Listing<Pick<User, K>>> {
  authorize(principal, input.action);
  const { page, filter, view } = input;
  const { items, total } = await core.work.read(principal.orgKey, (tx) =>
    tx.users.page(filter, offsetOf(page), page.size, view),
  );
  await recordList(core, principal, items.length);
  return { items, total, page };
}

/**
 * The users that a person may see: all users of the organization for admins and approved clinicians, only the own
 * account for other users. Newest first, with the exact number.
 */
export async function listProfiles<K extends keyof User>(
  core: Core,
  principal: UserPrincipal,
  input: { readonly page: Page; readonly view: UserView<K> },
): Promise<Listing<Pick<User, K>>> {
  const { page } = input;
  if (may(principal, 'care.read')) {
    return listUsers(core, principal, { action: 'care.read', filter: {}, ...input });
  }
  return { items: page.page === 1 ? [principal.user] : [], total: 1, page };
}

/**
 * One page of the users whom the external id names, newest first; each app has at most one. Refuses with
 * `invalid_fields`.
 */
export async function listUsersByExternalId<K extends keyof User>(
  core: Core,
  principal: Principal,
  input: { readonly externalId: unknown; readonly page: Page; readonly view: UserView<K> },
): Promise<Listing<Pick<User, K>>> {
  authorize(principal, 'users.read');
  const { page, view } = input;
  const externalId = readExternalIdLookUp(input.externalId);
  refuseFaults(lookUpFaults(externalId, 'externalId'));
  const all = await core.work.read(principal.orgKey, (tx) => listByExternalId(tx, externalId, view));
  const from = offsetOf(page);
  const items = all.slice(from, from + page.size);
  await recordList(core, principal, items.length);
  return { items, total: all.length, page };
}

/**
 * Every user of the principal's app, oldest first, in batches. Each batch is read when the caller asks for it. Users
 * who are created while the stream runs may appear at its end.
 */
export async function* streamAppUsers<K extends keyof User>(
  core: Core,
  principal: AppPrincipal,
  view: UserView<K>,
): AsyncGenerator<readonly Pick<User, K>[]> {
  authorize(principal, 'users.read');
  let users = 0;
  try {
    for await (const batch of readInBatches(core, principal, {
      appId: principal.appId,
      size: batchUsers,
      view,
    })) {
      users += batch.length;
      yield batch;
    }
  } finally {
    // A caller who hangs up has seen the batches until then.
    await recordList(core, principal, users);
  }
}

/** The users of an app (null: of the organization), oldest first, in batches of `size`. The caller authorizes. */
export async function* readInBatches<K extends keyof User>(
  core: Core,
  { orgKey }: { readonly orgKey: OrgKey },
  input: { readonly appId: string | null; readonly size: number; readonly view: UserView<K> } & ReadOptions,
): AsyncGenerator<readonly Pick<User, K>[]> {
  const { appId, size, view, mayBeLate = false } = input;
  let after: UserCursor | null = null;
  for (;;) {
    const last: UserCursor | null = after;
    const batch: UserBatch<K> = await core.work.read(
      orgKey,
      (tx) => tx.users.listOldestFirst(appId, last, size, view),
      { mayBeLate },
    );
    if (batch.items.length > 0) yield batch.items;
    if (batch.next === null) return;
    after = batch.next;
  }
}
