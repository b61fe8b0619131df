/**
 * The SQL of the search. Every statement leads with the organization, and reads a bounded number of rows along one index.
 * A statement that finds users takes all conditions of a filter, each with a value that switches it off, so that it is
 * one statement for all combinations.
 */
import { type RawBuilder, sql } from 'kysely';
import type { SearchedUser } from '../../core/search/folding.ts';
import type { SearchFilter } from '../../core/search/user-search-store.ts';
import { type Binder, build, rawStatement, statement } from '../sql/statement.ts';

export type Tenant = { orgKey: number };

/** A user as a search looks at it. */
export interface SearchedRow extends SearchedUser {
  readonly seq: number;
  readonly id: string;
}

export interface BlockRow {
  readonly first: number;
  readonly last: number;
  readonly users: number;
  readonly version: number;
}

const columns = sql.raw(`users.seq, users.id, users.external_id as "externalId", users.email,
  users.first_name as "firstName", users.last_name as "lastName", users.phone, users.phone_e164 as "phoneE164"`);

export type FilterValues = {
  status: string;
  role: string;
  appKey: number;
  confirmed: number;
  proved: number;
  clinical: number;
  provider: string;
  createdFrom: number;
  createdUntil: number;
  seenFrom: number;
  seenUntil: number;
};

const anyNumber = -1;
const anyText = '';

/** The values of a filter. `appKey` is that of its app; -1 for every app. */
export function filterValues(filter: SearchFilter, appKey: number): FilterValues {
  const flag = (value: boolean | undefined): number => (value === undefined ? anyNumber : value ? 1 : 0);
  return {
    status: filter.status ?? anyText,
    role: filter.role ?? anyText,
    appKey,
    confirmed: flag(filter.isConfirmed),
    proved: flag(filter.isProved),
    clinical: flag(filter.isClinical),
    provider: filter.provider ?? anyText,
    createdFrom: filter.createdFrom ?? Number.MIN_SAFE_INTEGER,
    createdUntil: filter.createdUntil ?? Number.MAX_SAFE_INTEGER,
    seenFrom: filter.seenFrom ?? Number.MIN_SAFE_INTEGER,
    seenUntil: filter.seenUntil ?? Number.MAX_SAFE_INTEGER,
  };
}

/**
 * A user who was never seen satisfies no bound, and the absence of both. The signs keep a planner from following an index of
 * the creation time, of which a bound may be every time.
 */
function isAccepted(p: Binder<FilterValues & Tenant>): RawBuilder<boolean> {
  const one = (name: 'confirmed' | 'proved' | 'clinical', fact: RawBuilder<unknown>) =>
    sql`(${p(name)} = ${sql.lit(anyNumber)} or ${p(name)} = case when ${fact} then 1 else 0 end)`;
  return sql<boolean>`
    (${p('status')} = '' or users.status = ${p('status')})
    and (${p('role')} = '' or users.role = ${p('role')})
    and (${p('appKey')} = ${sql.lit(anyNumber)} or users.app_key = ${p('appKey')})
    and ${one('confirmed', sql`users.confirmed_at is not null`)}
    and ${one('proved', sql`users.email_proved_at is not null or users.phone_proved_at is not null`)}
    and ${one('clinical', sql`users.is_clinical_approved = 1`)}
    and +users.created_at >= ${p('createdFrom')} and +users.created_at < ${p('createdUntil')}
    and (coalesce(users.last_login_at, ${sql.lit(Number.MIN_SAFE_INTEGER)}) >= ${p('seenFrom')})
    and (${p('seenUntil')} = ${sql.lit(Number.MAX_SAFE_INTEGER)} or users.last_login_at < ${p('seenUntil')})
    and (${p('provider')} = '' or exists (
      select 1 from connections where connections.org_key = ${p('orgKey')} and connections.user_id = users.id
        and connections.provider = ${p('provider')} and connections.status in ('active', 'needs_user')))`;
}

/** How many users one statement looks up by their numbers. */
export const lookUpMax = 128;
type LookUp = Tenant & FilterValues & Record<`seq${number}`, number>;

