/**
 * Changes of search blocks: a new block is built, small blocks are joined, users are taken out of a block or put into
 * it. All of them hold one lock of the organization until their transaction ends.
 *
 * No change of a user waits for it. What a block cannot know is noted in `search_changes` by the transaction that changes
 * the user; a note is deleted before the user is read, so that a change after that is noted again.
 */
import type { OrgKey } from '../../core/ids.ts';
import { searchTextOf } from '../../core/search/folding.ts';
import type { IndexedTexts } from '../../core/search/user-search-store.ts';
import { unmarkOrganization } from '../counts/job-marks.ts';
import type { Executor } from '../sql/executor.ts';
import { buildLeaves } from './block-builder.ts';
import { changeLeaf, type Move, type TokenChange, tokenChangesOf } from './leaf-change.ts';
import { findNextUsers } from './open-numbers.ts';
import { LeafPacker, type PackedLeaf } from './search-leaf.ts';
import * as queries from './search-queries.ts';

/** A block is built of so many users. */
export const blockUsers = 2_048;
/** The largest distance of a user from the beginning of its block. */
export const distanceMax = 2 ** 32 - 1;

/** Waits for other changes of the blocks, and keeps them out until the transaction ends. */
export function lockBlocks(executor: Executor, orgKey: OrgKey): Promise<void> {
  return executor.lockName(`user search ${orgKey}`);
}

/** Builds the next block of `users` users. Returns 0, or how many users are missing for it. */
export async function sealBlock(executor: Executor, orgKey: OrgKey, users: number): Promise<number> {
  await lockBlocks(executor, orgKey);
  let next = await findNextUsers(executor, orgKey, users);
  if (next.users < users) {
    // A transaction that adds users marks the organization while it holds this lock. So each is counted, or marks it after this.
    await executor.first(queries.lockCounts, { orgKey });
    next = await findNextUsers(executor, orgKey, users);
    if (next.users < users) {
      await unmarkOrganization(executor, orgKey, 'search');
      return users - next.users;
    }
  }
  const { after, last } = next;
  const range = { orgKey, after, last };
  await executor.run(queries.deleteChangesOf, range);
  // From now on a transaction that adds users sees the new block before its commit.
  await executor.first(queries.lockCounts, { orgKey });
  const rows = await executor.bulkRows(queries.selectRange, range);
  // The block begins where the one before it ends, so that a user with a number in between who is committed later has a place.
  const [{ seq = last } = {}] = rows;
  const block = Math.max(after + 1, Math.min(seq, last - distanceMax));
  await insertUsers(executor, orgKey, block, rows);
  const values = { orgKey, block, last, users: rows.length };
  await executor.run(queries.insertBlock, values);
  return 0;
}

/** Builds a block anew from the users of its range. The caller holds the lock of the blocks. */
export async function rebuildBlock(
  executor: Executor,
  orgKey: OrgKey,
  { first, last }: Pick<queries.BlockRow, 'first' | 'last'>,
): Promise<void> {
  const range = { orgKey, after: first - 1, last };
  await executor.run(queries.deleteChangesOf, range);
  const rows = await executor.bulkRows(queries.selectRange, range);
  await executor.run(queries.deleteLeaves, { orgKey, block: first });
  await insertUsers(executor, orgKey, first, rows);
  await executor.run(queries.touchBlock, { orgKey, block: first });
}

/** Brings blocks up to date with users that have changed, at most `limit`. Returns how many there were. */
export async function settleChanges(executor: Executor, orgKey: OrgKey, limit: number): Promise<number> {
  await lockBlocks(executor, orgKey);
  const sealed = (await executor.first(queries.selectLastBlock, { orgKey }))?.last ?? 0;
  const changes = await executor.rows(queries.takeChanges, { orgKey, limit });
  const known = changes.filter(({ seq }) => seq <= sealed);
  const moves: Move[] = known.map(({ seq, formerText }) => ({ seq, text: formerText, delta: -1 }));
  for (const { seq, text } of await readTexts(
    executor,
    orgKey,
    known.map(({ seq }) => seq),
  )) {
    moves.push({ seq, text, delta: 1 });
  }
  await moveUsers(executor, orgKey, moves);
  return changes.length;
}

