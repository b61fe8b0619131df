/**
 * The SQL of a page of users, and of the other queries that show users: one user, and the lists in their orders. Each
 * query is made for one view and selects only the columns of the view; each leads with the organization and follows
 * one index. `counts/user-counts.ts` finds the position where a page begins.
 */
import type { User, UserStatus } from '../../core/directory/user.ts';
import type { UserCursor } from '../../core/directory/user-store.ts';
import type { UserView } from '../../core/directory/user-view.ts';
import type { OrgKey, UserId } from '../../core/ids.ts';
import { type Binder, build } from '../sql/statement.ts';
import { type OfApp, oneOf, rowsOf, type Tenant } from './user-queries.ts';
import { columnsOf, UserReader, type UserRow, wholeUser } from './user-row.ts';

type PageValues = Tenant & { beforeCreatedAt: number; beforeSeq: number; skip: number; limit: number };
type AfterValues = Tenant & { afterCreatedAt: number; afterSeq: number; limit: number };

/** How many users one statement looks up by their ids. */
export const idsMax = 100;
type IdValues = Tenant & Record<`id${number}`, string>;

/** The values of a look-up by at most `idsMax` ids; the empty text is no user's id. */
export function idValues(orgKey: OrgKey, ids: readonly UserId[]): IdValues {
  const values: IdValues = { orgKey };
  for (let at = 0; at < idsMax; at++) values[`id${at}`] = ids[at] ?? '';
  return values;
}

/*
 * A position in a list is compared as one tuple, so that the database follows the index without a sort. Lists of a
 * status or of an app have the status or the app in the tuple and in the order, although a comparison for equality
 * would be enough: then no other index gives this order, and the statistics cannot lead a planner to walk past all
 * users of another status or app.
 */
function makeQueries<K extends keyof User>(view: UserView<K>) {
  const columns = columnsOf(view.fields);
  const users = (p: Binder<Tenant>) =>
    build.selectFrom('users').select(columns).where('org_key', '=', p('orgKey'));
  const positioned = columnsOf(new Set<K | 'createdAt'>([...view.fields, 'createdAt']));
  const after = (p: Binder<AfterValues>) =>
    build.selectFrom('users').select(positioned).select('seq as sequence').where('org_key', '=', p('orgKey'));

  return {
    reader: new UserReader(view),
    one: oneOf<UserRow<K>>(users),

    /** At most one row for each app, so the database sorts only a few rows. */
    allByExternalId: rowsOf<Tenant & { externalId: string }, UserRow<K>>((p) =>
      users(p)
        .where('external_id', '=', p('externalId'))
        .orderBy('created_at', 'desc')
        .orderBy('position', 'desc'),
    ),

    /** The users with some ids; the values of `idValues`. */
    byIds: rowsOf<IdValues, UserRow<K>>((p) =>
      users(p).where(
        'id',
        'in',
        Array.from({ length: idsMax }, (_, at) => p(`id${at}`)),
      ),
    ),

    /** Newest first, from a position that the counts give; `skip` is smaller than one range of the counts. */
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

    /** The next users, oldest first, each with its position. */
    after: rowsOf<AfterValues, UserRow<K> & UserCursor>((p) =>
      after(p)
        .where((row) =>
          row(row.refTuple('created_at', 'position'), '>', row.tuple(p('afterCreatedAt'), p('afterSeq'))),
        )
        .orderBy('created_at')
        .orderBy('position')
        .limit(p('limit')),
    ),

    /** The same for one app. */
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

/** The queries of one view, and the reader of their rows. */
export type UserQueries<K extends keyof User = keyof User> = ReturnType<typeof makeQueries<K>>;

const made = new WeakMap<UserView, unknown>([[wholeUser, makeQueries(wholeUser)]]);

/** The queries of a view, made at its first use; without a view, the queries of the whole user. */
export function queriesOf<K extends keyof User>(view?: UserView<K>): UserQueries<K> {
  const seen = view ?? wholeUser;
  const queries = made.get(seen) ?? makeQueries(seen);
  made.set(seen, queries);
  return queries as UserQueries<K>;
}
