/**
 * Walks the search blocks of an organization from the newest to the oldest, and gives the numbers of the users who have
 * all of some tokens. Of many tokens it uses the two that the newest block has least often; what the others would rule
 * out, the caller rules out by the search text.
 */
import { setImmediate } from 'node:timers/promises';
import type { OrgKey } from '../../core/ids.ts';
import type { TokenSet } from '../../core/search/search-query.ts';
import type { Executor } from '../sql/executor.ts';
import { usersOf } from './search-leaf.ts';
import * as queries from './search-queries.ts';

/** Blocks that are read together; between two readings other work may run. */
const blocksAtOnce = 64;
/** So many tokens are looked at to choose two of them. */
const probedMax = 8;

export async function* walkBlocks(
  view: Executor,
  orgKey: OrgKey,
  tokens: TokenSet,
): AsyncGenerator<readonly number[]> {
  const [one, other] = await chooseTokens(view, orgKey, tokens);
  if (one === undefined) return;
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const values = { orgKey, before, limit: blocksAtOnce };
    const [ones, others] = await Promise.all([
      view.rows(queries.selectLeaves, { ...values, token: one }),
      other === undefined ? [] : view.rows(queries.selectLeaves, { ...values, token: other }),
    ]);
    const seqs: number[] = [];
    for (const [at, { block, entries }] of ones.entries()) {
      const users = entries === null ? [] : usersOf(entries, one);
      if (users.length === 0) continue;
      const others_ = others[at];
      const both =
        other === undefined || others_ === undefined
          ? users
          : inBoth(users, others_.entries === null ? [] : usersOf(others_.entries, other));
      for (let index = both.length - 1; index >= 0; index--) seqs.push(block + (both[index] ?? 0));
    }
    if (seqs.length > 0) yield seqs;
    const last = ones.at(-1);
    if (last === undefined || ones.length < blocksAtOnce) return;
    before = last.block;
    await setImmediate();
  }
}

async function chooseTokens(view: Executor, orgKey: OrgKey, tokens: TokenSet): Promise<readonly number[]> {
  const distinct = [...new Set(tokens)];
  const step = Math.max(1, distinct.length / probedMax);
  const probed = Array.from(
    { length: Math.min(distinct.length, probedMax) },
    (_, at) => distinct[Math.floor(at * step)] ?? 0,
  );
  if (probed.length <= 2) return probed;
  const newest = { orgKey, before: Number.MAX_SAFE_INTEGER, limit: 1 };
  const counted = await Promise.all(
    probed.map(async (token) => {
      const [leaf] = await view.rows(queries.selectLeaves, { ...newest, token });
      return {
        token,
        users: leaf === undefined || leaf.entries === null ? 0 : usersOf(leaf.entries, token).length,
      };
    }),
  );
  return counted
    .sort((left, right) => left.users - right.users)
    .slice(0, 2)
    .map(({ token }) => token);
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
