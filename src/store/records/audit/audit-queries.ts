/**
 * The SQL of lists of audit events. A list has any set of filters, and each set has its statements. In the archive each
 * follows the one index whose first columns are the filters, or most of them; positions are compared as one tuple with
 * the last of these columns, so that no other index gives the order. The newest events have no index for a list: they are few.
 */
import { type RawBuilder, sql } from 'kysely';
import type { AuditFilter, StoredEvent } from '../../../core/record/audit-event.ts';
import type { SortKey } from '../../counts/count-node.ts';
import { type Binder, rawStatement } from '../../sql/statement.ts';

export type EventRow = Omit<StoredEvent, 'fields'> & { readonly fields: string | null };

const eventColumns = sql.raw(
  `seq, id, at, actor_kind as "actorKind", actor_id as "actorId", door, action, subject_kind as "subjectKind",
    subject_id as "subjectId", fields, users, times`,
);

type FilterColumn = 'subject_id' | 'actor_id' | 'action';

/** What the statements of one organization and filter have in common. */
export type FilterValues = { orgKey: number; userId: string; actorId: string; action: string };

type Bounds = FilterValues & { since: number; until: number };
type Page = FilterValues & {
  since: number;
  beforeAt: number;
  beforeSeq: number;
  limit: number;
  skip: number;
};
type Batch = FilterValues & { until: number; afterAt: number; afterSeq: number; limit: number };

/** The filters, as bits in this order. */
const filterColumns: readonly FilterColumn[] = ['subject_id', 'actor_id', 'action'];
const names = { subject_id: 'userId', actor_id: 'actorId', action: 'action' } as const;

