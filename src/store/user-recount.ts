/**
 * Counts users the slow way and holds the result against what is kept: the proof that pages and totals do not
 * lie. It needs one state of the database to look at, and changes nothing.
 */
import type { OrgKey } from '../core/ids.ts';
import { endKey, isBefore, type SortKey, type StatusCounts, sumOf, unpackNode } from './count-node.ts';
import { usersInOrder } from './count-range.ts';
import { rootNode, selectNode, selectNodeNames } from './count-tree.ts';
import type { Executor } from './executor.ts';

export interface CountReport {
  readonly orgKey: OrgKey;
  /** How many users there are. */
  readonly counted: StatusCounts;
  /** How many the kept counts say there are. */
  readonly kept: StatusCounts;
  /** What does not fit: ranges with other numbers than their users, sums that are none, nodes out of place. */
  readonly faults: number;
}

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
  let faults = await walk.countFaults();
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
  return { orgKey, counted, kept, faults };
}

/** Walks the kept tree in order and notes what is wrong with the tree itself. */
class TreeWalk {
  readonly #view: Executor;
  readonly #orgKey: OrgKey;
  readonly #seen = new Set<number>();
  #faults = 0;

  constructor(view: Executor, orgKey: OrgKey) {
    this.#view = view;
    this.#orgKey = orgKey;
  }

  async ranges(): Promise<Range[]> {
    const ranges: Range[] = [];
    if ((await this.#view.first(selectNode, { orgKey: this.#orgKey, node: rootNode })) !== undefined) {
      await this.#collect(rootNode, endKey, ranges);
    }
    return ranges;
  }

  /** Faults met on the walk, and nodes that it did not come by. */
  async countFaults(): Promise<number> {
    const names = await this.#view.rows(selectNodeNames, { orgKey: this.#orgKey });
    return this.#faults + names.filter(({ node }) => !this.#seen.has(node)).length;
  }

  /** Adds the ranges below a node, and gives the sum of what they keep. */
  async #collect(node: number, to: SortKey, ranges: Range[]): Promise<StatusCounts> {
    const sum = noCounts();
    const row = await this.#view.first(selectNode, { orgKey: this.#orgKey, node });
    if (row === undefined || this.#seen.has(node)) {
      this.#faults++;
      return sum;
    }
    this.#seen.add(node);
    const entries = unpackNode(row.entries);
    for (const [at, { from, counts, child }] of entries.entries()) {
      const next = entries[at + 1]?.from ?? to;
      if (at > 0 && !isBefore(from, next)) this.#faults++;
      if (child === 0) ranges.push({ to: next, counts });
      else if (!isSame(await this.#collect(child, next, ranges), counts)) this.#faults++;
      addTo(sum, counts);
    }
    return sum;
  }
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
