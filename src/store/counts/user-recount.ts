/**
 * Counts users one by one and compares the result with the counts in the tree: this proves that pages and totals are
 * right. A check reads one snapshot of the database. A repair counts piece by piece, each piece in a transaction of
 * its own, because no other transaction can write while one runs.
 */

import { type CountReport, type StatusCounts, sumOf } from '../../core/deployment/maintenance.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import type { CountShape } from './count-change.ts';
import {
  addCounts,
  endKey,
  entryBytes,
  firstKey,
  isBefore,
  noCounts,
  type SortKey,
  unpackNode,
} from './count-node.ts';
import { rootNode } from './count-tree.ts';
import { type CountedRows, type CountNodes, rowsInOrder } from './counted-rows.ts';
import { CountedUsers, UserCountNodes } from './counted-users.ts';
import { type CountLedger, userTree } from './user-counts.ts';

/** A range as it is in the tree. */
interface Range {
  readonly to: SortKey;
  readonly counts: StatusCounts;
}

const batch = 10_000;

/** Compares the numbers in the tree of users with counted numbers in one snapshot. */
export function checkCounts(view: Executor, orgKey: OrgKey): Promise<CountReport> {
  return compareCounts(new UserCountNodes(view, orgKey), new CountedUsers(view, orgKey));
}

/** The nodes of a tree, which can all be named. */
export interface NamedNodes extends CountNodes {
  /** The numbers of all nodes, in any order. */
  names(): Promise<readonly number[]>;
}

/** Compares the numbers in a tree with the rows that it counts; both are of one snapshot. */
export async function compareCounts(nodes: NamedNodes, rows: CountedRows): Promise<CountReport> {
  const walk = new TreeWalk(nodes);
  const ranges = await walk.ranges();
  const counted = noCounts();
  const kept = noCounts();
  for (const { counts } of ranges) addCounts(kept, counts);
  let faults = (await walk.misplaced()) + walk.wrongSums;
  let at = 0;
  let here = noCounts();
  for await (const some of rowsInOrder(rows, batch)) {
    for (const row of some) {
      for (let range = ranges[at]; range !== undefined && !isBefore(row, range.to); range = ranges[at]) {
        if (!isSame(here, range.counts)) faults++;
        here = noCounts();
        at++;
      }
      here[row.status]++;
      counted[row.status]++;
    }
  }
  for (; at < ranges.length; at++) {
    if (!isSame(here, ranges[at]?.counts ?? noCounts())) faults++;
    here = noCounts();
  }
  if (ranges.length === 0 && sumOf(counted) > 0) faults++;
  return { counted, kept, faults };
}

/** The database in which counts are repaired. */
export interface CountDatabase {
  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction of its own. */
  change<T>(
    work: (scope: { readonly executor: Executor; readonly counts: CountLedger }) => Promise<T>,
  ): Promise<T>;
  readonly shape: CountShape;
}

/**
 * Repairs the counts: node by node, or the whole tree where nodes are not where they belong. It ends with the range
 * that was the last when it began: users that are added after this range during the repair are counted when it is split.
 */
export async function repairCounts(at: CountDatabase, orgKey: OrgKey): Promise<void> {
  const lastFrom = await at.snapshot(async (view) => {
    const walk = new TreeWalk(new UserCountNodes(view, orgKey));
    const ranges = await walk.ranges();
    return ranges.length > 0 && (await walk.misplaced()) === 0 ? (ranges.at(-2)?.to ?? firstKey) : null;
  });
  if (lastFrom === null) return at.change(async ({ counts }) => counts.noteRecount(orgKey));
  for (let from: SortKey | null = firstKey; from !== null && !isBefore(lastFrom, from); ) {
    const here: SortKey = from;
    from = await at.change(async ({ executor, counts }) => {
      // Changes that other units of the same transaction have noted are among the users already.
      await counts.settle(executor);
      return userTree(executor, orgKey, at.shape).recount(here);
    });
  }
}

/** A node of the walk: its level and its range. */
interface NodeVisit {
  readonly node: number;
  readonly level: number;
  readonly from: SortKey;
  readonly to: SortKey;
}

/** Walks the tree in order and counts the faults of the tree itself. */
class TreeWalk {
  wrongSums = 0;
  readonly #nodes: NamedNodes;
  readonly #seen = new Set<number>();
  /** How many nodes are above each range; this number must be the same everywhere. */
  #levels: number | null = null;
  #misplaced = 0;

  constructor(nodes: NamedNodes) {
    this.#nodes = nodes;
  }

  async ranges(): Promise<Range[]> {
    const ranges: Range[] = [];
    if ((await this.#nodes.find(rootNode)) !== undefined) {
      await this.#collect({ node: rootNode, level: 1, from: firstKey, to: endKey }, ranges);
    }
    return ranges;
  }

  /** The number of nodes that the walk found in a wrong position, or did not reach. */
  async misplaced(): Promise<number> {
    const names = await this.#nodes.names();
    return this.#misplaced + names.filter((node) => !this.#seen.has(node)).length;
  }

  /** Adds the ranges below a node, and returns the sum of their counts. */
  async #collect({ node, level, from, to }: NodeVisit, ranges: Range[]): Promise<StatusCounts> {
    const sum = noCounts();
    const packed = await this.#nodes.find(node);
    if (packed === undefined || !isWhole(packed) || this.#seen.has(node)) {
      this.#misplaced++;
      return sum;
    }
    this.#seen.add(node);
    const entries = unpackNode(packed);
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
      addCounts(sum, counts);
    }
    return sum;
  }
}

/** Whether these bytes are a node with at least one entry. */
function isWhole(entries: Uint8Array): boolean {
  return entries.length > 0 && entries.length % entryBytes === 0;
}

function isSame(left: StatusCounts, right: StatusCounts): boolean {
  return left.pending === right.pending && left.active === right.active && left.inactive === right.inactive;
}
