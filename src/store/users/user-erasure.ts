/**
 * Deletes every row that names a user, table by table as `personal-data.ts` says: first the rows of other tables, then
 * the user's own row. A table whose rule is `keep` is not changed.
 */
import { type RawBuilder, sql } from 'kysely';
import type { User } from '../../core/directory/user.ts';
import type { Kept, RemovedRows } from '../../core/erasure/erasure.ts';
import type { OrgKey, UserId } from '../../core/ids.ts';
import { type Content, tables } from '../schema/personal-data.ts';
import { placements } from '../schema/placement.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, build, rawStatement, statement } from '../sql/statement.ts';
import type { Scope } from './scope.ts';

type Named = { orgKey: number; name: string };

const deleteUser = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build
    .deleteFrom('users')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .returning(['seq', 'created_at as createdAt', 'status']),
);

/** A table other than the users' own, and the column by which erasure finds its rows. */
interface UserTable {
  readonly table: string;
  readonly by: string;
  readonly byDigest: boolean;
}

const userTables: readonly UserTable[] = Object.entries(tables).flatMap(([table, { columns, onErase }]) => {
  if (table === 'users' || onErase.do === 'keep') return [];
  const contents: Readonly<Record<string, Content>> = columns;
  return [{ table, by: onErase.by, byDigest: contents[onErase.by] === 'digest' }];
});

const byUser = userTables.filter(({ byDigest }) => !byDigest);
const byDigest = userTables.filter((each) => each.byDigest);
/** The tables whose rows are on the machine of the organization, so that one query can look into all of them. */
const isBesideUser = ({ table }: UserTable) => placements.get(table) === 'org_key';

/** Digests that are looked for together. Hardly a user has more. */
const digestsAtOnce = 4;

/** Most users have rows in few tables. One query finds these tables, and rows are deleted only there. */
const findTables = rawStatement(
  (p: Binder<{ orgKey: number; userId: string; one: string; two: string; three: string; four: string }>) => {
    const isThere = ({ table, by }: UserTable, names: RawBuilder<unknown>) =>
      sql`case when exists (
      select 1 from ${sql.table(table)} where org_key = ${p('orgKey')} and ${sql.ref(by)} in (${names})
    ) then 1 else 0 end as ${sql.ref(table)}`;
    return sql<Record<string, number>>`select ${sql.join([
      ...byUser.map((each) => isThere(each, sql`${p('userId')}`)),
      ...byDigest
        .filter(isBesideUser)
        .map((each) => isThere(each, sql`${p('one')}, ${p('two')}, ${p('three')}, ${p('four')}`)),
    ])}`;
  },
);
const deletions = new Map(userTables.map(({ table, by }) => [table, deletionFrom(table, by)]));

/** The tables whose rows stay although they name a person by a bare id or hold a grant of a provider. */
export const keptTables: readonly Kept[] = Object.entries(tables).flatMap(([table, { columns, onErase }]) => {
  const contents: readonly Content[] = Object.values(columns);
  const isAboutPeople = contents.some((content) => content === 'user' || content === 'grant');
  const isNamed = onErase.do === 'keep' && !('partOf' in onErase);
  return isNamed && isAboutPeople ? [{ table, why: onErase.why }] : [];
});

/**
 * Removes the user, whom the caller has locked, and every row that names the user or one of the digests; null where
 * the user is gone already.
 */
export async function eraseUser(
  scope: Scope,
  user: User,
  digests: readonly string[],
): Promise<RemovedRows | null> {
  const { executor, counts } = scope;
  const { orgKey, id } = user;
  const removed = await eraseRowsOfUser(executor, orgKey, { userId: id, digests });
  const row = await executor.first(deleteUser, { orgKey, id });
  if (row === undefined) return null;
  counts.note({ orgKey, at: row, status: row.status, delta: -1 });
  return { users: 1, ...removed };
}

/** Removes every row that names the user or one of the digests, except the user's own row. */
export async function eraseRowsOfUser(
  executor: Executor,
  orgKey: OrgKey,
  { userId, digests }: { readonly userId: UserId; readonly digests: readonly string[] },
): Promise<RemovedRows> {
  const removed: Record<string, number> = {};
  const erase = async (
    tables: readonly UserTable[],
    names: readonly string[],
    found: Record<string, number>,
  ) => {
    for (const { table } of tables) {
      const deletion = deletions.get(table);
      if (deletion === undefined || found[table] === 0) continue;
      for (const name of names) {
        const rows = await executor.run(deletion, { orgKey, name });
        if (rows > 0) removed[table] = (removed[table] ?? 0) + rows;
      }
    }
  };
  for (let at = 0; at === 0 || at < digests.length; at += digestsAtOnce) {
    const names = digests.slice(at, at + digestsAtOnce);
    // No digest is an empty text.
    const [one = '', two = '', three = '', four = ''] = names;
    const found = (await executor.first(findTables, { orgKey, userId, one, two, three, four })) ?? {};
    if (at === 0) await erase(byUser, [userId], found);
    await erase(byDigest, names, found);
  }
  return removed;
}

function deletionFrom(table: string, column: string) {
  return rawStatement(
    (p: Binder<Named>) =>
      sql`delete from ${sql.table(table)} where org_key = ${p('orgKey')} and ${sql.ref(column)} = ${p('name')}`,
  );
}