/** A block is built anew where it has at most so many users for each one who leaves it: that is less work. */
const rebuiltPerErased = 8;
/** The most users of whom a transaction of erasures builds a block anew. */
const rebuiltMax = 512;
/** Users who leave blocks in one transaction, and leaves after which it begins no further block. */
const purgedAtOnce = 500;
const leavesAtOnce = 256;

/**
 * Takes the first of the erased users out of the blocks: as many as one transaction should, so that others need not wait long
 * for it. All of one block leave it together, because they are in the same leaves. Returns how many it took, one at
 * least. They come in the order of their numbers, the highest first.
 */
export async function purgeUsers(
  executor: Executor,
  orgKey: OrgKey,
  erased: readonly IndexedTexts[],
): Promise<number> {
  await lockBlocks(executor, orgKey);
  let taken = 0;
  for (let leaves = 0; leaves < leavesAtOnce && taken < Math.min(erased.length, purgedAtOnce); ) {
    const before = (erased[taken]?.seq ?? 0) + 1;
    const [block] = await executor.rows(queries.selectBlocks, { orgKey, before, limit: 1 });
    if (block === undefined) return erased.length;
    const own = erased.slice(taken, purgedAtOnce).filter(({ seq }) => seq >= block.first);
    taken += own.length;
    leaves += await purgeBlock(
      executor,
      orgKey,
      block,
      // The others are newer than the block, and in none.
      own.filter(({ seq }) => seq <= block.last),
    );
  }
  return taken;
}

/** Returns how many leaves it changed. */
async function purgeBlock(
  executor: Executor,
  orgKey: OrgKey,
  block: queries.BlockRow,
  erased: readonly IndexedTexts[],
): Promise<number> {
  if (erased.length === 0) return 0;
  const users = Math.min(rebuiltMax, erased.length * rebuiltPerErased);
  if (!(await hasMore(executor, orgKey, block, users))) {
    await rebuildBlock(executor, orgKey, block);
    return leavesAtOnce;
  }
  const moves = erased.flatMap(({ seq, texts }) => texts.map((text) => ({ seq, text, delta: -1 as const })));
  return changeBlock(executor, orgKey, block, moves);
}

/** Whether more than so many users are left in the range of the block. */
async function hasMore(
  executor: Executor,
  orgKey: OrgKey,
  { first, last }: queries.BlockRow,
  users: number,
): Promise<boolean> {
  const range = { orgKey, after: first - 1, before: last + 1, limit: users + 1 };
  const left = await executor.first(queries.selectNextUsers, range);
  return Number(left?.users ?? 0) > users;
}

/** The present search texts of users, without those who are gone. */
async function readTexts(executor: Executor, orgKey: OrgKey, seqs: readonly number[]) {
  const texts: { seq: number; text: string }[] = [];
  const any = queries.filterValues({}, -1);
  for (let at = 0; at < seqs.length; at += queries.lookUpMax) {
    const values = { orgKey, ...any, ...queries.lookUpValues(seqs.slice(at, at + queries.lookUpMax)) };
    const rows = await executor.rows(queries.selectBySeqs, values);
    texts.push(...rows.map((row) => ({ seq: row.seq, text: searchTextOf(row) })));
  }
  return texts;
}

/** Moves users, who may be of several blocks, into and out of them. */
async function moveUsers(executor: Executor, orgKey: OrgKey, moves: readonly Move[]): Promise<void> {
  for (const [block, own] of await byBlock(executor, orgKey, moves)) {
    await changeBlock(executor, orgKey, block, own);
  }
}

