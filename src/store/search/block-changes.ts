/**
 * Changes of search blocks: a new block is built, small blocks are joined, users are taken out of a block or put into
 * it. All of them hold one lock of the organization until their transaction ends.
 *
 * No change of a user waits for it. What a block cannot know is noted in `search_changes` by the transaction that changes
 * the user; a note is deleted before the user is read, so that a change after that is noted again.
 */
import type { OrgKey } from '../../core/ids.ts';
import { searchTextOf } from '../../core/search/folding.ts';
import { tokensOf } from '../../core/search/tokens.ts';
import type { IndexedTexts } from '../../core/search/user-search-store.ts';
import { unmarkOrganization } from '../counts/job-marks.ts';
import type { Executor } from '../sql/executor.ts';
import { buildLeaves } from './block-builder.ts';
import { LeafPacker, type PackedLeaf, unpackLeaf } from './search-leaf.ts';
import * as queries from './search-queries.ts';

/** A block is built of so many users. */
export const blockUsers = 2_048;

/** A user who is put into its block or taken out of it. */
interface Move {
  readonly seq: number;
  readonly text: string;
  readonly delta: 1 | -1;
}

/** Waits for other changes of the blocks, and keeps them out until the transaction ends. */
export function lockBlocks(executor: Executor, orgKey: OrgKey): Promise<void> {
  return executor.lockName(`user search ${orgKey}`);
}

/** Builds the next block of `users` users. Returns 0, or how many users are missing for it. */
export async function sealBlock(executor: Executor, orgKey: OrgKey, users: number): Promise<number> {
  await lockBlocks(executor, orgKey);
  const block = await executor.first(queries.selectLastBlock, { orgKey });
  const after = block?.last ?? 0;
  const find = () => executor.first(queries.selectNextRange, { orgKey, after, limit: users });
  let next = await find();
  if (!isWhole(next, users)) {
    // A transaction that adds users marks the organization while it holds this lock. So each is counted, or marks it after this.
    await executor.first(queries.lockCounts, { orgKey });
    next = await find();
    if (!isWhole(next, users)) {
      await unmarkOrganization(executor, orgKey, 'search');
      return users - (next?.users ?? 0);
    }
  }
  const range = { orgKey, after, last: next.last };
  await executor.run(queries.deleteChangesOf, range);
  // From now on a transaction that adds users sees the new block before its commit.
  await executor.first(queries.lockCounts, { orgKey });
  const rows = await executor.bulkRows(queries.selectRange, range);
  const first = rows[0]?.seq;
  if (first === undefined) return users;
  await insertUsers(executor, orgKey, first, rows);
  const values = { orgKey, block: first, last: range.last, users: rows.length };
  await executor.run(queries.insertBlock, values);
  return 0;
}

type Range = { readonly last: number | null; readonly users: number };

