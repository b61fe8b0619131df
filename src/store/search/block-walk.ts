/**
 * Walks the search blocks of an organization from the newest to the oldest, and gives the numbers of the users who have
 * all of some tokens. Of many tokens it uses a few, which it chooses again for each reading: of each word the one that the next
 * block has least often, and two of a single word. What the others would rule out, the caller rules out by the search text.
 */
import { setImmediate } from 'node:timers/promises';
import type { OrgKey } from '../../core/ids.ts';
import type { TokenSet } from '../../core/search/search-query.ts';
import type { Executor } from '../sql/executor.ts';
import { usersOf } from './search-leaf.ts';
import * as queries from './search-queries.ts';

/** Blocks that are read together, at first and at most; between two readings other work may run. */
const firstBlocks = 4;
const blocksMax = 64;
/** So many tokens of a word are looked at to choose one of them, and so many tokens are used in all. */
const probedMax = 8;
const usedMax = 4;
/** Where the used tokens leave more users of a block, others are read there too. */
const manyUsers = 64;

/** Gives the users of one block at a time, the newest first. */
export async function* walkBlocks(
  view: Executor,
  orgKey: OrgKey,
  sets: readonly TokenSet[],
): AsyncGenerator<readonly number[]> {
  for (let before = Number.MAX_SAFE_INTEGER, limit = firstBlocks; ; limit = Math.min(4 * limit, blocksMax)) {
    // Ids are often given in order, so what is rare in one block may be what all users of another one have.
    const tokens = await chooseTokens(view, { orgKey, before }, sets);
    const [rarest, ...others] = tokens;
    if (rarest === undefined) return;
    const unused = sets.flatMap(probedOf).filter((token) => !tokens.includes(token));
    const read = (token: number) => view.rows(queries.selectLeaves, { orgKey, before, limit, token });
    const blocks = await read(rarest);
    const found = blocks.map((row) => usersIn(row, row.block, rarest)() ?? []);
    // Where no block has the rarest token, the others are not read.
    const leaves = found.some(({ length }) => length > 0) ? await Promise.all(others.map(read)) : [];
    for (const [at, { block }] of blocks.entries()) {
      const users = inAll([
        () => found[at] ?? [],
        ...leaves.map((rows, index) => usersIn(rows[at], block, others[index] ?? 0)),
      ]);
      const fewer = users.length > manyUsers ? await narrow(view, { orgKey, block }, users, unused) : users;
      if (fewer.length > 0) yield fewer.map((user) => block + user).reverse();
    }
    const last = blocks.at(-1);
    if (last === undefined || blocks.length < limit) return;
    before = last.block;
    await setImmediate();
  }
}

/** The users who also have the other tokens, which are read until few users are left. */
async function narrow(
  view: Executor,
  at: { readonly orgKey: OrgKey; readonly block: number },
  users: readonly number[],
  tokens: readonly number[],
): Promise<readonly number[]> {
  let left = users;
  for (const token of tokens) {
    if (left.length <= manyUsers) break;
    const leaf = await view.first(queries.selectLeaf, { ...at, token });
    left = inBoth(left, leaf === undefined ? [] : usersOf(leaf.entries, token));
  }
  return left;
}

type LeafRow = { readonly block: number; readonly entries: Uint8Array | null };

/** A function, because a list that is not needed is not decoded. Between two statements the blocks may have been joined. */
function usersIn(row: LeafRow | undefined, block: number, token: number): () => readonly number[] | null {
  return () => {
    if (row?.block !== block) return null;
    return row.entries === null ? [] : usersOf(row.entries, token);
  };
}

/** Where the next blocks of a walk are. */
interface Place {
  readonly orgKey: OrgKey;
  readonly before: number;
}

/** The tokens to use, the rarest first. */
async function chooseTokens(
  view: Executor,
  place: Place,
  sets: readonly TokenSet[],
): Promise<readonly number[]> {
  const [first, second] = sets;
  // There is nothing to choose.
  if (first?.length === 1 && second === undefined) return first;
  const each = sets.length === 1 ? 2 : 1;
  const chosen = await Promise.all(
    sets.map(async (set) => (await countAll(view, place, set)).slice(0, each)),
  );
  const counted = new Map(chosen.flat().map(({ token, users }) => [token, users]));
  return [...counted]
    .sort(([, left], [, right]) => left - right)
    .slice(0, usedMax)
    .map(([token]) => token);
}

/** How many users of the next block have each token, the rarest first. */
async function countAll(view: Executor, place: Place, set: TokenSet) {
  const counted = await Promise.all(
    probedOf(set).map(async (token) => {
      const [leaf] = await view.rows(queries.selectLeaves, { ...place, limit: 1, token });
      const entries = leaf?.entries ?? null;
      return { token, users: entries === null ? 0 : usersOf(entries, token).length };
    }),
  );
  return counted.sort((left, right) => left.users - right.users);
}

/** Some tokens of a word, from all its parts. */
function probedOf(set: TokenSet): readonly number[] {
  const distinct = [...new Set(set)];
  const count = Math.min(distinct.length, probedMax);
  return Array.from({ length: count }, (_, at) => distinct[Math.floor((at * distinct.length) / count)] ?? 0);
}

/** The users of all lists. A list that is null says nothing, and rules no one out. */
function inAll(lists: readonly (() => readonly number[] | null)[]): readonly number[] {
  let users: readonly number[] | null = null;
  for (const list of lists) {
    if (users?.length === 0) return users;
    const others = list();
    if (others !== null) users = users === null ? others : inBoth(users, others);
  }
  return users ?? [];
}

function inBoth(left: readonly number[], right: readonly number[]): number[] {
  const both: number[] = [];
  for (let at = 0, other = 0; at < left.length && other < right.length; ) {
    const difference = (left[at] ?? 0) - (right[other] ?? 0);
    if (difference === 0) both.push(left[at] ?? 0);
    if (difference <= 0) at++;
    if (difference >= 0) other++;
  }
  return both;
}
