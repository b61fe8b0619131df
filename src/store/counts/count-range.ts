/** Ranges of the order of users: the users themselves, in order, and their numbers. */
import type { UserStatus } from '../../core/directory/user.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import { type CountEntry, endKey, firstKey, type SortKey } from './count-node.ts';

/** Where a user stands, and as what it counts. */
export interface RangeUser extends SortKey {
  readonly status: UserStatus;
}

/** Both ends are compared as pairs, so the index gives the first row at once and stops after the last. */
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

/** The users from one place up to another, that one not included. */
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

/** All users of an organization, `batch` at a time; only the last batch is shorter. */
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

/** The range that begins at `from` (null: at its first user) and has these users. */
export function rangeOf(users: readonly RangeUser[], from: SortKey | null): CountEntry {
  const [first = firstKey] = users;
  const range = emptyRange(from ?? { createdAt: first.createdAt, seq: first.seq });
  for (const { status } of users) range.counts[status]++;
  return range;
}

/** A range without users, as the first one of an organization is. */
export function emptyRange(from: SortKey): CountEntry {
  return { from, counts: { pending: 0, active: 0, inactive: 0 }, child: 0 };
}
