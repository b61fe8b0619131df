/**
 * Deletes every row that names a user, table by table as `personal-data.ts` says: first the rows of other tables, then
 * the user's own row. A table whose rule is `keep` is not changed.
 */
import { type RawBuilder, sql } from 'kysely';
import type { User } from '../../core/directory/user.ts';
import type { Kept, PersonDigests, RemovedRows } from '../../core/erasure/erasure.ts';
import type { OrgKey } from '../../core/ids.ts';
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

/** Whether the rows are on the machine of the organization, so that one query can look into all such tables. */
const isBesideUser = ({ table }: UserTable) => placements.get(table) === 'org_key';

const byUser = userTables.filter((each) => !each.byDigest && isBesideUser(each));
const byDigest = userTables.filter((each) => each.byDigest && isBesideUser(each));
const elsewhere = userTables.filter((each) => !isBesideUser(each));

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
      ...byDigest.map((each) => isThere(each, sql`${p('one')}, ${p('two')}, ${p('three')}, ${p('four')}`)),
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

/** The tables beside the user that have rows which name the user or one of the digests. Its queries are sent together. */
export async function findTablesOf(
  executor: Executor,
  orgKey: OrgKey,
  { userId, digests }: Trace,
): Promise<ReadonlySet<string>> {
  const queries: Promise<Record<string, number> | undefined>[] = [];
  for (let at = 0; at === 0 || at < digests.length; at += digestsAtOnce) {
    // No digest is an empty text.
    const [one = '', two = '', three = '', four = ''] = digests.slice(at, at + digestsAtOnce);
    queries.push(executor.first(findTables, { orgKey, userId, one, two, three, four }));
  }
  const found = (await Promise.all(queries)).flatMap((row) => Object.entries(row ?? {}));
  return new Set(found.flatMap(([table, isThere]) => (isThere === 1 ? [table] : [])));
}

/** What the rows beside a user are found by. */
type Trace = Omit<PersonDigests, 'destinations'>;

/**
 * Removes the user, whom the caller has locked, and the rows beside it that name the user or one of the digests; null where
 * the user is gone already. `tables` are those that `findTablesOf` has found in this transaction. What lies elsewhere is left
 * to the erasure that the deletion begins: a machine that is away must not refuse the deletion.
 */
export async function eraseUser(
  scope: Scope,
  user: User,
  digests: readonly string[],
  tables: ReadonlySet<string>,
): Promise<RemovedRows | null> {
  const { executor, counts } = scope;
  const { orgKey, id } = user;
  const removed = await eraseBesideUser(executor, orgKey, { userId: id, digests }, tables);
  const row = await executor.first(deleteUser, { orgKey, id });
  if (row === undefined) return null;
  counts.note({ orgKey, at: row, status: row.status, delta: -1 });
  return { users: 1, ...removed };
}

/** Removes every row that names the user or one of the digests, except the user's own row. */
export async function eraseRowsOfUser(
  executor: Executor,
  orgKey: OrgKey,
  trace: PersonDigests,
): Promise<RemovedRows> {
  const [far, tables] = await Promise.all([
    eraseElsewhere(executor, orgKey, trace.destinations),
    findTablesOf(executor, orgKey, trace),
  ]);
  return { ...(await eraseBesideUser(executor, orgKey, trace, tables)), ...far };
}

async function eraseBesideUser(
  executor: Executor,
  orgKey: OrgKey,
  { userId, digests }: Trace,
  tables: ReadonlySet<string>,
): Promise<RemovedRows> {
  const removed: Record<string, number> = {};
  for (const { table } of byUser)
    if (tables.has(table)) await erase(executor, orgKey, table, [userId], removed);
  for (const { table } of byDigest)
    if (tables.has(table)) await erase(executor, orgKey, table, digests, removed);
  return removed;
}

async function eraseElsewhere(
  executor: Executor,
  orgKey: OrgKey,
  destinations: readonly string[],
): Promise<RemovedRows> {
  const removed: Record<string, number> = {};
  await Promise.all(elsewhere.map(({ table }) => erase(executor, orgKey, table, destinations, removed)));
  return removed;
}

/** Removes the rows of a table with these names, and counts them. */
async function erase(
  executor: Executor,
  orgKey: OrgKey,
  table: string,
  names: readonly string[],
  removed: Record<string, number>,
): Promise<void> {
  const deletion = deletions.get(table);
  if (deletion === undefined) return;
  const rows = await Promise.all(names.map((name) => executor.run(deletion, { orgKey, name })));
  const sum = rows.reduce((left, right) => left + right, 0);
  if (sum > 0) removed[table] = sum;
}

function deletionFrom(table: string, column: string) {
  return rawStatement(
    (p: Binder<Named>) =>
      sql`delete from ${sql.table(table)} where org_key = ${p('orgKey')} and ${sql.ref(column)} = ${p('name')}`,
  );
}
