/** The statement that inserts a user, and its values. Both take the columns from the list in `core/directory/user.ts`. */
import type { RawBuilder } from 'kysely';
import { derivedOf, type NewUser, type User, userColumnNames } from '../../core/directory/user.ts';
import type { OrgKey } from '../../core/ids.ts';
import { toFlag } from '../schema/flag.ts';
import { tableColumns } from '../schema/user-table.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import { canonicalOf, flagColumns, type UserRow } from './user-row.ts';

/** A row as an insert writes it, by the names of a user's columns. */
export type InsertValues = UserRow & { readonly emailCanonical: string | null };

/**
 * Adds a user unless a unique key is taken; the store finds out afterwards which one it is. The conflict leaves the
 * transaction usable, also in a database where an error would end it.
 */
export const insertUser = statement((p: Binder<InsertValues>) =>
  build
    .insertInto('users')
    .values({ ...everyColumn(p), email_canonical: p('emailCanonical') })
    .onConflict((conflict) => conflict.doNothing()),
);

/** The values of the insert, named as the columns of a user. */
function everyColumn(p: Binder<InsertValues>) {
  const values = userColumnNames.map((name) => [tableColumns[name], p(name)] as const);
  return Object.fromEntries(values) as {
    [F in keyof User as (typeof tableColumns)[F]]: RawBuilder<InsertValues[F]>;
  };
}

/** A new user as it is once it is stored. */
export function storedUser(user: NewUser, orgKey: OrgKey): User {
  return { ...user, ...derivedOf(user), orgKey };
}

/** The values of an insert. An import comes here for each row: two copies of the user are all it may cost. */
export function toInsertValues(user: User, appKey: number): InsertValues {
  const values: Record<string, unknown> = { ...user, appId: appKey, emailCanonical: canonicalOf(user.email) };
  for (const name of flagColumns) values[name] = toFlag(user[name] === true);
  return values as InsertValues;
}
