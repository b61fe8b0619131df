/**
 * Walks the search blocks of an organization from the newest to the oldest, and gives the numbers of the users who have
 * all of some tokens. Of many tokens it uses a few: of each word the one that the newest block has least often, and two of
 * a single word. What the others would rule out, the caller rules out by the search text.
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

/** Gives the users of one block at a time, the newest first. */
export async function* walkBlocks(
  view: Executor,
  orgKey: OrgKey,
  sets: readonly TokenSet[],
): AsyncGenerator<readonly number[]> {
  const tokens = await chooseTokens(view, orgKey, sets);
  if (tokens.length === 0) return;
  for (let before = Number.MAX_SAFE_INTEGER, limit = firstBlocks; ; limit = Math.min(4 * limit, blocksMax)) {
    const leaves = await Promise.all(
      tokens.map((token) => view.rows(queries.selectLeaves, { orgKey, before, limit, token })),
    );
    const [blocks = []] = leaves;
    for (const [at, { block }] of blocks.entries()) {
      const users = inAll(tokens.map((token, index) => usersIn(leaves[index]?.[at], block, token)));
      if (users.length > 0) yield users.map((user) => block + user).reverse();
    }
    const last = blocks.at(-1);
    if (last === undefined || blocks.length < limit) return;
    before = last.block;
    await setImmediate();
  }
}

type LeafRow = { readonly block: number; readonly entries: Uint8Array | null };

/** A function, because a list that is not needed is not decoded. Between two statements the blocks may have been joined. */
function usersIn(row: LeafRow | undefined, block: number, token: number): () => readonly number[] | null {
  return () => {
    if (row?.block !== block) return null;
    return row.entries === null ? [] : usersOf(row.entries, token);
  };
}

/** The tokens to use, the rarest first. */
async function chooseTokens(
  view: Executor,
  orgKey: OrgKey,
  sets: readonly TokenSet[],
): Promise<readonly number[]> {
  const each = sets.length === 1 ? 2 : 1;
  const chosen = await Promise.all(
    sets.map(async (set) => (await countAll(view, orgKey, set)).slice(0, each)),
  );
  const counted = new Map(chosen.flat().map(({ token, users }) => [token, users]));
  return [...counted]
    .sort(([, left], [, right]) => left - right)
    .slice(0, usedMax)
    .map(([token]) => token);
}

/** How many users of the newest block have each token, the rarest first. */
async function countAll(view: Executor, orgKey: OrgKey, set: TokenSet) {
  const distinct = [...new Set(set)];
  const count = Math.min(distinct.length, probedMax);
  const probed = Array.from(
    { length: count },
    (_, at) => distinct[Math.floor((at * distinct.length) / count)] ?? 0,
  );
  const newest = { orgKey, before: Number.MAX_SAFE_INTEGER, limit: 1 };
  const counted = await Promise.all(
    probed.map(async (token) => {
      const [leaf] = await view.rows(queries.selectLeaves, { ...newest, token });
      const entries = leaf?.entries ?? null;
      return { token, users: entries === null ? 0 : usersOf(entries, token).length };
    }),
  );
  return counted.sort((left, right) => left.users - right.users);
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