export const selectBySeqs = rawStatement<LookUp, SearchedRow>((p) => {
  const seqs = Array.from({ length: lookUpMax }, (_, at) => p(`seq${at}`));
  return sql`select ${columns} from users
    where users.org_key = ${p('orgKey')} and users.position in (${sql.join(seqs)}) and ${isAccepted(p)}`;
});

/** The values for the numbers; 0 is no user's number. */
export function lookUpValues(seqs: readonly number[]): Record<`seq${number}`, number> {
  const values: Record<`seq${number}`, number> = {};
  for (let at = 0; at < lookUpMax; at++) values[`seq${at}`] = seqs[at] ?? 0;
  return values;
}

export const selectById = rawStatement<Tenant & FilterValues & { id: string }, SearchedRow>(
  (p) => sql`select ${columns} from users
    where users.org_key = ${p('orgKey')} and users.id = ${p('id')} and ${isAccepted(p)}`,
);

type IdRange = Tenant & { from: string; to: string };

/** Users whose id begins so, of the first `limit` ids. */
export const selectByIdStart = rawStatement<IdRange & FilterValues & { limit: number }, SearchedRow>(
  (p) => sql`select ${columns} from (
      select id from users where org_key = ${p('orgKey')} and id >= ${p('from')} and id < ${p('to')}
      order by id limit ${p('limit')}
    ) chosen join users on users.org_key = ${p('orgKey')} and users.id = chosen.id
    where ${isAccepted(p)} order by users.id`,
);

/** Any id of the range beyond the first `skip`. */
export const selectIdBeyond = rawStatement<IdRange & { skip: number }, { id: string }>(
  (p) => sql`select id from users where org_key = ${p('orgKey')} and id >= ${p('from')} and id < ${p('to')}
    order by id limit 1 offset ${p('skip')}`,
);

/** A beginning of four digits or more has so many ranges of numbers: one for each count of further digits. */
const numberRanges = 13;
type NumberRanges = Tenant &
  Record<`from${number}` | `to${number}`, number> & { limit: number; skip: number };

/**
 * The numbers of all ranges, at most `limit` of each, beyond the first `skip`. There is an index of numbers and none of their digits,
 * so a beginning is looked up as ranges: 7624 is 7624 itself, 76240 to 76249, 762400 to 762499 and so on. The longest come first,
 * because most numbers are long.
 */
function numbersIn(p: Binder<NumberRanges>): RawBuilder<{ number: number }> {
  const ranges = Array.from(
    { length: numberRanges },
    (_, at) => sql`select number from (
      select number from users where org_key = ${p('orgKey')} and number >= ${p(`from${at}`)} and number <= ${p(`to${at}`)}
      order by number limit ${p('limit')}
    ) chosen`,
  );
  return sql`select number from (${sql.join(ranges, sql` union all `)}) chosen limit ${p('limit')} offset ${p('skip')}`;
}

/** Users whose number begins so, of the first `limit` numbers. */
export const selectByNumberStart = rawStatement<NumberRanges & FilterValues, SearchedRow>(
  (p) => sql`select ${columns} from (${numbersIn(p)}) chosen
    join users on users.org_key = ${p('orgKey')} and users.number = chosen.number
    where ${isAccepted(p)}`,
);

export const selectNumbers = rawStatement<NumberRanges, { number: number }>((p) => numbersIn(p));

/** The ranges of the numbers that begin with these digits, the longest numbers first; a range that is empty where there are fewer. */
export function numberRangeValues(start: string): Record<`from${number}` | `to${number}`, number> {
  const values: Record<`from${number}` | `to${number}`, number> = {};
  for (let at = 0; at < numberRanges; at++) {
    const factor = 10 ** (numberRanges - 1 - at);
    const from = Number(start) * factor;
    const isNumber = from <= Number.MAX_SAFE_INTEGER;
    values[`from${at}`] = isNumber ? from : 0;
    values[`to${at}`] = isNumber ? Math.min(from + factor - 1, Number.MAX_SAFE_INTEGER) : 0;
  }
  return values;
}

/** The number of the user who has `skip` newer ones after the number `after`. */
export const selectTailStart = rawStatement<
  Tenant & { after: number; before: number; skip: number },
  { seq: number }
