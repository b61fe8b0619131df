/**
 * The audit log. Rows are only added, apart from the counts of an hour, which grow, and the event of a decoy, which its own
 * transaction deletes. A list finds its page and its total along
 * one index: the one of the user, else of the actor, else of the action, else of the time. It reads the index entries of the filter, so
 * its cost grows with the number of events that match the indexed filter.
 */
import { sql } from 'kysely';
import { newDatedId, type OrgKey } from '../../core/ids.ts';
import type {
  AuditEvent,
  AuditFilter,
  AuditPosition,
  AuditStore,
  CountedEvent,
  StoredEvent,
} from '../../core/record/audit-event.ts';
import { type Binder, build, rawStatement, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

type EventValues = Omit<AuditEvent, 'fields'> & { orgKey: number; fields: string | null };

const insertEvent = statement((p: Binder<{ [K in keyof EventValues]: EventValues[K] }>) =>
  build.insertInto('audit_events').values({
    org_key: p('orgKey'),
    id: p('id'),
    at: p('at'),
    actor_kind: p('actorKind'),
    actor_id: p('actorId'),
    door: p('door'),
    action: p('action'),
    subject_kind: p('subjectKind'),
    subject_id: p('subjectId'),
    fields: p('fields'),
    users: p('users'),
    times: p('times'),
  }),
);

const deleteDecoy = statement((p: Binder<{ orgKey: number; subjectId: string }>) =>
  build
    .deleteFrom('audit_events')
    .where('org_key', '=', p('orgKey'))
    .where('subject_id', '=', p('subjectId'))
    .where('subject_kind', '=', sql.lit('unknown')),
);

type CountValues = { [K in keyof CountedEvent]: CountedEvent[K] } & {
  orgKey: number;
  id: string;
  tally: string;
};

const upsertCount = rawStatement(
  (p: Binder<CountValues>) => sql`
    insert into audit_events
      (org_key, id, at, actor_kind, actor_id, door, action, subject_kind, subject_id, users, times, tally)
    values (${p('orgKey')}, ${p('id')}, ${p('at')}, ${p('actorKind')}, ${p('actorId')}, ${p('door')}, ${p('action')},
      ${p('subjectKind')}, ${p('subjectId')}, ${p('users')}, ${p('times')}, ${p('tally')})
    on conflict (org_key, tally) where tally is not null do update set
      times = audit_events.times + excluded.times, users = audit_events.users + excluded.users`,
);

const eventColumns = [
  'seq',
  'id',
  'at',
  'actor_kind as actorKind',
  'actor_id as actorId',
  'door',
  'action',
  'subject_kind as subjectKind',
  'subject_id as subjectId',
  'fields',
  'users',
  'times',
] as const;

type EventRow = Omit<StoredEvent, 'fields'> & { readonly fields: string | null };

type FilterValues = {
  orgKey: number;
  userId: string;
  actorId: string;
  action: string;
  since: number;
  until: number;
};

type FilterColumn = 'subject_id' | 'actor_id' | 'action';

/** The statements of a list for one set of filters. The bounds of the time are always there. */
function statementsFor(filters: readonly FilterColumn[]) {
  const matching = <P extends FilterValues>(p: Binder<P>) => {
    let query = build
      .selectFrom('audit_events')
      .where('org_key', '=', p('orgKey'))
      .where('at', '>=', p('since'))
      .where('at', '<', p('until'));
    if (filters.includes('subject_id')) {
      query = query.where('subject_id', '=', p('userId')).where('subject_kind', '=', 'user');
    }
    if (filters.includes('actor_id')) query = query.where('actor_id', '=', p('actorId'));
    if (filters.includes('action')) query = query.where(sql`action`, '=', p('action'));
    return query;
  };
  return {
    page: statement((p: Binder<FilterValues & { limit: number; offset: number }>) =>
      matching(p)
        .select(eventColumns)
        .orderBy('at', 'desc')
        .orderBy('seq', 'desc')
        .limit(p('limit'))
        .offset(p('offset')),
    ),
    count: statement((p: Binder<FilterValues>) =>
      matching(p).select(({ fn }) => fn.countAll<number>().as('total')),
    ),
    // `since` is the instant of the event that the batch follows, so the index leads to it.
    batch: statement((p: Binder<FilterValues & { afterAt: number; afterSeq: number; limit: number }>) =>
      matching(p)
        .select(eventColumns)
        .where((is) => is.or([is('at', '>', p('afterAt')), is('seq', '>', p('afterSeq'))]))
        .orderBy('at')
        .orderBy('seq')
        .limit(p('limit')),
    ),
  };
}

/** The statements by the set of filters, as bits in this order. */
const filterColumns: readonly FilterColumn[] = ['subject_id', 'actor_id', 'action'];
const lists = Array.from({ length: 2 ** filterColumns.length }, (_, set) =>
  statementsFor(filterColumns.filter((_, bit) => (set & (2 ** bit)) !== 0)),
);

export class SqlAuditStore implements AuditStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(event: AuditEvent): Promise<void> {
    await this.#scope.executor.insertDeferred(insertEvent, this.#valuesOf(event));
  }

  async insertAll(events: readonly AuditEvent[]): Promise<void> {
    await this.#scope.executor.insertAll(
      insertEvent,
      events.map((event) => this.#valuesOf(event)),
    );
  }

  async dropDecoy(subjectId: string): Promise<void> {
    await this.#scope.executor.run(deleteDecoy, { orgKey: this.#orgKey, subjectId });
  }

  async addCount(event: CountedEvent): Promise<void> {
    const { at, actorKind, actorId, door, action, subjectKind, subjectId } = event;
    const tally = [at, actorKind, actorId ?? '', door, action, subjectKind, subjectId].join(' ');
    const values = { ...event, orgKey: this.#orgKey, id: newDatedId('evt', at), tally };
    await this.#scope.executor.run(upsertCount, values);
  }

  async page(
    filter: AuditFilter,
    offset: number,
    size: number,
  ): Promise<{ items: readonly AuditEvent[]; total: number }> {
    const { page, count } = listFor(filter);
    const values = this.#filterOf(filter);
    return this.#scope.executor.snapshot(async (view) => {
      const rows = await view.rows(page, { ...values, limit: size, offset });
      const counted = await view.first(count, values);
      return { items: rows.map((row) => toEvent(row)), total: Number(counted?.total ?? 0) };
    });
  }

  async listOldestFirst(
    filter: AuditFilter,
    after: AuditPosition | null,
    limit: number,
  ): Promise<readonly StoredEvent[]> {
    const { batch } = listFor(filter);
    const values = this.#filterOf(filter);
    const { at, seq } = after ?? { at: values.since, seq: 0 };
    const following = { ...values, since: at, afterAt: at, afterSeq: seq, limit };
    const rows = await this.#scope.executor.rows(batch, following);
    return rows.map((row) => toEvent(row));
  }

  #valuesOf({ fields, ...event }: AuditEvent) {
    return { ...event, orgKey: this.#orgKey, fields: fields.length === 0 ? null : fields.join(',') };
  }

  #filterOf({ userId, actorId, action, since, until }: AuditFilter): FilterValues {
    return {
      orgKey: this.#orgKey,
      userId: userId ?? '',
      actorId: actorId ?? '',
      action: action ?? '',
      since: since ?? 0,
      until: until ?? Number.MAX_SAFE_INTEGER,
    };
  }
}

function listFor({ userId, actorId, action }: AuditFilter) {
  const set = [userId, actorId, action].reduce(
    (bits, value, bit) => (value === null ? bits : bits + 2 ** bit),
    0,
  );
  const found = lists[set];
  if (found === undefined) throw new Error(`no statements for the filters ${set}`);
  return found;
}

function toEvent(row: EventRow): StoredEvent {
  return { ...row, fields: row.fields === null ? [] : row.fields.split(',') };
}
