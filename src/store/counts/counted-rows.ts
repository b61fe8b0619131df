/** What a count tree counts, and where its nodes are stored: the users of an organization, or events of its audit log. */
import type { UserStatus } from '../../core/directory/user.ts';
import { type CountEntry, endKey, firstKey, noCounts, type SortKey } from './count-node.ts';

/** The position of a row, and the status under which it is counted. */
export interface RangeRow extends SortKey {
  readonly status: UserStatus;
}

/** The rows of a tree in their order. */
export interface CountedRows {
  /** The rows from position `from` up to position `to`, which is not included; at most `limit`. */
  between(from: SortKey, to: SortKey, limit?: number): Promise<readonly RangeRow[]>;
}

/** Where a reader finds the nodes of a tree. */
export interface CountNodes {
  /** The packed entries; undefined where there is no such node. */
  find(node: number): Promise<Uint8Array | undefined>;
}

/** Where a change writes the nodes of a tree. */
export interface WritableNodes extends CountNodes {
  /** As `find`, and locks the node until the transaction ends. */
  lock(node: number): Promise<Uint8Array | undefined>;
  /** Adds a node unless another transaction has added it. */
  insert(node: number, entries: Uint8Array): Promise<void>;
  write(node: number, entries: Uint8Array): Promise<void>;
  delete(node: number): Promise<void>;
  /** Deletes all nodes with a higher number. */
  deleteAfter(node: number): Promise<void>;
  /** The highest number of a node; undefined where there is none. */
  last(): Promise<number | undefined>;
}

/** All rows, in batches of `batch` rows; only the last batch is shorter. */
export async function* rowsInOrder(rows: CountedRows, batch: number): AsyncGenerator<readonly RangeRow[]> {
  let from = firstKey;
  for (;;) {
    const found = await rows.between(from, endKey, batch);
    const last = found.at(-1);
    if (last === undefined) return;
    yield found;
    from = { createdAt: last.createdAt, seq: last.seq + 1 };
  }
}

/** The range that begins at `from` (null: at its first row) and contains these rows. */
export function rangeOf(rows: readonly RangeRow[], from: SortKey | null): CountEntry {
  const [first = firstKey] = rows;
  const range = emptyRange(from ?? { createdAt: first.createdAt, seq: first.seq });
  for (const { status } of rows) range.counts[status]++;
  return range;
}

/** A range without rows, such as the first range of a new tree. */
export function emptyRange(from: SortKey): CountEntry {
  return { from, counts: noCounts(), child: 0 };
}

/** Reads each node once. */
export function readOnce(nodes: CountNodes): CountNodes {
  const known = new Map<number, Promise<Uint8Array | undefined>>();
  return {
    find(node) {
      const entries = known.get(node) ?? nodes.find(node);
      known.set(node, entries);
      return entries;
    },
  };
}
