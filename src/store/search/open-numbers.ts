/**
 * Which users are in no search block yet. A block stays within one range of numbers (`number-range.ts`), so each range may have some
 * users above its last block.
 */
import type { OrgKey } from '../../core/ids.ts';
import type { SearchWork } from '../../core/search/user-search-store.ts';
import { endOfRange, startOfRange } from '../schema/number-range.ts';
import type { Executor } from '../sql/executor.ts';
import * as queries from './search-queries.ts';

/** Numbers between two ends, without these, that no block has: they are above the last block of their range. */
export interface OpenNumbers {
  readonly after: number;
  readonly before: number;
}

/** The numbers that no block has, the highest first. They may reach over several ranges. On one server there is one such part. */
export async function* openNumbers(executor: Executor, orgKey: OrgKey): AsyncGenerator<OpenNumbers> {
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const [block] = await executor.rows(queries.selectBlocks, { orgKey, before, limit: 1 });
    const after = block?.last ?? 0;
    yield { after, before };
    before = startOfRange(after);
    if (before === 0) return;
  }
}

/** The next users of one range who are in no block. */
export interface NextUsers {
  readonly after: number;
  readonly last: number;
  readonly users: number;
}

/** The next `limit` users of a range who are in no block; of the range with the most of them where each has fewer. */
export async function findNextUsers(executor: Executor, orgKey: OrgKey, limit: number): Promise<NextUsers> {
  let most: NextUsers = { after: 0, last: 0, users: 0 };
  const find = async (after: number, before: number, count: number): Promise<NextUsers> => {
    const found = await executor.first(queries.selectNextUsers, { orgKey, after, before, limit: count });
    return { after, last: found?.last ?? 0, users: Number(found?.users ?? 0) };
  };
  for await (const { after, before } of openNumbers(executor, orgKey)) {
    for (let from = after; ; ) {
      const end = endOfRange(from + 1);
      const next = await find(from, Math.min(end, before), limit);
      if (next.users > most.users) most = next;
      if (most.users >= limit) return most;
      if (end >= before) break;
      const beyond = await find(end - 1, before, 1);
      if (beyond.users === 0) break;
      from = startOfRange(beyond.last) - 1;
    }
  }
  return most;
}

/** How far the blocks of an organization are, and whether a block of so many users is due. On one server it is one statement. */
export async function surveyOrganization(
  executor: Executor,
  orgKey: OrgKey,
  blockUsers: number,
): Promise<SearchWork> {
  const work = await executor.first(queries.selectWork, { orgKey, blockUsers });
  const newest = work?.newest ?? 0;
  const waiting =
    startOfRange(newest) === 0
      ? Number(work?.waiting ?? 0)
      : (await findNextUsers(executor, orgKey, blockUsers)).users;
  return { orgKey, newest, sealed: work?.sealed ?? 0, isDue: waiting >= blockUsers };
}
