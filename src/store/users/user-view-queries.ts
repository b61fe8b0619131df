/**
 * The queries that show users, each for one view of them: one user, and lists in their orders. Each leads with the
 * organization and follows one index.
 */
import type { Compilable, SelectQueryBuilder } from 'kysely';
import type { User, UserStatus } from '../../core/directory/user.ts';
import type { UserCursor } from '../../core/directory/user-store.ts';
import type { UserView } from '../../core/directory/user-view.ts';
import type { Database } from '../schema/tables.ts';
import { type Binder, build, type Statement, statement, type Values } from '../sql/statement.ts';
import { columnsOf, UserReader, type UserRow, wholeUser } from './user-row.ts';

export type Tenant = { orgKey: number };
export type OfApp = { appKey: number };
type ById = Tenant & { id: string };
type ByNumber = Tenant & { number: number };
type PageValues = Tenant & { beforeCreatedAt: number; beforeSeq: number; skip: number; limit: number };
type Users = SelectQueryBuilder<Database, 'users', unknown>;
type AfterValues = Tenant & { afterCreatedAt: number; afterSeq: number; limit: number };

/*
 * The place in a list is a tuple compared as one, which follows the index without a sort. Lists of a status or an
 * app have it in the tuple and in the order, where equality alone would do: so no other index serves the order, and
 * no planner can be led by its statistics to walk past all the users of another.
 */
function makeQueries<K extends keyof User>(view: UserView<K>) {
  const columns = columnsOf(view.fields);
  const users = (p: Binder<Tenant>) =>
    build.selectFrom('users').select(columns).where('org_key', '=', p('orgKey'));
  const placed = columnsOf(new Set<K | 'createdAt'>([...view.fields, 'createdAt']));
  const after = (p: Binder<AfterValues>) =>
    build.selectFrom('users').select(placed).select('seq as sequence').where('org_key', '=', p('orgKey'));

  return {
    reader: new UserReader(view),
    one: oneOf<UserRow<K>>(users),

    /** One row for each app at most, so the sorting is of a handful. */
    allByExternalId: rowsOf<Tenant & { externalId: string }, UserRow<K>>((p) =>
      users(p)
        .where('external_id', '=', p('externalId'))
        .orderBy('created_at', 'desc')
        .orderBy('position', 'desc'),
    ),

    /** Newest first, from a place that the counts found; `skip` is less than a range of them. */
    page: rowsOf<PageValues, UserRow<K>>((p) =>
      users(p)
        .where((row) =>
          row(row.refTuple('created_at', 'position'), '<', row.tuple(p('beforeCreatedAt'), p('beforeSeq'))),
        )
        .orderBy('created_at', 'desc')
        .orderBy('position', 'desc')
        .limit(p('limit'))
        .offset(p('skip')),
    ),

    statusPage: rowsOf<PageValues & { status: UserStatus }, UserRow<K>>((p) =>
      users(p)
        .where('status', '>=', p('status'))
        .where((row) =>
          row(
            row.refTuple('status', 'created_at', 'position'),
            '<',
            row.tuple(p('status'), p('beforeCreatedAt'), p('beforeSeq')),
          ),
        )
        .orderBy('status', 'desc')
        .orderBy('created_at', 'desc')
        .orderBy('position', 'desc')
        .limit(p('limit'))
        .offset(p('skip')),
    ),

    /** The next users, oldest first, each with its place. */
    after: rowsOf<AfterValues, UserRow<K> & UserCursor>((p) =>
      after(p)
        .where((row) =>
          row(row.refTuple('created_at', 'position'), '>', row.tuple(p('afterCreatedAt'), p('afterSeq'))),
        )
        .orderBy('created_at')
        .orderBy('position')
        .limit(p('limit')),
    ),

    /** The same of one app. */
    ofAppAfter: rowsOf<AfterValues & OfApp, UserRow<K> & UserCursor>((p) =>
      after(p)
        .where('app_key', '<=', p('appKey'))
        .where((row) =>
          row(
            row.refTuple('app_key', 'created_at', 'position'),
            '>',
            row.tuple(p('appKey'), p('afterCreatedAt'), p('afterSeq')),
          ),
        )
        .orderBy('app_key')
        .orderBy('created_at')
        .orderBy('position')
        .limit(p('limit')),
    ),
  };
}

/** What users are read with for one view. */
export type UserQueries<K extends keyof User = keyof User> = ReturnType<typeof makeQueries<K>>;

const kept = new WeakMap<UserView, unknown>([[wholeUser, makeQueries(wholeUser)]]);

/** The queries of a view, made when it is first used; of the whole user, where it is not said. */
export function queriesOf<K extends keyof User>(view?: UserView<K>): UserQueries<K> {
  const asked = view ?? wholeUser;
  const known = kept.get(asked) ?? makeQueries(asked);
  kept.set(asked, known);
  return known as UserQueries<K>;
}

/** The statements that find one user among those that `users` selects: in the organization, or in one of its apps. */
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

/** A statement whose rows are `R`, which cannot be told from columns that differ from view to view. */
export function rowsOf<P extends Values, R>(query: (p: Binder<P>) => Compilable): Statement<P, R> {
  return statement(query) as Statement<P, R>;
}
