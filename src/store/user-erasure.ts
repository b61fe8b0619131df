/**
 * Deletes whatever names a user, table by table as `schema-registry.ts` says: first what hangs on the
 * user, then the user. A table whose rule is `keep` is left alone.
 */
import { sql } from 'kysely';
import type { User } from '../core/directory/user.ts';
import type { Kept, RemovedRows } from '../core/erasure/erasure.ts';
import type { OrgKey, UserId } from '../core/ids.ts';
import type { Executor, Scope } from './executor.ts';
import { type Content, tables } from './schema-registry.ts';
import { type Binder, build, rawStatement, statement } from './statement.ts';

type Named = { orgKey: number; name: string };

const lockUser = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build
    .selectFrom('users')
    .select('seq')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .forUpdate(),
);

const deleteUser = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build
    .deleteFrom('users')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .returning(['seq', 'created_at as createdAt', 'status']),
);

/** One deletion for each table but the users' own, by what its column holds. */
const deletions = Object.entries(tables).flatMap(([table, { columns, onErase }]) => {
  if (table === 'users' || onErase.do === 'keep') return [];
  const contents: Readonly<Record<string, Content>> = columns;
  const byDigest = contents[onErase.by] === 'digest';
  return [{ table, query: deletionFrom(table, onErase.by), byDigest }];
});

/** The tables of which rows stay that know a person by a bare id, or by what a provider gave. */
export const keptTables: readonly Kept[] = Object.entries(tables).flatMap(([table, { columns, onErase }]) => {
  const contents: readonly Content[] = Object.values(columns);
  const isAboutPeople = contents.some((content) => content === 'user' || content === 'grant');
  return onErase.do === 'keep' && isAboutPeople ? [{ table, why: onErase.why }] : [];
});

/** Removes the user and every row that names it or one of the digests; null where the user is gone already. */
export async function eraseUser(
  scope: Scope,
  user: User,
  digests: readonly string[],
): Promise<RemovedRows | null> {
  const { executor, counts } = scope;
  const { orgKey, id } = user;
  if ((await executor.first(lockUser, { orgKey, id })) === undefined) return null;
  const removed = await eraseHanging(executor, orgKey, { userId: id, digests });
  const row = await executor.first(deleteUser, { orgKey, id });
  if (row === undefined) return null;
  counts.note({ orgKey, at: row, status: row.status, delta: -1 });
  return { users: 1, ...removed };
}

/** Removes every row that names the user or one of the digests, but the user's own. */
export async function eraseHanging(
  executor: Executor,
  orgKey: OrgKey,
  { userId, digests }: { readonly userId: UserId; readonly digests: readonly string[] },
): Promise<RemovedRows> {
  const removed: Record<string, number> = {};
  for (const { table, query, byDigest } of deletions) {
    for (const name of byDigest ? digests : [userId]) {
      const rows = await executor.run(query, { orgKey, name });
      if (rows > 0) removed[table] = (removed[table] ?? 0) + rows;
    }
  }
  return removed;
}

function deletionFrom(table: string, column: string) {
  return rawStatement(
    (p: Binder<Named>) =>
      sql`delete from ${sql.table(table)} where org_key = ${p('orgKey')} and ${sql.ref(column)} = ${p('name')}`,
  );
}