function isWhole(next: Range | undefined, users: number): next is { last: number; users: number } {
  return next !== undefined && next.last !== null && next.users >= users;
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

/** Takes erased users out of the blocks. */
export async function purgeUsers(
  executor: Executor,
  orgKey: OrgKey,
  erased: readonly IndexedTexts[],
): Promise<void> {
  await lockBlocks(executor, orgKey);
  const moves = erased.flatMap(({ seq, texts }) => texts.map((text) => ({ seq, text, delta: -1 as const })));
  for (const [block, own] of await byBlock(executor, orgKey, moves)) {
    const users = Math.min(blockUsers, own.length * rebuiltPerErased);
    if (await hasMore(executor, orgKey, block, users)) await changeBlock(executor, orgKey, block, own);
    else await rebuildBlock(executor, orgKey, block);
  }
}

/** Whether more than so many users are left in the range of the block. */
async function hasMore(
  executor: Executor,
  orgKey: OrgKey,
  { first, last }: queries.BlockRow,
  users: number,
): Promise<boolean> {
  const range = { orgKey, after: first - 1, limit: users + 1 };
  const left = await executor.first(queries.selectNextRange, range);
  return left !== undefined && left.users > users && left.last !== null && left.last <= last;
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

async function changeBlock(
  executor: Executor,
  orgKey: OrgKey,
  { first }: queries.BlockRow,
  moves: readonly Move[],
): Promise<void> {
  await changeLeaves(executor, orgKey, first, moves);
  await executor.run(queries.touchBlock, { orgKey, block: first });
}

/** For each token the users who lose it (-1) or get it (1), as distances from the beginning of the block. */
type TokenChanges = ReadonlyMap<number, ReadonlyMap<number, number>>;

function tokenChangesOf(block: number, moves: readonly Move[]): TokenChanges {
  const changes = new Map<number, Map<number, number>>();
  // Who gets a token that it also loses keeps it: the additions come last.
  for (const { seq, text, delta } of moves.toSorted((left, right) => left.delta - right.delta)) {
    for (const token of tokensOf(text)) {
      let users = changes.get(token);
      if (users === undefined) {
        users = new Map();
        changes.set(token, users);
      }
      users.set(seq - block, delta);
    }
  }
  return changes;
}

async function changeLeaves(
  executor: Executor,
  orgKey: OrgKey,
  block: number,
  moves: readonly Move[],
): Promise<void> {
  const changes = tokenChangesOf(block, moves);
  const tokens = [...changes.keys()].sort((left, right) => left - right);
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at] ?? 0;
    const leaf = await executor.first(queries.selectLeaf, { orgKey, block, token });
    const end = await endOfLeaf(executor, orgKey, block, leaf?.token ?? -1);
    const own = new Map<number, ReadonlyMap<number, number>>();
    for (; at < tokens.length && (tokens[at] ?? 0) < end; at++) {
      const here = tokens[at] ?? 0;
      const users = changes.get(here);
      if (users !== undefined) own.set(here, users);
    }
    await replaceLeaf(executor, { orgKey, block }, leaf ?? null, own);
  }
}

/** The first token of the leaf after the one with this first token. */
async function endOfLeaf(executor: Executor, orgKey: OrgKey, block: number, token: number): Promise<number> {
  const next = await executor.first(queries.selectNextLeaf, { orgKey, block, token });
  return next?.token ?? Number.MAX_SAFE_INTEGER;
}

async function replaceLeaf(
  executor: Executor,
  at: { readonly orgKey: OrgKey; readonly block: number },
  leaf: PackedLeaf | null,
  changes: TokenChanges,
): Promise<void> {
  const postings = new Map(
    leaf === null ? [] : unpackLeaf(leaf.entries).map(({ token, users }) => [token, users]),
  );
  let isChanged = false;
  for (const [token, moved] of changes) {
    const before = postings.get(token) ?? [];
    const kept = before.filter((user) => moved.get(user) !== -1);
    const present = new Set(before);
    for (const [user, delta] of moved) if (delta === 1 && !present.has(user)) kept.push(user);
    if (kept.length === before.length && kept.every((user, index) => user === before[index])) continue;
    isChanged = true;
    if (kept.length === 0) postings.delete(token);
    else
      postings.set(
        token,
        kept.sort((left, right) => left - right),
      );
  }
  if (!isChanged) return;
  const packer = new LeafPacker();
  for (const [token, users] of [...postings].sort(([left], [right]) => left - right))
    packer.add({ token, users });
  packer.finish();
  const same = packer.leaves.find(({ token }) => token === leaf?.token);
  if (leaf !== null && same === undefined)
    await executor.run(queries.deleteLeaf, { ...at, token: leaf.token });
  for (const each of packer.leaves) {
    await executor.run(each === same ? queries.updateLeaf : queries.insertLeaf, { ...at, ...each });
  }
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
  const rows = leaves.map(({ token, entries }) => ({ orgKey, block, token, entries }));
  await executor.insertAll(queries.insertLeaf, rows);
}
