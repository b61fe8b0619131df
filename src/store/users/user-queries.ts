/**
 * The queries that find whole users for a change, and the locks of a change. Each leads with the organization and
 * follows one index. The queries that show users are in `user-page-queries.ts`.
 */
import { type Compilable, type SelectQueryBuilder, sql } from 'kysely';
import type { Database } from '../schema/tables.ts';
import { type Binder, build, type Statement, statement, type Values } from '../sql/statement.ts';
import { columnsOf, type UserRow, wholeUser } from './user-row.ts';

export type Tenant = { orgKey: number };
export type OfApp = { appKey: number };
type ById = Tenant & { id: string };
type ByNumber = Tenant & { number: number };
type Users = SelectQueryBuilder<Database, 'users', unknown>;

const users = (p: Binder<Tenant>) =>
  build.selectFrom('users').select(columnsOf(wholeUser.fields)).where('org_key', '=', p('orgKey'));

/** One user, locked against other changes. */
export const lock = oneOf<UserRow>((p) => users(p).forUpdate());

export const updateLogin = statement((p: Binder<ById & { at: number }>) =>
  build
    .updateTable('users')
    .set({ last_login_at: p('at') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

export const selectByEmail = rowsOf<Tenant & { email: string }, UserRow>((p) =>
  users(p).where('email_canonical', '=', p('email')),
);

/** Along the index of the requests of all organizations: the operator asks seldom, and a request lasts for days. */
export const selectByRequestedEmail = rowsOf<Tenant & { one: string; two: string; three: string }, UserRow>(
  (p) =>
    users(p)
      .where('email_requested_at', '>', 0)
      .where(sql<string>`lower(requested_email)`, 'in', [p('one'), p('two'), p('three')])
      .orderBy('email_requested_at')
      .orderBy('seq'),
);

export const selectByExternalId = rowsOf<Tenant & OfApp & { externalId: string }, UserRow>((p) =>
  users(p).where('external_id', '=', p('externalId')).where('app_key', '=', p('appKey')),
);

/**
 * A change that may take an admin away locks the organization. With locks of the admins' own rows, two changes could
 * wait for each other.
 */
export const lockOrganization = statement(
  (p: Binder<Tenant>) =>
    build.selectFrom('organizations').select('seq').where('org_key', '=', p('orgKey')).forNoKeyUpdate(),
  { locksShared: true },
);

/** An organization has few active admins. */
export const selectActiveAdmins = statement((p: Binder<Tenant>) =>
  build
    .selectFrom('users')
    .select('seq')
    .where('org_key', '=', p('orgKey'))
    .where('role', '=', sql.lit('admin'))
    .where('status', '=', 'active'),
);

/** The statements that find one user among the rows of `users`: in the organization, or in one of its apps. */
export function oneOf<R>(users: (p: Binder<Tenant>) => Users) {
  const byId = (p: Binder<ById>) => users(p).where('id', '=', p('id'));
  const byNumber = (p: Binder<ByNumber>) => users(p).where('number', '=', p('number'));
  return {
    byId: rowsOf<ById, R>(byId),
    byNumber: rowsOf<ByNumber, R>(byNumber),
    byIdInApp: rowsOf<ById & OfApp, R>((p) => byId(p).where('app_key', '=', p('appKey'))),
    byNumberInApp: rowsOf<ByNumber & OfApp, R>((p) => byNumber(p).where('app_key', '=', p('appKey'))),
  };
}

export type FindOne<R> = ReturnType<typeof oneOf<R>>;

/** A statement whose rows are `R`. Kysely cannot derive this type, because the columns differ from view to view. */
export function rowsOf<P extends Values, R>(query: (p: Binder<P>) => Compilable): Statement<P, R> {
  return statement(query) as Statement<P, R>;
}
