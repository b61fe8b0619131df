/**
 * Finds the exact number of users and the position of the n-th user without counting the users.
 *
 * The order of users (creation time, then order of creation) is divided into ranges of a few dozen users. For each
 * range the store keeps the number of users of each status. Ranges are the entries of nodes, and nodes are the
 * entries of the nodes above, up to one root for each organization. A page adds up the entries of one node on each
 * level, and then skips less than a range along an index: three small reads for ten million users, one for an
 * organization of a few thousand, for every page. Three counters in an entry serve the list of all users and the
 * list of each status.
 *
 * The tree changes in the transaction that changes the users, so every reader sees right numbers. Ranges are ranges
 * of the sort key: a user with an old creation time is counted where it belongs.
 */
import type { UserStatus } from '../../core/directory/user.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import type { CountShape, UserCountChange } from './count-change.ts';
import type { SortKey } from './count-node.ts';
import { countBefore, type PagePosition, positionAt } from './count-position.ts';
import { CountTree } from './count-tree.ts';
import { CountedUsers, UserCountNodes } from './counted-users.ts';
import { type JobMarks, markOrganization } from './job-marks.ts';

/** Gets the numbers of users that a transaction has added to the tree, while the transaction holds the lock of the tree. */
export type OnAdded = (executor: Executor, orgKey: OrgKey, seqs: readonly number[]) => Promise<void>;

interface Recount {
  readonly orgKey: OrgKey;
}

export interface CountLedgerOptions {
  readonly onAdded?: OnAdded;
  /** Marks organizations with many new users or audit events for the jobs; absent where nothing is written. */
  readonly marks?: JobMarks;
}

/**
 * Collects the changes of the units of a transaction and brings the tree up to date once, before the commit: a
 * hundred new users of one organization touch the same few nodes.
 */
export class CountLedger {
  readonly #shape: CountShape;
  readonly #onAdded: OnAdded | undefined;
  readonly #marks: JobMarks | undefined;
  /** New audit events by organization that are not counted for the marks yet. */
  readonly #events = new Map<OrgKey, number>();
  readonly #notes: (UserCountChange | Recount | (() => Promise<UserCountChange>))[] = [];
  /** How many of the notes are in the tree already. */
  #applied = 0;

  constructor(shape: CountShape, { onAdded, marks }: CountLedgerOptions = {}) {
    this.#shape = shape;
    this.#onAdded = onAdded;
    this.#marks = marks;
  }

  note(change: UserCountChange): void {
    this.#notes.push(change);
  }

  /** Notes a change that is not known yet; `find` gives it when the tree is brought up to date. */
  noteSoon(find: () => Promise<UserCountChange>): void {
    this.#notes.push(find);
  }

  /** Notes that the tree of an organization must be rebuilt. */
  noteRecount(orgKey: OrgKey): void {
    this.#notes.push({ orgKey });
  }

  /** Notes new audit events of an organization. */
  noteEvents(orgKey: OrgKey, events: number): void {
    this.#events.set(orgKey, (this.#events.get(orgKey) ?? 0) + events);
  }

  /** The present state, for `rollback`. */
  mark(): { readonly noted: number; readonly applied: number } {
    return { noted: this.#notes.length, applied: this.#applied };
  }

  /** Forgets the notes since the mark, as the database rolls back the writes. */
  rollback(mark: { readonly noted: number; readonly applied: number }): void {
    this.#notes.length = mark.noted;
    this.#applied = mark.applied;
  }

  /** Brings the tree up to date. Called before the commit, and before each read of the tree in the transaction. */
  async settle(executor: Executor): Promise<void> {
    if (this.#applied < this.#notes.length) await this.#settleUsers(executor);
    if (this.#events.size > 0) await this.#markEvents(executor);
  }

  async #settleUsers(executor: Executor): Promise<void> {
    const noted = this.#notes.slice(this.#applied);
    this.#applied = this.#notes.length;
    const known = await Promise.all(noted.map((note) => (typeof note === 'function' ? note() : note)));
    const waiting = Map.groupBy(known, ({ orgKey }) => orgKey);
    // Every transaction takes the trees in the same order, because it locks each until its commit.
    for (const [orgKey, notes] of [...waiting].sort(([left], [right]) => left - right)) {
      const tree = userTree(executor, orgKey, this.#shape);
      const changes = notes.filter((note) => 'delta' in note);
      // A recount finds the changes in the users themselves.
      const isRight = changes.length === notes.length && (await tree.apply(changes));
      if (!isRight) await tree.rebuild();
      const added = addedAmong(changes);
      if (this.#onAdded !== undefined) await this.#onAdded(executor, orgKey, added);
      // The lock of the tree is held, so the job that ends a mark has not missed these users.
      if (this.#marks?.count('search', orgKey, added.length) === true)
        await markOrganization(executor, orgKey, 'search');
    }
  }

  async #markEvents(executor: Executor): Promise<void> {
    // In the same order in every transaction, because a mark that another transaction writes is awaited.
    for (const [orgKey, events] of [...this.#events].sort(([left], [right]) => left - right)) {
      if (this.#marks?.count('audit', orgKey, events) === true)
        await markOrganization(executor, orgKey, 'audit');
    }
    this.#events.clear();
  }
}

/** The numbers of the users who are new. A user whose status changes is subtracted and added. */
function addedAmong(changes: readonly UserCountChange[]): number[] {
  const subtracted = new Set(changes.filter(({ delta }) => delta === -1).map(({ at }) => at.seq));
  return changes.filter(({ delta, at }) => delta === 1 && !subtracted.has(at.seq)).map(({ at }) => at.seq);
}

/** The tree of the users of an organization, in a transaction. */
export function userTree(executor: Executor, orgKey: OrgKey, shape: CountShape): CountTree {
  return new CountTree(new CountedUsers(executor, orgKey), new UserCountNodes(executor, orgKey), shape);
}

/** As `positionAt`, for the users of an organization. */
export function findPosition(
  view: Executor,
  orgKey: OrgKey,
  offset: number,
  status?: UserStatus,
): Promise<{ total: number; position: PagePosition | null }> {
  return positionAt(new UserCountNodes(view, orgKey), offset, status);
}

/** How many users of an organization come before the position in the newest-first order, and how many it has. */
export function countNewer(
  view: Executor,
  orgKey: OrgKey,
  { createdAt, seq }: SortKey,
): Promise<{ looked: number; all: number }> {
  return view.snapshot(async (state) => {
    const nodes = new UserCountNodes(state, orgKey);
    const { total: all } = await positionAt(nodes, 0);
    const others = await countBefore(nodes, new CountedUsers(state, orgKey), { createdAt, seq: seq + 1 });
    return { looked: all - others, all };
  });
}
