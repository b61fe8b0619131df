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
import type { CountChange, CountShape } from './count-change.ts';
import { endKey, PackedNode, type SortKey } from './count-node.ts';
import { CountTree, rootNode, selectNode } from './count-tree.ts';

interface Recount {
  readonly orgKey: OrgKey;
}

/** The position of a page: going down from `before`, `skip` users come before its first user. */
export interface PagePosition {
  readonly before: SortKey;
  readonly skip: number;
}

/**
 * Collects the changes of the units of a transaction and brings the tree up to date once, before the commit: a
 * hundred new users of one organization touch the same few nodes.
 */
export class CountLedger {
  readonly #shape: CountShape;
  readonly #notes: (CountChange | Recount | (() => Promise<CountChange>))[] = [];
  /** How many of the notes are in the tree already. */
  #applied = 0;

  constructor(shape: CountShape) {
    this.#shape = shape;
  }

  note(change: CountChange): void {
    this.#notes.push(change);
  }

  /** Notes a change that is not known yet; `find` gives it when the tree is brought up to date. */
  noteSoon(find: () => Promise<CountChange>): void {
    this.#notes.push(find);
  }

  /** Notes that the tree of an organization must be rebuilt. */
  noteRecount(orgKey: OrgKey): void {
    this.#notes.push({ orgKey });
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
    if (this.#applied === this.#notes.length) return;
    const noted = this.#notes.slice(this.#applied);
    this.#applied = this.#notes.length;
    const known = await Promise.all(noted.map((note) => (typeof note === 'function' ? note() : note)));
    const waiting = Map.groupBy(known, ({ orgKey }) => orgKey);
    // Every transaction takes the trees in the same order, because it locks each until its commit.
    for (const [orgKey, notes] of [...waiting].sort(([left], [right]) => left - right)) {
      const tree = new CountTree(executor, orgKey, this.#shape);
      const changes = notes.filter((note) => 'delta' in note);
      // A recount finds the changes in the users themselves.
      if (changes.length < notes.length) await tree.rebuild();
      else await tree.apply(changes);
    }
  }
}

/**
 * The exact number of users (of one status), and the position of the user at `offset` in the newest-first order;
 * null where there are fewer users. Needs a snapshot, or the transaction that makes the changes.
 */
export async function findPosition(
  view: Executor,
  orgKey: OrgKey,
  offset: number,
  status?: UserStatus,
): Promise<{ total: number; position: PagePosition | null }> {
  let row = await view.first(selectNode, { orgKey, node: rootNode });
  if (row === undefined) return { total: 0, position: null };
  let node = new PackedNode(row.entries);
  const total = node.total(status);
  if (offset >= total) return { total, position: null };
  let skip = offset;
  let before = endKey;
  for (;;) {
    let at = node.length - 1;
    for (let here = node.count(at, status); skip >= here; here = node.count(at, status)) {
      skip -= here;
      at--;
    }
    if (at < node.length - 1) before = node.from(at + 1);
    const child = node.child(at);
    if (child === 0) return { total, position: { before, skip } };
    row = await view.first(selectNode, { orgKey, node: child });
    if (row === undefined) throw new Error('the counts of users name a node that is not there');
    node = new PackedNode(row.entries);
  }
}
