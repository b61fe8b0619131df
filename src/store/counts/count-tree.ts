/**
 * Changes a count tree: adds and subtracts on the path from the root, splits ranges and nodes
 * that have become too large, and removes empty ones. A transaction reads and writes a node once, however many
 * changes pass through it.
 *
 * The root is node 0; the tree grows and shrinks at the root. A transaction that changes a tree locks the root until its
 * commit: the root is the lock of the whole tree.
 */
import { sumOf } from '../../core/deployment/maintenance.ts';
import type { CountChange, CountShape } from './count-change.ts';
import {
  addCounts,
  type CountEntry,
  endKey,
  firstKey,
  isBefore,
  packNode,
  type SortKey,
  unpackNode,
} from './count-node.ts';
import { type CountedRows, emptyRange, rangeOf, rowsInOrder, type WritableNodes } from './counted-rows.ts';

export const rootNode = 0;

interface Node {
  readonly id: number;
  entries: CountEntry[];
}

export class CountTree {
  readonly #rows: CountedRows;
  readonly #store: WritableNodes;
  readonly #shape: CountShape;
  /** The nodes that were read. All of them are written back, because only nodes that change are read. */
  readonly #nodes = new Map<number, Node>();
  #lastNode: Promise<number | undefined> | null = null;
  #newNodes = 0;

  constructor(rows: CountedRows, nodes: WritableNodes, shape: CountShape) {
    this.#rows = rows;
    this.#store = nodes;
    this.#shape = shape;
  }

  /** Brings the tree up to date. Returns false, and writes nothing, where its numbers cannot be right. */
  async apply(changes: readonly CountChange[]): Promise<boolean> {
    const root = await this.#lockRoot();
    if (!(await this.#add(root, changes))) return false;
    await this.#setRoot(root, await this.#trim(root, firstKey, endKey));
    await this.#write();
    return true;
  }

  /** Rebuilds the tree from the rows themselves. */
  async rebuild(): Promise<void> {
    this.#nodes.clear();
    const root = await this.#lockRoot();
    await this.#store.deleteAfter(rootNode);
    const ranges: CountEntry[] = [];
    const full = filling(this.#shape.rangeMax);
    for await (const rows of rowsInOrder(this.#rows, full * 128)) {
      // The size of every batch but the last is a multiple of the size of a range.
      for (let at = 0; at < rows.length; at += full) ranges.push(rangeOf(rows.slice(at, at + full), null));
    }
    await this.#setRoot(root, ranges.length === 0 ? [] : cut(ranges, this.#shape.fanout, true));
    await this.#write();
  }

  /**
   * Counts again the rows of the lowest node whose range contains `at`, and the sums above this node. Returns the
   * begin of the next such node, null after the last. All nodes of the tree must be where they belong.
   */
  async recount(at: SortKey): Promise<SortKey | null> {
    const root = await this.#lockRoot();
    let from = firstKey;
    let to = endKey;
    for (let node = root; ; ) {
      const here = indexOf(node.entries, at);
      const entry = node.entries[here];
      if (here > 0 && entry !== undefined) from = entry.from;
      if (entry === undefined || entry.child === 0) {
        await this.#recountRanges(node.entries.slice(here), from, to);
        break;
      }
      to = node.entries[here + 1]?.from ?? to;
      const child = await this.#load(entry.child);
      if (child === null) throw new Error('the counts name a node that is not there');
      node = child;
    }
    await this.#setRoot(root, await this.#trim(root, firstKey, endKey));
    await this.#write();
    return to === endKey ? null : to;
  }

  async #recountRanges(ranges: readonly CountEntry[], from: SortKey, to: SortKey): Promise<void> {
    const rows = await this.#rows.between(from, to);
    let next = 0;
    for (const [at, range] of ranges.entries()) {
      const end = ranges[at + 1]?.from ?? to;
      const first = next;
      for (let row = rows[next]; row !== undefined && isBefore(row, end); row = rows[next]) next++;
      Object.assign(range.counts, rangeOf(rows.slice(first, next), null).counts);
    }
  }

  async #write(): Promise<void> {
    const writes = Array.from(this.#nodes.values(), ({ id, entries }) =>
      this.#store.write(id, packNode(entries)),
    );
    await Promise.all(writes);
  }

  /**
   * Counts the changes in every entry on the paths down to their ranges; false where the tree proves to be wrong. The nodes of
   * a level are read together, because each read may be a round trip.
   */
  async #add(root: Node, changes: readonly CountChange[]): Promise<boolean> {
    let level: readonly (readonly [Node | null, readonly CountChange[]])[] = [[root, changes]];
    while (level.length > 0) {
      const below = new Map<number, CountChange[]>();
      for (const [node, own] of level) {
        for (const change of own) {
          const { at, status, delta } = change;
          const entry: CountEntry | undefined = node?.entries[indexOf(node.entries, at)];
          if (entry === undefined) return false;
          entry.counts[status] += delta;
          if (entry.counts[status] < 0) return false;
          if (entry.child === 0) continue;
          const known = below.get(entry.child);
          if (known === undefined) below.set(entry.child, [change]);
          else known.push(change);
        }
      }
      level = await Promise.all(Array.from(below, async ([id, own]) => [await this.#load(id), own] as const));
    }
    return true;
  }

  /**
   * Splits, joins and removes the entries of a node, whose range is `from` to `to`, and of every changed node below
   * it; the rows of ranges that are split are read together. Returns the runs of entries into which the node must be
   * split: one, several, or none when it is empty.
   */
  async #trim(node: Node, from: SortKey, to: SortKey): Promise<CountEntry[][]> {
    const { rangeMax, fanout } = this.#shape;
    const parts = await Promise.all(
      node.entries.map((entry, at): CountEntry | Promise<CountEntry[]> => {
        const entryFrom = at === 0 ? from : entry.from;
        const entryTo = node.entries[at + 1]?.from ?? to;
        const child = this.#nodes.get(entry.child);
        if (entry.child !== 0)
          return child === undefined ? entry : this.#trimChild(child, entryFrom, entryTo);
        if (sumOf(entry.counts) > rangeMax) return this.#cutRange(entryFrom, entryTo);
        return { ...entry, from: entryFrom };
      }),
    );
    const trimmed: CountEntry[] = [];
    for (const part of parts) {
      if (Array.isArray(part)) trimmed.push(...part);
      else if (part.child !== 0) trimmed.push(part);
      else if (sumOf(part.counts) > 0) this.#pushRange(trimmed, part);
    }
    return trimmed.length === 0 ? [] : cut(trimmed, fanout, to === endKey);
  }

  async #trimChild(child: Node, from: SortKey, to: SortKey): Promise<CountEntry[]> {
    const [first, ...others] = await this.#trim(child, from, to);
    if (first === undefined) {
      await this.#drop(child);
      return [];
    }
    child.entries = first;
    return [entryOver(child), ...(await this.#putRuns(others))];
  }

  /** Adds a range; joins it to the range before it where both together are small. */
  #pushRange(entries: CountEntry[], range: CountEntry): void {
    const before = entries.at(-1);
    const isSmall =
      before !== undefined &&
      before.child === 0 &&
      sumOf(before.counts) + sumOf(range.counts) <= this.#shape.rangeMax / 2;
    if (isSmall) addCounts(before.counts, range.counts);
    else entries.push(range);
  }

  async #cutRange(from: SortKey, to: SortKey): Promise<CountEntry[]> {
    const rows = await this.#rows.between(from, to);
    return cut([...rows], this.#shape.rangeMax, to === endKey).map((run, at) =>
      rangeOf(run, at === 0 ? from : null),
    );
  }

  /** Puts the runs of the root below a new root, on as many levels as they need. */
  async #setRoot(root: Node, runs: CountEntry[][]): Promise<void> {
    let level = runs;
    while (level.length > 1) level = cut(await this.#putRuns(level), this.#shape.fanout, true);
    root.entries = level[0] ?? [emptyRange(firstKey)];
    for (;;) {
      const child = await this.#load(soleChildOf(root));
      if (child === null || child === root) return;
      root.entries = child.entries;
      await this.#drop(child);
    }
  }

  /** Makes a node of each run, and returns the entries that name these nodes. */
  async #putRuns(runs: readonly CountEntry[][]): Promise<CountEntry[]> {
    const entries: CountEntry[] = [];
    for (const run of runs) entries.push(entryOver(this.#put(await this.#newNode(), run)));
    return entries;
  }

  /** Deletes a node that no entry names any more. */
  async #drop({ id }: Node): Promise<void> {
    this.#nodes.delete(id);
    await this.#store.delete(id);
  }

  /** The locked root. Where several transactions find no root, one inserts it and all of them get the same. */
  async #lockRoot(): Promise<Node> {
    for (;;) {
      const entries = await this.#store.lock(rootNode);
      if (entries !== undefined) return this.#put(rootNode, unpackNode(entries));
      await this.#store.insert(rootNode, packNode([emptyRange(firstKey)]));
    }
  }

  async #load(id: number): Promise<Node | null> {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const entries = await this.#store.find(id);
    return entries === undefined ? null : this.#put(id, unpackNode(entries));
  }

