/**
 * Notes which users have a search text that their search block does not know (decision 0031). It is written in the
 * transaction that changes the user. The job of the search brings the block up to date and deletes the note.
 */
import { sql } from 'kysely';
import type { User, UserChanges } from '../../core/directory/user.ts';
import type { OrgKey } from '../../core/ids.ts';
import { searchedFields, searchTextOf } from '../../core/search/folding.ts';
import { endOfRange } from '../schema/number-range.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, build, rawStatement, statement } from '../sql/statement.ts';

type Change = { orgKey: number; userId: string; seq: number; formerText: string };

/** The first note stays, because the block knows the text of before it. Writing it again locks it against the job. */
const noteChange = statement((p: Binder<Change>) =>
  build
    .insertInto('search_changes')
    .values({ org_key: p('orgKey'), user_id: p('userId'), seq: p('seq'), former_text: p('formerText') })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'user_id']).doUpdateSet((row) => ({ seq: row.ref('excluded.seq') })),
    ),
);

/** The last number in the last block that begins before a number. */
const selectSealed = statement((p: Binder<{ orgKey: number; before: number }>) =>
  build
    .selectFrom('search_blocks')
    .select('last_seq as sealed')
    .where('org_key', '=', p('orgKey'))
    .where('first_seq', '<', p('before'))
    .orderBy('first_seq', 'desc')
    .limit(1),
);

const noteLate = rawStatement(
  (p: Binder<{ orgKey: number; seq: number }>) => sql`
    insert into search_changes (org_key, user_id, seq, former_text)
      select org_key, id, seq, '' from users where org_key = ${p('orgKey')} and position = ${p('seq')}
      on conflict do nothing`,
);

/** Notes a change of a user with the number `seq`, if it gives the user another search text. */
export async function noteSearchChange(
  executor: Executor,
  before: User,
  changes: UserChanges,
  seq: number,
): Promise<void> {
  if (!searchedFields.some((field) => changes[field] !== undefined && changes[field] !== before[field]))
    return;
  const values = { orgKey: before.orgKey, userId: before.id, seq, formerText: searchTextOf(before) };
  await executor.insertDeferred(noteChange, values);
}

/**
 * Notes new users with a number below that of the last search block of their range, which it cannot have. On PostgreSQL a lower
 * number may be committed later. The caller holds the lock of the user counts, without which no block is built.
 */
export async function noteLateUsers(
  executor: Executor,
  orgKey: OrgKey,
  seqs: readonly number[],
): Promise<void> {
  for (const before of new Set(seqs.map(endOfRange))) {
    const last = await executor.first(selectSealed, { orgKey, before });
    if (last === undefined) continue;
    const late = seqs.filter((seq) => seq <= last.sealed && endOfRange(seq) === before);
    await Promise.all(late.map((seq) => executor.run(noteLate, { orgKey, seq })));
  }
}
