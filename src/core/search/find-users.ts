/**
 * Finds users by a text as one types it, and by filters: pages of users in the order of their rank, with a total that is
 * exact or a number that there are at least. The work has a bound, so that every page and every text costs much the same.
 */
import { type Action, authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { type Listing, offsetOf, type Page } from '../directory/paging.ts';
import type { User, UserStatus } from '../directory/user.ts';
import { type UserView, userView } from '../directory/user-view.ts';
import type { UserId } from '../ids.ts';
import { recordOperatorList } from '../record/commands.ts';
import { recordList } from '../record/reads.ts';
import type { Tx } from '../unit-of-work.ts';
import type { SearchQuery } from './search-query.ts';
import type {
  ListProgress,
  SearchFilter,
  SearchLimits,
  SearchResult,
  WalkPosition,
} from './user-search-store.ts';

/** A search ends at so many users: who has more to read gives another word or a filter. */
export const searchLimits: SearchLimits = { matchesMax: 500, examinedMax: 1_000 };
/** Comparing users by filters alone costs less for each. */
const listLimits: SearchLimits = { matchesMax: 500, examinedMax: 10_000 };

/** Where a list that is not counted goes on. */
export interface ListPlace extends WalkPosition {
  /** Users who match and come before it, as its reader was told. */
  readonly before: number;
}

/** A page of found users. */
export interface FoundUsers<K extends keyof User> extends Listing<Pick<User, K>> {
  /** False where `total` is a number that there are at least. Only pages up to it have users. */
  readonly isExact: boolean;
  /** Users who match and come before the page. */
  readonly offset: number;
  /** Where the list goes on after the page; null at its end, for a counted list, and for a text, whose order is the rank. */
  readonly next: ListPlace | null;
  /** How far the list has come where the bound of the work has ended the page; null for other pages. */
  readonly progress: ListProgress | null;
}

/**
 * A page of the organization's users who match the query and the filter. Without a text they come newest first, and with
 * no filter but a status every page is exact. Any other list without a text ends at its limits, and goes on from `after`. The
 * caller has refused the faults of the input. The page is recorded.
 */
export async function findUsers<K extends keyof User>(
  core: Core,
  principal: Principal,
  input: {
    readonly query: SearchQuery;
    readonly filter: SearchFilter;
    readonly page: Page;
    readonly view: UserView<K>;
    /** Oldest first; only for a list that `isCounted`. */
    readonly isOldestFirst?: boolean;
    /** Where a page has ended, in place of a page by its number; only for a list without a text that is not counted. */
    readonly after?: ListPlace | null;
    /** Of a list without a text that is not counted. */
    readonly limits?: SearchLimits;
    /** `users.read` unless given. */
    readonly action?: Action;
  },
): Promise<FoundUsers<K>> {
  authorize(principal, input.action ?? 'users.read');
  const found = await core.work.read(principal.orgKey, (tx) => read(tx, input));
  if (principal.kind === 'operator') await recordOperatorList(core, principal, found.items.length);
  else await recordList(core, principal, found.items.length);
  return found;
}

/**
 * A step: the ids of the users who match, at most `limit` and one more, in the order of `findUsers`. Shows nobody, so it records
 * nothing; the caller authorizes.
 */
export async function selectUsers(
  tx: Tx,
  input: { readonly query: SearchQuery; readonly filter: SearchFilter; readonly limit: number },
): Promise<SearchResult> {
  const { query, filter, limit } = input;
  if (isCounted(query, filter)) {
    const only = filter.status === undefined ? {} : { status: filter.status };
    const { items } = await tx.users.page(only, 0, limit + 1, idView);
    return { ids: items.map(({ id }) => id), isExact: true };
  }
  if (query.typed !== '') return findIds(tx, query, filter);
  const { users, next } = await tx.userSearch.list(filter, listLimits);
  return { ids: users.map(({ id }) => id), isExact: next === null };
}

/** Users whom a part of a walk examines: more would take the event loop for longer. */
const walkedTogether = 500;

/** Whom a walk finds. */
export interface Walk {
  readonly query: SearchQuery;
  readonly filter: SearchFilter;
}

/**
 * Every user who matches, in parts of bounded size, newest first, each user once. Also a text is compared with every
 * user, so it finds more than a search, which ends at its limits. A part may be empty. Records nothing; the caller authorizes.
 */
export function walkUsers<K extends keyof User>(
  core: Pick<Core, 'work'>,
  principal: Pick<Principal, 'orgKey'>,
  { view, ...walk }: Walk & { readonly view: UserView<K | 'id'> },
): AsyncGenerator<readonly Pick<User, K | 'id'>[]> {
  return walkParts(core, principal, walk, async (tx, ids) => {
    const users = new Map((await tx.users.listByIds(ids, view)).map((user) => [user.id, user]));
    // A user may be erased between the two reads.
    return ids.flatMap((id) => users.get(id) ?? []);
  });
}

/** As `walkUsers`, with how many users each part has. */
export function countInParts(
  core: Pick<Core, 'work'>,
  principal: Pick<Principal, 'orgKey'>,
  walk: Walk,
): AsyncGenerator<number> {
  return walkParts(core, principal, walk, (_, { length }) => length);
}

async function* walkParts<T>(
  { work }: Pick<Core, 'work'>,
  { orgKey }: Pick<Principal, 'orgKey'>,
  { query, filter }: Walk,
  show: (tx: Tx, ids: readonly UserId[]) => T | Promise<T>,
): AsyncGenerator<Awaited<T>> {
  const named = await work.read(orgKey, (tx) => findNamed(tx, query));
  let from: WalkPosition | null = null;
  do {
    const begin: WalkPosition | null = from;
    const part = await work.read(orgKey, async (tx) => {
      const { ids, next } = await tx.userSearch.walk({ query, filter, named }, begin, walkedTogether);
      return { shown: await show(tx, ids), next };
    });
    yield part.shown;
    from = part.next;
  } while (from !== null);
}

const idView = userView('id');

async function read<K extends keyof User>(
  tx: Tx,
  input: Parameters<typeof findUsers<K>>[2],
): Promise<FoundUsers<K>> {
  const { query, filter, page, view, isOldestFirst = false } = input;
  const offset = offsetOf(page);
  const whole = { page, offset, next: null, progress: null };
  if (isCounted(query, filter)) {
    const only = filter.status === undefined ? {} : { status: filter.status };
    if (isOldestFirst) return { ...whole, ...(await readFromEnd(tx, only, page, view)), isExact: true };
    return { ...whole, ...(await tx.users.page(only, offset, page.size, view)), isExact: true };
  }
  if (query.typed === '') return readPart(tx, input);
  const { ids, isExact } = await findIds(tx, query, filter);
  const items = await readByIds(tx, ids.slice(offset, offset + page.size), view);
  return { ...whole, items, total: ids.length, isExact };
}

/** A page of a list that has a filter and is not counted: of the users whom the limits allow from `after` on. */
async function readPart<K extends keyof User>(
  tx: Tx,
  { filter, page, view, after = null, limits = listLimits }: Parameters<typeof findUsers<K>>[2],
): Promise<FoundUsers<K>> {
  const { users, next: end } = await tx.userSearch.list(filter, limits, after);
  const from = after === null ? offsetOf(page) : 0;
  const shown = users.slice(from, from + page.size);
  const before = after?.before ?? 0;
  const offset = before + Math.min(from, users.length);
  const position = users[from + page.size] ?? end;
  const isFull = shown.length === page.size;
  const next =
    position === null
      ? null
      : { createdAt: position.createdAt, seq: position.seq, before: offset + shown.length };
  return {
    items: await readByIds(
      tx,
      shown.map(({ id }) => id),
      view,
    ),
    total: before + users.length,
    isExact: end === null,
    page: after === null ? page : { ...page, page: Math.floor(before / page.size) + 1 },
    offset,
    next,
    progress: position === null || isFull ? null : await tx.userSearch.progressAt(position),
  };
}

/** Leaves out a user who was erased between the two reads. */
async function readByIds<K extends keyof User>(
  tx: Tx,
  ids: readonly UserId[],
  view: UserView<K>,
): Promise<readonly Pick<User, K>[]> {
  const users = await Promise.all(ids.map((id) => tx.users.find({ id }, view)));
  return users.filter((user) => user !== null);
}

/** Whether the counts know every page: without a text, and with no filter but a status. */
export function isCounted({ typed }: SearchQuery, { status: _, ...others }: SearchFilter): boolean {
  return typed === '' && Object.values(others).every((value) => value === undefined);
}

/** A page of the list from its other end. The counts find it at the price of the first page. */
async function readFromEnd<K extends keyof User>(
  tx: Tx,
  only: { readonly status?: UserStatus },
  page: Page,
  view: UserView<K>,
) {
  const { total } = await tx.users.page(only, 0, 0);
  const end = Math.max(0, total - offsetOf(page));
  const from = Math.max(0, end - page.size);
  const { items } = await tx.users.page(only, from, end - from, view);
  return { items: [...items].reverse(), total };
}

async function findIds(tx: Tx, query: SearchQuery, filter: SearchFilter): Promise<SearchResult> {
  return tx.userSearch.find(query, filter, await findNamed(tx, query), searchLimits);
}

/** The users whom the text names by a key that is compared as a whole. */
async function findNamed(tx: Tx, { typed, id, number }: SearchQuery): Promise<readonly UserId[]> {
  const found = await Promise.all([
    id === null ? null : tx.users.find({ id }),
    number === null ? null : tx.users.find({ number }),
    typed.includes('@') ? tx.users.findByEmail(typed) : null,
  ]);
  return [...new Set(found.flatMap((user) => (user === null ? [] : [user.id])))];
}
