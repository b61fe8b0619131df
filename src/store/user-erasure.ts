/**
 * Deletes whatever names a user, table by table as `schema-registry.ts` says: first what hangs on the
 * user, then the user. A table whose rule is `keep` is left alone.
 */
import { sql } from 'kysely';
import type { User } from '../core/directory/user.ts';
import type { Scope } from './executor.ts';
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
  return [{ query: deletionFrom(table, onErase.by), byDigest }];
});

/** Removes the user and every row that names it or one of the digests; false where the user is gone already. */
export async function eraseUser(scope: Scope, user: User, digests: readonly string[]): Promise<boolean> {
  const { executor, counts } = scope;
  const { orgKey, id } = user;
  if ((await executor.first(lockUser, { orgKey, id })) === undefined) return false;
  for (const { query, byDigest } of deletions) {
    for (const name of byDigest ? digests : [id]) await executor.run(query, { orgKey, name });
  }
  const row = await executor.first(deleteUser, { orgKey, id });
  if (row === undefined) return false;
  counts.note({ orgKey, at: row, status: row.status, delta: -1 });
  return true;
}

function deletionFrom(table: string, column: string) {
  return rawStatement(
    (p: Binder<Named>) =>
      sql`delete from ${sql.table(table)} where org_key = ${p('orgKey')} and ${sql.ref(column)} = ${p('name')}`,
  );
}
