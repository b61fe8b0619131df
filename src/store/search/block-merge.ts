/**
 * Joins small search blocks that are beside each other to a large one, so that a search of a large directory reads few
 * leaves. The plan is made of committed blocks and takes a while; applying it is short, and does nothing where one of the
 * blocks has changed since.
 */
import { setImmediate } from 'node:timers/promises';
import type { OrgKey } from '../../core/ids.ts';
import type { MergePlan } from '../../core/search/user-search-store.ts';
import { startOfRange } from '../schema/number-range.ts';
import type { Executor } from '../sql/executor.ts';
import { blockUsers, distanceMax, insertLeaves, lockBlocks } from './block-changes.ts';
import { LeafPacker, type PackedLeaf, type Posting, unpackLeaf } from './search-leaf.ts';
import type { BlockRow } from './search-queries.ts';
import * as queries from './search-queries.ts';

/** So many small blocks become a large one. */
const mergedAtOnce = 8;
const smallMax = 2 * blockUsers;
/** Tokens after which other work may run. */
const tokensAtOnce = 2_000;

interface BlockMerge extends MergePlan {
  readonly blocks: readonly BlockRow[];
  readonly leaves: readonly PackedLeaf[];
}

/** A plan for the oldest small blocks of a range of numbers; null where there are too few. */
export async function planMerge(
  view: Executor,
  orgKey: OrgKey,
  atOnce = mergedAtOnce,
): Promise<BlockMerge | null> {
  for (let before = Number.MAX_SAFE_INTEGER; before > 0; ) {
    const newest = await view.rows(queries.selectBlocks, { orgKey, before, limit: 4 * atOnce });
    before = startOfRange(newest[0]?.first ?? 0);
    const start = before;
    const chosen = chooseBlocks(newest.filter(({ first }) => first >= start).reverse(), atOnce);
    if (chosen !== null) return joinBlocks(view, orgKey, chosen);
  }
  return null;
}

/** The oldest small blocks; null where there are too few, or the last one is too far from the first one. */
function chooseBlocks(blocks: readonly BlockRow[], atOnce: number): readonly BlockRow[] | null {
  const from = blocks.findLastIndex(({ users }) => users > smallMax) + 1;
  const chosen = blocks.slice(from, from + atOnce);
  const distance = (chosen.at(-1)?.last ?? 0) - (chosen[0]?.first ?? 0);
  return chosen.length === atOnce && distance <= distanceMax ? chosen : null;
}

async function joinBlocks(view: Executor, orgKey: OrgKey, chosen: readonly BlockRow[]): Promise<BlockMerge> {
  const start = chosen[0]?.first ?? 0;
  const sources: { readonly shift: number; readonly postings: Iterator<Posting> }[] = [];
  for (const block of chosen) {
    const leaves = await view.bulkRows(queries.selectAllLeaves, { orgKey, block: block.first });
    sources.push({ shift: block.first - start, postings: postingsOf(leaves) });
  }
  return { blocks: chosen, leaves: await join(sources) };
}

/** False, and changes nothing, where one of the blocks has changed since the plan was made. */
export async function applyMerge(executor: Executor, orgKey: OrgKey, plan: MergePlan): Promise<boolean> {
  const { blocks, leaves } = plan as BlockMerge;
  await lockBlocks(executor, orgKey);
  for (const { first, version } of blocks) {
    const [present] = await executor.rows(queries.selectBlocks, { orgKey, before: first + 1, limit: 1 });
    if (present?.first !== first || present.version !== version) return false;
  }
  const [first, last] = [blocks[0], blocks.at(-1)];
  if (first === undefined || last === undefined) return false;
  for (const { first: block } of blocks) {
    await executor.run(queries.deleteLeaves, { orgKey, block });
    await executor.run(queries.deleteBlock, { orgKey, block });
  }
  await insertLeaves(executor, orgKey, first.first, leaves);
  const users = blocks.reduce((sum, block) => sum + block.users, 0);
  await executor.run(queries.insertBlock, { orgKey, block: first.first, last: last.last, users });
  return true;
}

async function join(
  sources: readonly { readonly shift: number; readonly postings: Iterator<Posting> }[],
): Promise<readonly PackedLeaf[]> {
  const packer = new LeafPacker();
  const heads = sources.map(({ postings }) => postings.next().value as Posting | undefined);
  for (let tokens = 1; ; tokens++) {
    let token = Number.POSITIVE_INFINITY;
    for (const head of heads) if (head !== undefined && head.token < token) token = head.token;
    if (token === Number.POSITIVE_INFINITY) break;
    const users: number[] = [];
    for (const [at, { shift, postings }] of sources.entries()) {
      const head = heads[at];
      if (head?.token !== token) continue;
      for (const user of head.users) users.push(user + shift);
      heads[at] = postings.next().value as Posting | undefined;
    }
    packer.add({ token, users });
    if (tokens % tokensAtOnce === 0) await setImmediate();
  }
  return packer.finish();
}

function* postingsOf(leaves: readonly { readonly entries: Uint8Array }[]): Generator<Posting> {
  for (const { entries } of leaves) yield* unpackLeaf(entries);
}