>(
  (p) => sql`select position as seq from users
    where org_key = ${p('orgKey')} and position > ${p('after')} and position < ${p('before')}
    order by position desc limit 1 offset ${p('skip')}`,
);

export const selectTail = rawStatement<
  Tenant & FilterValues & { after: number; before: number },
  SearchedRow
>(
  (p) => sql`select ${columns} from users where users.org_key = ${p('orgKey')}
    and users.position > ${p('after')} and users.position < ${p('before')} and ${isAccepted(p)}`,
);

/** SQLite reads the first side of a cross join first. Citus finds the machine by the organization that is named for each table. */
export const selectChanged = rawStatement<Tenant & FilterValues & { limit: number }, SearchedRow>(
  (p) => sql`select ${columns} from (
      select user_id from search_changes where org_key = ${p('orgKey')} order by seq desc limit ${p('limit')}
    ) chosen cross join users
    where users.org_key = ${p('orgKey')} and users.id = chosen.user_id and ${isAccepted(p)}`,
);

/** Any of the changed users beyond the first `skip`. */
export const selectChangeAfter = rawStatement<Tenant & { skip: number }, { seq: number }>(
  (p) => sql`select seq from search_changes where org_key = ${p('orgKey')} limit 1 offset ${p('skip')}`,
);

/** The orders in which a list reads users, newest first: all, those of the status or of the app of the filter. */
type Order = 'all' | 'status' | 'app';

const orders: Readonly<Record<Order, readonly ('status' | 'app_key')[]>> = {
  all: [],
  status: ['status'],
  app: ['app_key'],
};
const valueNames = { status: 'status', app_key: 'appKey' } as const;

export type ListValues = Tenant & FilterValues & { limit: number };
type OrderValues = ListValues & {
  beforeCreatedAt: number;
  beforeSeq: number;
  /** The users are after this position, in the order of creation. */
  endCreatedAt: number;
  endSeq: number;
};

/**
 * The bounds of an order as tuples: the index finds both ends. There is one bound at each end, because of two SQLite may
 * follow the wider one, past every user of the organization.
 */
function orderOf(order: Order, p: Binder<OrderValues>) {
  const leading = orders[order];
  const names = sql.join([...leading, 'created_at', 'position'].map((column) => sql.ref(`users.${column}`)));
  const values = leading.map((column) => p(valueNames[column]));
  const end = sql.join([...values, p('endCreatedAt'), p('endSeq')]);
  const before = sql.join([...values, p('beforeCreatedAt'), p('beforeSeq')]);
  const descending = [...leading, 'created_at', 'position'].map(
    (column) => sql`${sql.ref(`users.${column}`)} desc`,
  );
  return {
    within: sql`users.org_key = ${p('orgKey')} and (${names}) > (${end}) and (${names}) < (${before})`,
    by: sql.join(descending),
  };
}

const everyOrder = <T>(make: (order: Order) => T): Readonly<Record<Order, T>> => ({
  all: make('all'),
  status: make('status'),
  app: make('app'),
});

/** The user of an order who has `skip` users before it. */
export const selectOrderEnd = everyOrder((order) =>
  rawStatement<OrderValues & { skip: number }, { createdAt: number; seq: number }>((p) => {
    const { within, by } = orderOf(order, p);
    return sql`select users.created_at as "createdAt", users.seq from users where ${within}
      order by ${by} limit 1 offset ${p('skip')}`;
  }),
);

/** The users of an order after the position `end` who satisfy the filter. */
const inOrder = <Row>(selected: RawBuilder<unknown>) =>
  everyOrder((order) =>
    rawStatement<OrderValues, Row>((p) => {
      const { within, by } = orderOf(order, p);
      return sql`select ${selected} from users where ${within} and ${isAccepted(p)}
      order by ${by} limit ${p('limit')}`;
    }),
  );

export const selectInOrder = inOrder<{ id: string; createdAt: number; seq: number }>(
  sql.raw('users.id, users.created_at as "createdAt", users.seq'),
);
/** The same with what a search compares. */
export const selectSearchedInOrder = inOrder<SearchedRow & { readonly number: number }>(
  sql`${columns}, users.number`,
);