function statementsFor(filters: readonly FilterColumn[]) {
  const isAboutUser = filters.includes('subject_id');
  /** The column of the index before the time; it is in the tuple. Of the user and other filters only the user is. */
  const indexed = isAboutUser ? (['subject_id'] as const) : filters.slice(-1);
  /** The column of the index before that one. */
  const leading = isAboutUser ? [] : filters.slice(0, -1);
  const others = isAboutUser ? filters.filter((column) => column !== 'subject_id') : [];

  const bind = <P extends FilterValues>(p: Binder<P>, column: FilterColumn): RawBuilder<unknown> =>
    p(names[column]);
  const equal = <P extends FilterValues>(p: Binder<P>, columns: readonly FilterColumn[]) => {
    const isUser = isAboutUser ? [sql`subject_kind = 'user'`] : [];
    const all = [...columns.map((column) => sql`${sql.ref(column)} = ${bind(p, column)}`), ...isUser];
    return all.length === 0 ? sql`` : sql`and ${sql.join(all, sql` and `)}`;
  };
  const columnsOf = (...more: string[]) => sql.join([...indexed, ...more].map((column) => sql.ref(column)));
  const valuesOf = <P extends FilterValues>(p: Binder<P>, ...more: RawBuilder<unknown>[]) =>
    sql.join([...indexed.map((column) => bind(p, column)), ...more]);
  const inOrder = (direction: 'asc' | 'desc') =>
    sql.join([...indexed, 'at', 'seq'].map((column) => sql`${sql.ref(column)} ${sql.raw(direction)}`));
  /** No planner uses an index for the value of a function, so it follows the index of the user, which has these columns. */
  const otherwise = <P extends FilterValues>(p: Binder<P>) =>
    sql.join(
      others.map((column) => sql` and coalesce(${sql.ref(column)}, '') = ${bind(p, column)}`),
      sql``,
    );
  const inArchive = <P extends FilterValues>(p: Binder<P>) =>
    sql`from audit_archive where org_key = ${p('orgKey')} ${equal(p, leading)}${otherwise(p)}`;
  const among = <P extends FilterValues>(p: Binder<P>) =>
    sql`from audit_events where org_key = ${p('orgKey')} ${equal(p, filters)}`;

  return {
    /** Newest first: what is older than a position, and not before `since`. */
    page: rawStatement<Page, EventRow>(
      (p) => sql`select ${eventColumns} ${inArchive(p)}
        and (${columnsOf('at', 'seq')}) < (${valuesOf(p, p('beforeAt'), p('beforeSeq'))})
        and (${columnsOf('at')}) >= (${valuesOf(p, p('since'))})
        order by ${inOrder('desc')} limit ${p('limit')} offset ${p('skip')}`,
    ),
    /** The position of one event of the page. It reads the index alone, so it skips many events faster than a page does. */
    positionOf: rawStatement<Omit<Page, 'limit'>, SortKey>(
      (p) => sql`select at as "createdAt", seq ${inArchive(p)}
        and (${columnsOf('at', 'seq')}) < (${valuesOf(p, p('beforeAt'), p('beforeSeq'))})
        and (${columnsOf('at')}) >= (${valuesOf(p, p('since'))})
        order by ${inOrder('desc')} limit 1 offset ${p('skip')}`,
    ),
    count: rawStatement<Bounds, { total: number }>(
      (p) => sql`select count(*) as total ${inArchive(p)}
        and (${columnsOf('at')}) < (${valuesOf(p, p('until'))})
        and (${columnsOf('at')}) >= (${valuesOf(p, p('since'))})`,
    ),
    /** Oldest first: what follows a position, and is before `until`. */
    following: rawStatement<Batch, EventRow>(
      (p) => sql`select ${eventColumns} ${inArchive(p)}
        and (${columnsOf('at', 'seq')}) > (${valuesOf(p, p('afterAt'), p('afterSeq'))})
        and (${columnsOf('at')}) < (${valuesOf(p, p('until'))})
        order by ${inOrder('asc')} limit ${p('limit')}`,
    ),
    /** The positions of a range, oldest first. */
    positions: rawStatement<
      FilterValues & { fromAt: number; fromSeq: number; toAt: number; toSeq: number; limit: number },
      SortKey
    >(
      (p) => sql`select at as "createdAt", seq ${inArchive(p)}
        and (${columnsOf('at', 'seq')}) >= (${valuesOf(p, p('fromAt'), p('fromSeq'))})
        and (${columnsOf('at', 'seq')}) < (${valuesOf(p, p('toAt'), p('toSeq'))})
        order by ${inOrder('asc')} limit ${p('limit')}`,
    ),
    /** How many there are from a position on. */
    countFrom: rawStatement<FilterValues & { fromAt: number; fromSeq: number }, { total: number }>(
      (p) => sql`select count(*) as total ${inArchive(p)}
        and (${columnsOf('at', 'seq')}) >= (${valuesOf(p, p('fromAt'), p('fromSeq'))})
        ${indexed.length === 0 ? sql`` : sql`and (${columnsOf()}) <= (${valuesOf(p)})`}`,
    ),
    /** How many of the newest events match, and how many of them come after a position. */
    recentCount: rawStatement<
      Bounds & { afterAt: number; afterSeq: number },
      { total: number; later: number | null }
    >(
      (p) => sql`select count(*) as total,
        sum(case when (at, seq) > (${p('afterAt')}, ${p('afterSeq')}) then 1 else 0 end) as later
        ${among(p)} and at >= ${p('since')} and at < ${p('until')}`,
    ),
    /** The newest events that match, newest first. */
    recent: rawStatement<Bounds & { limit: number; skip: number }, EventRow>(
      (p) => sql`select ${eventColumns} ${among(p)} and at >= ${p('since')} and at < ${p('until')}
        order by at desc, seq desc limit ${p('limit')} offset ${p('skip')}`,
    ),
    /** The newest events that match and follow a position, oldest first. */
    recentFollowing: rawStatement<Batch, EventRow>(
      (p) => sql`select ${eventColumns} ${among(p)}
        and (at, seq) > (${p('afterAt')}, ${p('afterSeq')}) and at < ${p('until')}
        order by at, seq limit ${p('limit')}`,
    ),
  };
}

/** The statements by the set of filters, as bits in this order. */
const statements = Array.from({ length: 2 ** filterColumns.length }, (_, set) =>
  statementsFor(filterColumns.filter((_, bit) => (set & (2 ** bit)) !== 0)),
);

export type ListStatements = ReturnType<typeof statementsFor>;

/** Which events a list shows at any time. */
export type ListFilter = Pick<AuditFilter, 'userId' | 'actorId' | 'action'>;

export function statementsOf({ userId, actorId, action }: ListFilter): ListStatements {
  const set = [userId, actorId, action].reduce(
    (bits, value, bit) => (value === null ? bits : bits + 2 ** bit),
    0,
  );
  const found = statements[set];
  if (found === undefined) throw new Error(`no statements for the filters ${set}`);
  return found;
}

export function valuesOf(orgKey: number, { userId, actorId, action }: ListFilter): FilterValues {
  return { orgKey, userId: userId ?? '', actorId: actorId ?? '', action: action ?? '' };
}
