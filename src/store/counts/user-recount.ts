/**
 * Counts users the slow way and holds the result against what is kept: the proof that pages and totals do not
 * lie. To check, it needs one state of the database to look at. To repair, it counts piece by piece, each piece in
 * a transaction of its own, for while one runs nobody else can write.
 */

import type { CountReport } from '../../core/deployment/maintenance.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import type { CountShape } from './count-change.ts';
import {
  endKey,
  entryBytes,
  firstKey,
  isBefore,
  type SortKey,
  type StatusCounts,
  sumOf,
  unpackNode,
} from './count-node.ts';
import { usersInOrder } from './count-range.ts';
import { CountTree, rootNode, selectNode, selectNodeNames } from './count-tree.ts';
import type { CountLedger } from './user-counts.ts';

/** A range as it is kept. */
interface Range {
  readonly to: SortKey;
  readonly counts: StatusCounts;
}

const batch = 10_000;

/** Compares kept and counted numbers in one snapshot. */
export async function checkCounts(view: Executor, orgKey: OrgKey): Promise<CountReport> {
  const walk = new TreeWalk(view, orgKey);
  const ranges = await walk.ranges();
  const counted = noCounts();
  const kept = noCounts();
  for (const { counts } of ranges) addTo(kept, counts);
  let faults = (await walk.misplaced()) + walk.wrongSums;
  let at = 0;
  let here = noCounts();
  for await (const users of usersInOrder(view, orgKey, batch)) {
    for (const user of users) {
      for (let range = ranges[at]; range !== undefined && !isBefore(user, range.to); range = ranges[at]) {
        if (!isSame(here, range.counts)) faults++;
        here = noCounts();
        at++;
      }
      here[user.status]++;
      counted[user.status]++;
    }
  }
  for (; at < ranges.length; at++) {
    if (!isSame(here, ranges[at]?.counts ?? noCounts())) faults++;
    here = noCounts();
  }
  if (ranges.length === 0 && sumOf(counted) > 0) faults++;
  return { counted, kept, faults };
}

/** Where counts are repaired. */
export interface CountsAtHand {
  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction of its own. */
  change<T>(
    work: (scope: { readonly executor: Executor; readonly counts: CountLedger }) => Promise<T>,
  ): Promise<T>;
  readonly shape: CountShape;
}

/**
 * Makes the counts right: node by node, or all anew where the nodes themselves are not in their places. It ends
 * with the range that was the last one when it began: what others put behind it meanwhile is counted as it is cut.
 */
export async function repairCounts(at: CountsAtHand, orgKey: OrgKey): Promise<void> {
  const lastFrom = await at.snapshot(async (view) => {
    const walk = new TreeWalk(view, orgKey);
    const ranges = await walk.ranges();
    return ranges.length > 0 && (await walk.misplaced()) === 0 ? (ranges.at(-2)?.to ?? firstKey) : null;
  });
  if (lastFrom === null) return at.change(async ({ counts }) => counts.noteRecount(orgKey));
  for (let from: SortKey | null = firstKey; from !== null && !isBefore(lastFrom, from); ) {
    const here: SortKey = from;
    from = await at.change(async ({ executor, counts }) => {
      // What others of the same transaction have noted is among the users already.
      await counts.settle(executor);
      return new CountTree(executor, orgKey, at.shape).recount(here);
    });
  }
}

/** A node where the walk came by it: how deep, and what its range is. */
interface NodePlace {
  readonly node: number;
  readonly level: number;
  readonly from: SortKey;
  readonly to: SortKey;
}

/** Walks the kept tree in order and notes what is wrong with the tree itself. */
class TreeWalk {
  wrongSums = 0;
  readonly #view: Executor;
  readonly #orgKey: OrgKey;
  readonly #seen = new Set<number>();
  /** How many nodes are above the ranges: the same everywhere. */
  #levels: number | null = null;
  #misplaced = 0;

  constructor(view: Executor, orgKey: OrgKey) {
    this.#view = view;
    this.#orgKey = orgKey;
  }

  async ranges(): Promise<Range[]> {
    const ranges: Range[] = [];
    if ((await this.#view.first(selectNode, { orgKey: this.#orgKey, node: rootNode })) !== undefined) {
      await this.#collect({ node: rootNode, level: 1, from: firstKey, to: endKey }, ranges);
    }
    return ranges;
  }

  /** Nodes that the walk met where none can be, or did not come by. */
  async misplaced(): Promise<number> {
    const names = await this.#view.rows(selectNodeNames, { orgKey: this.#orgKey });
    return this.#misplaced + names.filter(({ node }) => !this.#seen.has(node)).length;
  }

  /** Adds the ranges below a node, and gives the sum of what they keep. */
  async #collect({ node, level, from, to }: NodePlace, ranges: Range[]): Promise<StatusCounts> {
    const sum = noCounts();
    const row = await this.#view.first(selectNode, { orgKey: this.#orgKey, node });
    if (row === undefined || !isWhole(row.entries) || this.#seen.has(node)) {
      this.#misplaced++;
      return sum;
    }
    this.#seen.add(node);
    const entries = unpackNode(row.entries);
    for (const [at, { from: ownFrom, counts, child }] of entries.entries()) {
      const start = at === 0 ? from : ownFrom;
      const next = entries[at + 1]?.from ?? to;
      if (!isBefore(start, next)) this.#misplaced++;
      if (child === 0) {
        this.#levels ??= level;
        if (level !== this.#levels) this.#misplaced++;
        ranges.push({ to: next, counts });
      } else {
        const below = await this.#collect({ node: child, level: level + 1, from: start, to: next }, ranges);
        if (!isSame(below, counts)) this.wrongSums++;
      }
      addTo(sum, counts);
    }
    return sum;
  }
}

/** Whether these bytes are a node of one entry at least. */
function isWhole(entries: Uint8Array): boolean {
  return entries.length > 0 && entries.length % entryBytes === 0;
}

function noCounts(): StatusCounts {
  return { pending: 0, active: 0, inactive: 0 };
}

function addTo(sum: StatusCounts, { pending, active, inactive }: StatusCounts): void {
  sum.pending += pending;
  sum.active += active;
  sum.inactive += inactive;
}

function isSame(left: StatusCounts, right: StatusCounts): boolean {
  return left.pending === right.pending && left.active === right.active && left.inactive === right.inactive;
}