  #put(id: number, entries: CountEntry[]): Node {
    const node = { id, entries };
    this.#nodes.set(id, node);
    return node;
  }

  /** Several may be made at the same time, of which each gets a number of its own. */
  async #newNode(): Promise<number> {
    this.#lastNode ??= this.#store.last();
    const last = (await this.#lastNode) ?? rootNode;
    this.#newNodes += 1;
    return last + this.#newNodes;
  }
}

/** The index of the entry whose range contains the key: the last entry that begins at or before the key. */
function indexOf(entries: readonly CountEntry[], key: SortKey): number {
  let low = 0;
  let high = entries.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const entry = entries[middle];
    if (entry === undefined || isBefore(key, entry.from)) high = middle - 1;
    else low = middle;
  }
  return low;
}

/**
 * Splits a list with more than `max` items into runs with space to grow. At the end of the order, where rows are
 * added one after the other, the runs are nearly full; elsewhere they have the same length.
 */
function cut<T>(items: T[], max: number, isAtEnd: boolean): T[][] {
  if (items.length <= max) return [items];
  const full = filling(max);
  const size = isAtEnd ? full : Math.ceil(items.length / Math.ceil(items.length / full));
  const runs: T[][] = [];
  for (let at = 0; at < items.length; at += size) runs.push(items.slice(at, at + size));
  return runs;
}

/** How full a run at the end of the order is: not quite, so that a row that is added late does not split it. */
function filling(max: number): number {
  return Math.ceil((max * 7) / 8);
}

function entryOver({ id, entries }: Node): CountEntry {
  const sum = emptyRange(entries[0]?.from ?? firstKey);
  for (const { counts } of entries) addCounts(sum.counts, counts);
  return { ...sum, child: id };
}

/** The node that is the only one below this node; the root where there is no such node. */
function soleChildOf({ entries }: Node): number {
  return entries.length === 1 ? (entries[0]?.child ?? rootNode) : rootNode;
}
