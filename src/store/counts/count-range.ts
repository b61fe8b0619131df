/** Reads the users of a range of the order, and counts them by status. */
import type { UserStatus } from '../../core/directory/user.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import { type CountEntry, endKey, firstKey, noCounts, type SortKey } from './count-node.ts';

/** The position of a user, and the status under which it is counted. */
export interface RangeUser extends SortKey {
  readonly status: UserStatus;
}

/** Both ends are compared as pairs, so the index finds the first row directly and the read stops after the last. */
const selectRange = statement(
  (
    p: Binder<{
      orgKey: number;
      fromCreatedAt: number;
      fromSeq: number;
      toCreatedAt: number;
      toSeq: number;
      limit: number;
    }>,
  ) =>
    build
      .selectFrom('users')
      .select(['created_at as createdAt', 'seq', 'status'])
      .where('org_key', '=', p('orgKey'))
      .where((row) =>
        row(row.refTuple('created_at', 'position'), '>=', row.tuple(p('fromCreatedAt'), p('fromSeq'))),
      )
      .where((row) =>
        row(row.refTuple('created_at', 'position'), '<', row.tuple(p('toCreatedAt'), p('toSeq'))),
      )
      .orderBy('created_at')
      .orderBy('position')
      .limit(p('limit')),
);

/** The users from position `from` up to position `to`, which is not included. */
export function usersBetween(
  executor: Executor,
  orgKey: OrgKey,
  from: SortKey,
  to: SortKey,
  limit = Number.MAX_SAFE_INTEGER,
): Promise<RangeUser[]> {
  return executor.rows(selectRange, {
    orgKey,
    fromCreatedAt: from.createdAt,
    fromSeq: from.seq,
    toCreatedAt: to.createdAt,
    toSeq: to.seq,
    limit,
  });
}

/** All users of an organization, in batches of `batch` users; only the last batch is shorter. */
export async function* usersInOrder(
  executor: Executor,
  orgKey: OrgKey,
  batch: number,
): AsyncGenerator<RangeUser[]> {
  let from = firstKey;
  for (;;) {
    const users = await usersBetween(executor, orgKey, from, endKey, batch);
    const last = users.at(-1);
    if (last === undefined) return;
    yield users;
    from = { createdAt: last.createdAt, seq: last.seq + 1 };
  }
}

/** The range that begins at `from` (null: at its first user) and contains these users. */
export function rangeOf(users: readonly RangeUser[], from: SortKey | null): CountEntry {
  const [first = firstKey] = users;
  const range = emptyRange(from ?? { createdAt: first.createdAt, seq: first.seq });
  for (const { status } of users) range.counts[status]++;
  return range;
}

/** A range without users, such as the first range of a new organization. */
export function emptyRange(from: SortKey): CountEntry {
  return { from, counts: noCounts(), child: 0 };
}
