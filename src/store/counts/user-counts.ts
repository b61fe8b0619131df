/**
 * How many users there are, exactly, and where the n-th is, without counting.
 *
 * The order of users (creation time, then order of creation) is cut into ranges of a few dozen users. For each
 * range the number of users of each status is kept; ranges are the entries of nodes, nodes the entries of nodes
 * above, up to one root for each organization. A page adds up the entries of one node a level, and then skips
 * less than a range along an index: three small reads for ten million users, one for an organization of a few
 * thousand, whatever the page. Three counters an entry serve the list of all and of each status.
 *
 * The tree changes in the transaction that changes the users, so it is right whenever anybody can look. Ranges
 * are ranges of the sort key: a user with an old creation time is counted where it belongs.
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

/** Where the users of a page are: `skip` users before the first one, going down from `before`. */
export interface PagePlace {
  readonly before: SortKey;
  readonly skip: number;
}

/**
 * Collects what the units of a transaction changed and brings the tree up to date once, before the commit:
 * a hundred new users of one organization touch the same few nodes.
 */
export class CountLedger {
  readonly #shape: CountShape;
  readonly #notes: (CountChange | Recount | (() => Promise<CountChange>))[] = [];
  /** How many of the notes the tree has. */
  #applied = 0;

  constructor(shape: CountShape) {
    this.#shape = shape;
  }

  note(change: CountChange): void {
    this.#notes.push(change);
  }

  /** Notes a change that is not known yet; asked for it when the tree is brought up to date. */
  noteSoon(find: () => Promise<CountChange>): void {
    this.#notes.push(find);
  }

  /** Has the counts of an organization made anew. */
  noteRecount(orgKey: OrgKey): void {
    this.#notes.push({ orgKey });
  }

  /** Remembers the present state for `rollback`. */
  mark(): { readonly noted: number; readonly applied: number } {
    return { noted: this.#notes.length, applied: this.#applied };
  }

  /** Forgets what was noted since, as the database forgets what was written. */
  rollback(mark: { readonly noted: number; readonly applied: number }): void {
    this.#notes.length = mark.noted;
    this.#applied = mark.applied;
  }

  /** Brings the tree up to date. Called before the commit, and before anybody reads it in the transaction. */
  async settle(executor: Executor): Promise<void> {
    if (this.#applied === this.#notes.length) return;
    const noted = this.#notes.slice(this.#applied);
    this.#applied = this.#notes.length;
    const known = await Promise.all(noted.map((note) => (typeof note === 'function' ? note() : note)));
    const waiting = Map.groupBy(known, ({ orgKey }) => orgKey);
    // In one order for everybody, for each tree is held until the commit.
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
 * The exact number of users (of one status), and where the one at `offset` of the newest-first order is; null
 * where there are not so many. Needs a snapshot, or the transaction that changes.
 */
export async function findPlace(
  view: Executor,
  orgKey: OrgKey,
  offset: number,
  status?: UserStatus,
): Promise<{ total: number; place: PagePlace | null }> {
  let row = await view.first(selectNode, { orgKey, node: rootNode });
  if (row === undefined) return { total: 0, place: null };
  let node = new PackedNode(row.entries);
  const total = node.total(status);
  if (offset >= total) return { total, place: null };
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
    if (child === 0) return { total, place: { before, skip } };
    row = await view.first(selectNode, { orgKey, node: child });
    if (row === undefined) throw new Error('the counts of users name a node that is not there');
    node = new PackedNode(row.entries);
  }
}