/** The admins who satisfy the filter; an organization has few. */
export const selectAdmins = rawStatement<ListValues, SearchedRow & { createdAt: number }>(
  (p) => sql`select ${columns}, users.created_at as "createdAt" from users
    where users.org_key = ${p('orgKey')} and users.role = 'admin' and ${isAccepted(p)}
    order by users.status limit ${p('limit')}`,
);

export const selectLastBlock = rawStatement<Tenant, BlockRow>(
  (p) => sql`select first_seq as first, last_seq as last, users, version from search_blocks
    where org_key = ${p('orgKey')} order by first_seq desc limit 1`,
);

export const selectBlocks = rawStatement<Tenant & { before: number; limit: number }, BlockRow>(
  (p) => sql`select first_seq as first, last_seq as last, users, version from search_blocks
    where org_key = ${p('orgKey')} and first_seq < ${p('before')} order by first_seq desc limit ${p('limit')}`,
);

/** The leaves in which a token would be, for some blocks before a number. */
export const selectLeaves = rawStatement<
  Tenant & { before: number; limit: number; token: number },
  { block: number; entries: Uint8Array | null }
>(
  (p) => sql`select first_seq as block, (
      select entries from search_leaves where search_leaves.org_key = search_blocks.org_key
        and search_leaves.block = search_blocks.first_seq and search_leaves.token <= ${p('token')}
      order by search_leaves.token desc limit 1
    ) as entries from search_blocks
    where org_key = ${p('orgKey')} and first_seq < ${p('before')} order by first_seq desc limit ${p('limit')}`,
);

type OfBlock = Tenant & { block: number };

export const selectLeaf = rawStatement<OfBlock & { token: number }, { token: number; entries: Uint8Array }>(
  (p) => sql`select token, entries from search_leaves
    where org_key = ${p('orgKey')} and block = ${p('block')} and token <= ${p('token')} order by token desc limit 1`,
);

/** The first token of each leaf. */
export const selectLeafTokens = rawStatement<OfBlock, { token: number }>(
  (p) => sql`select token from search_leaves
    where org_key = ${p('orgKey')} and block = ${p('block')} order by token`,
);

/** How many leaves one statement looks up. */
export const leavesMax = 32;
type SomeLeaves = OfBlock & Record<`token${number}`, number>;

export const selectSomeLeaves = rawStatement<SomeLeaves, { token: number; entries: Uint8Array }>((p) => {
  const tokens = Array.from({ length: leavesMax }, (_, at) => p(`token${at}`));
  return sql`select token, entries from search_leaves
    where org_key = ${p('orgKey')} and block = ${p('block')} and token in (${sql.join(tokens)})`;
});

/** The values for the first tokens of leaves; -1 is no token. */
export function leafValues(tokens: readonly number[]): Record<`token${number}`, number> {
  const values: Record<`token${number}`, number> = {};
  for (let at = 0; at < leavesMax; at++) values[`token${at}`] = tokens[at] ?? -1;
  return values;
}

export const selectAllLeaves = rawStatement<OfBlock, { token: number; entries: Uint8Array }>(
  (p) => sql`select token, entries from search_leaves
    where org_key = ${p('orgKey')} and block = ${p('block')} order by token`,
);

type Leaf = OfBlock & { token: number; entries: Uint8Array };
const insertionOf = (p: Binder<Leaf>) =>
  build
    .insertInto('search_leaves')
    .values({ org_key: p('orgKey'), block: p('block'), token: p('token'), entries: p('entries') });

/** On PostgreSQL both are one statement for many leaves (`set-insert.ts`). */
export const insertLeaf = statement(insertionOf);
export const upsertLeaf = statement((p: Binder<Leaf>) =>
  insertionOf(p).onConflict((conflict) =>
    conflict
      .columns(['org_key', 'block', 'token'])
      .doUpdateSet((row) => ({ entries: row.ref('excluded.entries') })),
  ),
);

export const deleteLeaf = rawStatement<OfBlock & { token: number }, never>(
  (p) => sql`delete from search_leaves
    where org_key = ${p('orgKey')} and block = ${p('block')} and token = ${p('token')}`,
);

