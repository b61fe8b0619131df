/** Reads a count tree: the exact number of rows, the position of the n-th row, and how many rows come before a position. */
import type { UserStatus } from '../../core/directory/user.ts';
import { endKey, firstKey, isBefore, PackedNode, type SortKey } from './count-node.ts';
import { rootNode } from './count-tree.ts';
import type { CountedRows, CountNodes } from './counted-rows.ts';

/** The position of a page: going down from `before`, `skip` rows come before its first row. */
export interface PagePosition {
  readonly before: SortKey;
  readonly skip: number;
}

/**
 * The exact number of rows (of one status), and the position of the row at `offset` in the newest-first order;
 * null where there are fewer rows. Needs a snapshot, or the transaction that makes the changes.
 */
export async function positionAt(
  nodes: CountNodes,
  offset: number,
  status?: UserStatus,
): Promise<{ total: number; position: PagePosition | null }> {
  const root = await nodes.find(rootNode);
  if (root === undefined) return { total: 0, position: null };
  let node = new PackedNode(root);
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
    node = await childOf(nodes, child);
  }
}

/** How many rows come before `key`. Needs a snapshot, and reads less than one range of the rows themselves. */
export async function countBefore(nodes: CountNodes, rows: CountedRows, key: SortKey): Promise<number> {
  const root = await nodes.find(rootNode);
  if (root === undefined) return 0;
  let node = new PackedNode(root);
  let count = 0;
  let from = firstKey;
  for (;;) {
    let at = 0;
    while (at + 1 < node.length && !isBefore(key, node.from(at + 1))) {
      count += node.count(at);
      at++;
      from = node.from(at);
    }
    const child = node.child(at);
    if (child === 0) return count + (await rows.between(from, key)).length;
    node = await childOf(nodes, child);
  }
}

async function childOf(nodes: CountNodes, child: number): Promise<PackedNode> {
  const entries = await nodes.find(child);
  if (entries === undefined) throw new Error('the counts name a node that is not there');
  return new PackedNode(entries);
}
