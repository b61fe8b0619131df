/**
 * The search of one organization. It looks at three kinds of users: those who are newer than the last search block, those
 * who have changed since their block was built, and those whom the blocks give as candidates. Each is compared by its
 * present row, so a block that is behind can only give a candidate too many.
 *
 * The work has a bound. Where it is reached, the search goes through the better ranks by themselves, so that the best
 * matches are found among any number of others, and says that its result is not exact.
 */
import type { User } from '../../core/directory/user.ts';
import type { OrgKey, UserId } from '../../core/ids.ts';
import { searchTextOf } from '../../core/search/folding.ts';
import {
  approachesOf,
  type Rank,
  rankOf,
  ranks,
  type SearchQuery,
  type TokenSet,
} from '../../core/search/search-query.ts';
import type {
  ChangedUsers,
  IndexedTexts,
  ListedUser,
  ListedUsers,
  ListProgress,
  MergePlan,
  SearchedFor,
  SearchFilter,
  SearchLimits,
  SearchResult,
  SearchWork,
  UserSearchQueue,
  UserSearchStore,
  WalkedUsers,
  WalkPosition,
} from '../../core/search/user-search-store.ts';
import { isBefore } from '../counts/count-node.ts';
import { listAfter, listMarked, markOrganization } from '../counts/job-marks.ts';
import { countNewer } from '../counts/user-counts.ts';
import type { Executor } from '../sql/executor.ts';
import type { Scope } from '../users/scope.ts';
import { blockUsers, purgeUsers, sealBlock, settleChanges } from './block-changes.ts';
import { applyMerge, planMerge } from './block-merge.ts';
import { walkBlocks } from './block-walk.ts';
import { type OpenNumbers, openNumbers, surveyOrganization } from './open-numbers.ts';
import * as queries from './search-queries.ts';
import { type FilterValues, filterValues, type SearchedRow } from './search-queries.ts';

/** So many of the newest users, and of the changed ones, are compared one by one. Usually fewer are outside of all blocks. */
const unindexedMax = 2 * blockUsers;
/** So many users are found by the beginning of an id, and by that of a number; a further digit leaves a part of them. */
const startedMax = 250;
const nothing: SearchResult = { ids: [], isExact: true };