export const deleteLeaves = rawStatement<OfBlock, never>(
  (p) => sql`delete from search_leaves where org_key = ${p('orgKey')} and block = ${p('block')}`,
);

export const insertBlock = rawStatement<OfBlock & { last: number; users: number }, never>(
  (p) => sql`insert into search_blocks (org_key, first_seq, last_seq, users, version)
    values (${p('orgKey')}, ${p('block')}, ${p('last')}, ${p('users')}, 0)`,
);

export const deleteBlock = rawStatement<OfBlock, never>(
  (p) => sql`delete from search_blocks where org_key = ${p('orgKey')} and first_seq = ${p('block')}`,
);

export const touchBlock = rawStatement<OfBlock, never>(
  (p) => sql`update search_blocks set version = version + 1
    where org_key = ${p('orgKey')} and first_seq = ${p('block')}`,
);

/** The number of the last of the next `limit` users between two numbers, and how many these are. */
export const selectNextUsers = rawStatement<
  Tenant & { after: number; before: number; limit: number },
  { last: number | null; users: number }
>(
  (p) => sql`select max(position) as last, count(*) as users from (
      select position from users
      where org_key = ${p('orgKey')} and position > ${p('after')} and position < ${p('before')}
      order by position limit ${p('limit')}
    ) chosen`,
);

type Range = Tenant & { after: number; last: number };

export const selectRange = rawStatement<Range, SearchedRow>(
  (p) => sql`select ${columns} from users
    where users.org_key = ${p('orgKey')} and users.position > ${p('after')} and users.position <= ${p('last')}
    order by users.position`,
);

export const deleteChangesOf = rawStatement<Range, never>(
  (p) => sql`delete from search_changes
    where org_key = ${p('orgKey')} and seq > ${p('after')} and seq <= ${p('last')}`,
);

/** Changes that are due, which are deleted. Waits for transactions that note one of them again. */
export const takeChanges = rawStatement<
  Tenant & { limit: number },
  { userId: string; seq: number; formerText: string }
>(
  (p) => sql`delete from search_changes where org_key = ${p('orgKey')} and user_id in (
      select user_id from search_changes where org_key = ${p('orgKey')} order by seq limit ${p('limit')}
    ) returning user_id as "userId", seq, former_text as "formerText"`,
);

/** A transaction that adds users holds this lock until its commit. */
export const lockCounts = statement((p: Binder<Tenant>) =>
  build
    .selectFrom('user_counts')
    .select('node')
    .where('org_key', '=', p('orgKey'))
    .where('node', '=', sql.lit(0))
    .forUpdate(),
);

export const selectFormerText = rawStatement<
  Tenant & { userId: string },
  { seq: number; formerText: string | null }
>(
  (p) => sql`select users.seq, search_changes.former_text as "formerText" from users
    left join search_changes on search_changes.org_key = users.org_key and search_changes.user_id = users.id
    where users.org_key = ${p('orgKey')} and users.id = ${p('userId')}`,
);

/** How far the blocks of an organization are; `waiting` counts users above the last block, up to those of a block. */
export const selectWork = rawStatement<
  Tenant & { blockUsers: number },
  { newest: number | null; sealed: number | null; waiting: number }
>(
  (p) => sql`select
    (select position from users where org_key = ${p('orgKey')} and position > 0
      order by position desc limit 1) as newest,
    (select last_seq from search_blocks where org_key = ${p('orgKey')} order by first_seq desc limit 1) as sealed,
    (select count(*) from (
      select position from users where org_key = ${p('orgKey')} and position > coalesce((
        select last_seq from search_blocks where org_key = ${p('orgKey')} order by first_seq desc limit 1
      ), 0) order by position limit ${p('blockUsers')}
    ) counted) as waiting`,
);

/** Changed users by organization: of the first ones after a key, so that the cost has a bound. */
export const selectChangedCounts = rawStatement<
  { after: number; limit: number },
  { orgKey: number; changes: number }
>(
  (p) => sql`select org_key as "orgKey", count(*) as changes from (
      select org_key from search_changes where org_key > ${p('after')} order by org_key limit ${p('limit')}
    ) chosen group by org_key order by org_key`,
);
