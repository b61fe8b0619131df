/**
 * Compares search blocks with the users that they are about, and builds wrong ones anew. Users with a noted change are left
 * out, and so are the former users of erasures that have not searched yet: a block may still know them.
 */
import { sql } from 'kysely';
import type { SearchReport } from '../../core/deployment/maintenance.ts';
import type { OrgKey } from '../../core/ids.ts';
import { searchTextOf } from '../../core/search/folding.ts';
import type { Executor } from '../sql/executor.ts';
import { rawStatement } from '../sql/statement.ts';
import { buildLeaves } from './block-builder.ts';
import { lockBlocks, rebuildBlock } from './block-changes.ts';
import { type PackedLeaf, unpackLeaf } from './search-leaf.ts';
import type { BlockRow } from './search-queries.ts';
import * as queries from './search-queries.ts';

const selectNoted = rawStatement<{ orgKey: number; after: number; last: number }, { seq: number }>(
  (p) => sql`select seq from search_changes
    where org_key = ${p('orgKey')} and seq > ${p('after')} and seq <= ${p('last')}`,
);

/** Of any organization: only its due erasures have an index. */
const selectUnsearched = rawStatement(
  () => sql<{ id: string }>`select id from erasures
    where state in ('running', 'overdue') and sealed_traces is not null order by due_at limit 1`,
);

/** The database in which blocks are checked and built. */
export interface SearchDatabase {
  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T>;
  change<T>(work: (scope: { readonly executor: Executor }) => Promise<T>): Promise<T>;
}

/** Checks each block in a snapshot of its own. With `repairs` it builds wrong blocks anew, each in a transaction. */
export async function checkSearch(
  at: SearchDatabase,
  orgKey: OrgKey,
  { repairs }: { readonly repairs: boolean },
): Promise<SearchReport> {
  let [blocks, wrong, repaired] = [0, 0, 0];
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const here = before;
    const found = await at.snapshot(async (view) => {
      const [block] = await view.rows(queries.selectBlocks, { orgKey, before: here, limit: 1 });
      if (block === undefined) return null;
      return { block, isRight: block.last < here && (await isRight(view, orgKey, block)) };
    });
    if (found === null) return { blocks, wrong, isRepaired: repaired === wrong };
    const { block } = found;
    before = block.first;
    blocks++;
    if (found.isRight) continue;
    wrong++;
    if (!repairs) continue;
    await at.change(async ({ executor }) => {
      await lockBlocks(executor, orgKey);
      await rebuildBlock(executor, orgKey, block);
    });
    if (await at.snapshot((view) => isRight(view, orgKey, block))) repaired++;
  }
}

async function isRight(view: Executor, orgKey: OrgKey, { first, last }: BlockRow): Promise<boolean> {
  const range = { orgKey, after: first - 1, last };
  const rows = await view.bulkRows(queries.selectRange, range);
  const leaves = await view.bulkRows(queries.selectAllLeaves, { orgKey, block: first });
  const noted = new Set((await view.rows(selectNoted, range)).map(({ seq }) => seq - first));
  const present = new Set(rows.map(({ seq }) => seq - first));
  const mayHaveFormer = (await view.first(selectUnsearched, {})) !== undefined;
  const isCompared = (user: number): boolean => !noted.has(user) && (present.has(user) || !mayHaveFormer);
  const wanted = buildLeaves(rows.map((row) => ({ at: row.seq - first, text: searchTextOf(row) })));
  const differences = differencesOf(wanted, leaves, isCompared);
  return differences.next().done === true;
}

/** The tokens whose users differ. */
function* differencesOf(
  wanted: readonly PackedLeaf[],
  stored: readonly PackedLeaf[],
  isCompared: (user: number) => boolean,
): Generator<number> {
  const rest = usersByToken(stored, isCompared);
  for (const [token, users] of usersByToken(wanted, isCompared)) {
    if (rest.get(token) !== users) yield token;
    rest.delete(token);
  }
  yield* rest.keys();
}

/** As texts, so that they can be compared. A token without users is left out. */
function usersByToken(
  leaves: readonly PackedLeaf[],
  isCompared: (user: number) => boolean,
): Map<number, string> {
  const byToken = new Map<number, string>();
  for (const { entries } of leaves) {
    for (const { token, users } of unpackLeaf(entries)) {
      const compared = users.filter(isCompared);
      if (compared.length > 0) byToken.set(token, compared.join());
    }
  }
  return byToken;
}