/** The moves by the block that they are about. A user outside of all blocks is left out. */
async function byBlock(
  executor: Executor,
  orgKey: OrgKey,
  moves: readonly Move[],
): Promise<Iterable<readonly [queries.BlockRow, readonly Move[]]>> {
  const found = new Map<number, readonly [queries.BlockRow, Move[]]>();
  let block: queries.BlockRow | undefined;
  // The last block that begins before a user is the one for all users down to its begin.
  for (const move of moves.toSorted((left, right) => right.seq - left.seq)) {
    if (block === undefined || move.seq < block.first) {
      [block] = await executor.rows(queries.selectBlocks, { orgKey, before: move.seq + 1, limit: 1 });
    }
    if (block === undefined) break;
    if (block.last < move.seq) continue;
    const known = found.get(block.first) ?? [block, []];
    known[1].push(move);
    found.set(block.first, known);
  }
  return found.values();
}

/** Returns how many leaves it wrote. */
async function changeBlock(
  executor: Executor,
  orgKey: OrgKey,
  { first: block }: queries.BlockRow,
  moves: readonly Move[],
): Promise<number> {
  const starts = await executor.rows(queries.selectLeafTokens, { orgKey, block });
  const byLeaf = changesByLeaf(
    tokenChangesOf(block, moves),
    starts.map(({ token }) => token),
  );
  const tokens = [...byLeaf.keys()].filter((token) => token !== null);
  const found: Promise<readonly PackedLeaf[]>[] = [];
  for (let at = 0; at < tokens.length; at += queries.leavesMax) {
    const some = queries.leafValues(tokens.slice(at, at + queries.leavesMax));
    found.push(executor.rows(queries.selectSomeLeaves, { orgKey, block, ...some }));
  }
  const leaves = new Map((await Promise.all(found)).flat().map(({ token, entries }) => [token, entries]));
  const packer = new LeafPacker();
  const written: PackedLeaf[] = [];
  const gone: number[] = [];
  for (const [token, changes] of byLeaf) {
    const next = changeLeaf(packer, token === null ? null : (leaves.get(token) ?? null), changes);
    if (next === null) continue;
    written.push(...next);
    if (token !== null && !next.some((leaf) => leaf.token === token)) gone.push(token);
  }
  await Promise.all([
    ...gone.map((token) => executor.run(queries.deleteLeaf, { orgKey, block, token })),
    executor.insertAll(queries.upsertLeaf, rowsOf(orgKey, block, written)),
    executor.run(queries.touchBlock, { orgKey, block }),
  ]);
  return written.length;
}

/** The changes by the first token of their leaf; null for tokens before the first leaf. Both come in ascending order. */
function changesByLeaf(
  changes: readonly TokenChange[],
  starts: readonly number[],
): ReadonlyMap<number | null, readonly TokenChange[]> {
  const byLeaf = new Map<number | null, TokenChange[]>();
  let next = 0;
  for (const change of changes) {
    while (next < starts.length && (starts[next] ?? 0) <= change.token) next++;
    const leaf = starts[next - 1] ?? null;
    const own = byLeaf.get(leaf);
    if (own === undefined) byLeaf.set(leaf, [change]);
    else own.push(change);
  }
  return byLeaf;
}

/** Builds and stores the leaves of a block that has none. */
async function insertUsers(
  executor: Executor,
  orgKey: OrgKey,
  block: number,
  rows: readonly queries.SearchedRow[],
): Promise<void> {
  const users = rows.map((row) => ({ at: row.seq - block, text: searchTextOf(row) }));
  await insertLeaves(executor, orgKey, block, buildLeaves(users));
}

export async function insertLeaves(
  executor: Executor,
  orgKey: OrgKey,
  block: number,
  leaves: readonly PackedLeaf[],
): Promise<void> {
  await executor.insertAll(queries.insertLeaf, rowsOf(orgKey, block, leaves));
}

function rowsOf(orgKey: OrgKey, block: number, leaves: readonly PackedLeaf[]) {
  return leaves.map(({ token, entries }) => ({ orgKey, block, token, entries }));
}