export class SqlUserSearchStore implements UserSearchStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async find(
    query: SearchQuery,
    filter: SearchFilter,
    named: readonly UserId[],
    limits: SearchLimits,
  ): Promise<SearchResult> {
    const values = await this.#valuesOf(filter);
    if (values === null) return nothing;
    const search = new Search({ view: this.#scope.executor, orgKey: this.#orgKey, query, values, limits });
    return search.run(named);
  }

  async list(
    filter: SearchFilter,
    { matchesMax, examinedMax }: SearchLimits,
    from: WalkPosition | null = null,
  ): Promise<ListedUsers> {
    const own = await this.#valuesOf(filter);
    if (own === null) return { users: [], next: null };
    const { executor } = this.#scope;
    const values = { orgKey: this.#orgKey, ...own, ...boundsOf(own, from), limit: matchesMax + 1 };
    if (filter.role === 'admin') {
      const admins = await executor.rows(queries.selectAdmins, { ...values, limit: examinedMax });
      if (admins.length < examinedMax) {
        const rows = admins.filter((row) => from === null || !isBefore(from, row));
        rows.sort((left, right) => (isBefore(right, left) ? -1 : 1));
        return listedOf(rows, matchesMax, null);
      }
    }
    const order = orderFor(filter);
    const end = await executor.first(queries.selectOrderEnd[order], { ...values, skip: examinedMax });
    const rows = await executor.rows(queries.selectInOrder[order], {
      ...values,
      endCreatedAt: end?.createdAt ?? own.createdFrom,
      endSeq: end?.seq ?? 0,
    });
    return listedOf(rows, matchesMax, end ?? null);
  }

  progressAt(position: WalkPosition): Promise<ListProgress> {
    return countNewer(this.#scope.executor, this.#orgKey, position);
  }

  async walk(
    { query, filter, named }: SearchedFor,
    from: WalkPosition | null,
    examinedMax: number,
  ): Promise<WalkedUsers> {
    const own = await this.#valuesOf(filter);
    if (own === null) return { ids: [], next: null };
    const { executor } = this.#scope;
    const values = { orgKey: this.#orgKey, ...own, ...boundsOf(own, from), limit: examinedMax };
    const order = orderFor(filter);
    const next = await executor.first(queries.selectOrderEnd[order], { ...values, skip: examinedMax });
    const range = {
      ...values,
      endCreatedAt: next?.createdAt ?? own.createdFrom,
      endSeq: next?.seq ?? 0,
    };
    const rows =
      query.typed === ''
        ? await executor.rows(queries.selectInOrder[order], range)
        : (await executor.rows(queries.selectSearchedInOrder[order], range)).filter((row) =>
            isSearched(row, query, named),
          );
    return { ids: rows.map(({ id }) => id), next: next ?? null };
  }

  async findTexts(user: User): Promise<IndexedTexts | null> {
    const found = await this.#scope.executor.first(queries.selectFormerText, {
      orgKey: this.#orgKey,
      userId: user.id,
    });
    if (found === undefined) return null;
    const { seq, formerText } = found;
    const texts = [searchTextOf(user), formerText ?? ''].filter((text) => text !== '');
    return { seq, texts };
  }

  purge(erased: readonly IndexedTexts[]): Promise<number> {
    return purgeUsers(this.#scope.executor, this.#orgKey, erased);
  }

  seal(users = blockUsers): Promise<number> {
    return sealBlock(this.#scope.executor, this.#orgKey, users);
  }

  mark(): Promise<void> {
    return markOrganization(this.#scope.executor, this.#orgKey, 'search');
  }

  planMerge(blocks?: number): Promise<MergePlan | null> {
    return planMerge(this.#scope.executor, this.#orgKey, blocks);
  }

  merge(plan: MergePlan): Promise<boolean> {
    return applyMerge(this.#scope.executor, this.#orgKey, plan);
  }

  settle(limit: number): Promise<number> {
    return settleChanges(this.#scope.executor, this.#orgKey, limit);
  }

  /** Null where the filter names an app that the organization does not have. */
  async #valuesOf(filter: SearchFilter): Promise<FilterValues | null> {
    if (filter.appId === undefined) return filterValues(filter, -1);
    const { appKeys, executor } = this.#scope;
    const appKey = await appKeys.findKey(executor, this.#orgKey, filter.appId);
    return appKey === null ? null : filterValues(filter, appKey);
  }
}

/** The order that passes the fewest users whom the filter does not accept. */
function orderFor({ status, appId }: SearchFilter): 'status' | 'app' | 'all' {
  return status !== undefined ? 'status' : appId !== undefined ? 'app' : 'all';
}

/** Whether a search for the text, without any limit, finds the user. */
function isSearched(
  row: SearchedRow & { readonly number: number },
  query: SearchQuery,
  named: readonly UserId[],
): boolean {
  if (named.includes(row.id)) return true;
  if (query.numberStart !== null && String(row.number).startsWith(query.numberStart)) return true;
  if (query.idStart !== null && row.id.startsWith(query.idStart)) return true;
  return rankOf(searchTextOf(row), query) !== null;
}

/** The bounds of an order from a position on: it is that of the next user, who is still before its next number. */
function boundsOf({ createdFrom, createdUntil }: FilterValues, from: WalkPosition | null) {
  return {
    beforeCreatedAt: from?.createdAt ?? createdUntil,
    beforeSeq: from === null ? 0 : from.seq + 1,
    ...{ endCreatedAt: createdFrom, endSeq: 0 },
  };
}

/** The first `matchesMax` rows. The list goes on with the row after these, else at `end`. */
function listedOf(rows: readonly ListedUser[], matchesMax: number, end: WalkPosition | null): ListedUsers {
  const users = rows.slice(0, matchesMax).map(({ id, createdAt, seq }) => ({ id, createdAt, seq }));
  return { users, next: rows[matchesMax] ?? end };
}

interface SearchParts {
  readonly view: Executor;
  readonly orgKey: OrgKey;
  readonly query: SearchQuery;
  readonly values: FilterValues;
  readonly limits: SearchLimits;
}

interface Match {
  readonly id: UserId;
  readonly seq: number;
  readonly rank: Rank;
  readonly text: string;
}

/** One search while it runs. */
class Search {
  readonly #parts: SearchParts;
  readonly #values: FilterValues & { readonly orgKey: number };
  readonly #matches = new Map<number, Match>();
  /** The numbers of all users that were compared. */
  readonly #seen = new Set<number>();
  #isExact = true;

  constructor(parts: SearchParts) {
    this.#parts = parts;
    this.#values = { orgKey: parts.orgKey, ...parts.values };
  }

  async run(named: readonly UserId[]): Promise<SearchResult> {
    const { view, query } = this.#parts;
    for (const id of named) {
      const row = await view.first(queries.selectById, { ...this.#values, id });
      if (row !== undefined) this.#add(row, ranks.exact, searchTextOf(row));
    }
    const { idStart, numberStart } = query;
    await Promise.all([
      idStart === null ? null : this.#addByIdStart(idStart),
      numberStart === null ? null : this.#addByNumberStart(numberStart),
    ]);
    if (query.phrase !== '' || query.digits !== null) await this.#addByText();
    const matches = [...this.#matches.values()].sort(
      (left, right) => left.rank - right.rank || compare(left.text, right.text) || left.seq - right.seq,
    );
    return { ids: matches.map(({ id }) => id), isExact: this.#isExact };
  }

  async #addByIdStart(start: string): Promise<void> {
    const { view, orgKey } = this.#parts;
    const range = { from: start, to: `${start}g` };
    const limit = this.#startedMax;
    const [rows, beyond] = await Promise.all([
      view.rows(queries.selectByIdStart, { ...this.#values, ...range, limit }),
      view.first(queries.selectIdBeyond, { orgKey, ...range, skip: limit }),
    ]);
    this.#addStarted(rows, beyond !== undefined);
  }

  async #addByNumberStart(start: string): Promise<void> {
    const { view, orgKey } = this.#parts;
    const ranges = queries.numberRangeValues(start);
    const limit = this.#startedMax;
    const [rows, beyond] = await Promise.all([
      view.rows(queries.selectByNumberStart, { ...this.#values, ...ranges, limit, skip: 0 }),
      view.rows(queries.selectNumbers, { orgKey, ...ranges, limit: limit + 1, skip: limit }),
    ]);
    this.#addStarted(rows, beyond.length > 0);
  }

  /** The filter may rule out users whom it finds, so the ids themselves say whether there are more of them. */
  #addStarted(rows: readonly SearchedRow[], hasMore: boolean): void {
    for (const row of rows) this.#add(row, ranks.start, searchTextOf(row));
    if (hasMore) this.#isExact = false;
  }

  get #startedMax(): number {
    return Math.min(startedMax, this.#parts.limits.examinedMax);
  }

  async #addByText(): Promise<void> {
    const { view, orgKey, query, limits } = this.#parts;
    if (this.#values.role === 'admin') {
      const rows = await view.rows(queries.selectAdmins, { ...this.#values, limit: limits.examinedMax });
      this.#compare(rows);
      if (rows.length < limits.examinedMax) return;
    }
    // In this order: a user who is settled or put into a block meanwhile has been seen, or is in its block.
    const beyond = await view.first(queries.selectChangeAfter, { orgKey, skip: unindexedMax });
    if (beyond !== undefined) this.#isExact = false;
    this.#compare(await view.rows(queries.selectChanged, { ...this.#values, limit: unindexedMax }));
    let hasBlocks = false;
    for await (const open of openNumbers(view, orgKey)) {
      await this.#compareTail(open);
      hasBlocks ||= open.after > 0;
    }
    if (!hasBlocks) return;
    for (const { widest, narrower } of approachesOf(query)) {
      if (widest.length === 0 || (await this.#walk(widest))) continue;
      this.#isExact = false;
      for (const [rank, sets] of narrower.entries()) {
        if (this.#countUpTo(rank) < limits.matchesMax) await this.#walk(sets);
      }
    }
  }

  /** Compares the users who are newer than the last block of their range. */
  async #compareTail(open: OpenNumbers): Promise<void> {
    const { view, orgKey } = this.#parts;
    const start = await view.first(queries.selectTailStart, { orgKey, ...open, skip: unindexedMax });
    if (start !== undefined) this.#isExact = false;
    const after = start?.seq ?? open.after;
    this.#compare(await view.rows(queries.selectTail, { ...this.#values, ...open, after }));
  }

  /** Compares the users of the blocks who have all the tokens. False where it has reached a limit before the last. */
  async #walk(sets: readonly TokenSet[]): Promise<boolean> {
    const { view, orgKey, limits } = this.#parts;
    const before = this.#matches.size;
    let examined = 0;
    let waiting: number[] = [];
    const isAtLimit = () =>
      examined >= limits.examinedMax || this.#matches.size - before >= limits.matchesMax;
    const lookUp = async (): Promise<void> => {
      const some = waiting.slice(0, queries.lookUpMax);
      waiting = waiting.slice(queries.lookUpMax);
      for (const seq of some) this.#seen.add(seq);
      this.#compare(
        await view.rows(queries.selectBySeqs, { ...this.#values, ...queries.lookUpValues(some) }),
      );
      examined += some.length;
    };
    // The users of several blocks are looked up together: a rare token gives one or two of each.
    for await (const seqs of walkBlocks(view, orgKey, sets)) {
      waiting.push(...seqs.filter((seq) => !this.#seen.has(seq)));
      while (waiting.length >= queries.lookUpMax) {
        if (isAtLimit()) return false;
        await lookUp();
      }
    }
    if (waiting.length === 0) return true;
    if (isAtLimit()) return false;
    await lookUp();
    return true;
  }

  #compare(rows: readonly SearchedRow[]): void {
    for (const row of rows) {
      this.#seen.add(row.seq);
      const text = searchTextOf(row);
      const rank = rankOf(text, this.#parts.query);
      if (rank !== null) this.#add(row, rank, text);
    }
  }

  #add({ id, seq }: SearchedRow, rank: Rank, text: string): void {
    const known = this.#matches.get(seq);
    if (known === undefined || rank < known.rank) this.#matches.set(seq, { id, seq, rank, text });
  }

  #countUpTo(rank: number): number {
    let count = 0;
    for (const match of this.#matches.values()) if (match.rank <= rank) count++;
    return count;
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The search of all organizations. */
export class SqlUserSearchQueue implements UserSearchQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async survey(after: OrgKey, limit: number): Promise<readonly SearchWork[]> {
    const { executor } = this.#scope;
    const organizations = await listAfter(executor, after, limit);
    return Promise.all(organizations.map((orgKey) => surveyOrganization(executor, orgKey, blockUsers)));
  }

  listMarked(limit: number): Promise<readonly OrgKey[]> {
    return listMarked(this.#scope.executor, 'search', limit);
  }

  async listChanged(after: OrgKey, limit: number): Promise<readonly ChangedUsers[]> {
    const rows = await this.#scope.executor.rows(queries.selectChangedCounts, { after, limit });
    return rows.map(({ orgKey, changes }) => ({ orgKey, changes: Number(changes) }));
  }
}
