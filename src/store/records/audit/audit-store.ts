/**
 * The audit log. Rows are only added, apart from the counts of an hour, which grow, and the event of a decoy, which its own
 * transaction deletes. A list is the archive (`event-archive.ts`)
 * and the newest events together, in one snapshot. It finds its page and its exact total in the archive by the counts of the list, else
 * along an index; the newest events that match are counted one by one, because they are few.
 */
import { sql } from 'kysely';
import { newDatedId, type OrgKey } from '../../../core/ids.ts';
import type {
  AuditAction,
  AuditEvent,
  AuditFilter,
  AuditPosition,
  AuditStore,
  CountedEvent,
  StoredEvent,
} from '../../../core/record/audit-event.ts';
import { endKey, firstKey } from '../../counts/count-node.ts';
import { unmarkOrganization } from '../../counts/job-marks.ts';
import { type Binder, build, rawStatement, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { countByDay } from './audit-days.ts';
import { pageOf } from './audit-page.ts';
import { type EventRow, statementsOf, valuesOf } from './audit-queries.ts';
import { EventArchive, lockArchive } from './event-archive.ts';

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

const countRecent = rawStatement<{ orgKey: number; limit: number }, { recent: number }>(
  (p) => sql`select count(*) as recent from (
    select 1 from audit_events where org_key = ${p('orgKey')} limit ${p('limit')}
  ) counted`,
);

const deleteDecoy = statement((p: Binder<{ orgKey: number; subjectId: string }>) =>
  build
    .deleteFrom('audit_events')
    .where('org_key', '=', p('orgKey'))
    .where('subject_id', '=', p('subjectId'))
    .where('subject_kind', '=', sql.lit('unknown')),
);

const updateCount = rawStatement(
  (p: Binder<{ orgKey: number; tally: string; times: number; users: number | null }>) => sql`
    update audit_archive set times = times + ${p('times')}, users = users + ${p('users')}
    where org_key = ${p('orgKey')} and tally = ${p('tally')}`,
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

export class SqlAuditStore implements AuditStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(event: AuditEvent): Promise<void> {
    await this.#scope.executor.insertDeferred(insertEvent, this.#valuesOf(event));
    this.#scope.counts.noteEvents(this.#orgKey, 1);
  }

  async insertAll(events: readonly AuditEvent[]): Promise<void> {
    await this.#scope.executor.insertAll(
      insertEvent,
      events.map((event) => this.#valuesOf(event)),
    );
    this.#scope.counts.noteEvents(this.#orgKey, events.length);
  }

  async dropDecoy(subjectId: string): Promise<void> {
    await this.#scope.executor.run(deleteDecoy, { orgKey: this.#orgKey, subjectId });
  }

  async addCount(event: CountedEvent): Promise<void> {
    const { executor } = this.#scope;
    const { at, actorKind, actorId, door, action, subjectKind, subjectId, times, users } = event;
    const tally = [at, actorKind, actorId ?? '', door, action, subjectKind, subjectId].join(' ');
    // The row may be in either table, and must not move meanwhile.
    await lockArchive(executor, this.#orgKey);
    const archived = await executor.run(updateCount, { orgKey: this.#orgKey, tally, times, users });
    if (archived > 0) return;
    const values = { ...event, orgKey: this.#orgKey, id: newDatedId('evt', at), tally };
    await executor.run(upsertCount, values);
  }

  archive(limit: number): Promise<number> {
    return new EventArchive(this.#scope.executor, this.#orgKey).add(limit);
  }

  async countRecent(limit: number): Promise<number> {
    const counted = await this.#scope.executor.first(countRecent, { orgKey: this.#orgKey, limit });
    return Number(counted?.recent ?? 0);
  }

  unmark(): Promise<void> {
    return unmarkOrganization(this.#scope.executor, this.#orgKey, 'audit');
  }

  countMore(limit: number): Promise<boolean> {
    return new EventArchive(this.#scope.executor, this.#orgKey).countMore(limit);
  }

  page(
    filter: AuditFilter,
    offset: number,
    size: number,
  ): Promise<{ items: readonly AuditEvent[]; total: number }> {
    return this.#scope.executor.snapshot(async (view) => {
      const { items, total } = await pageOf(view, { orgKey: this.#orgKey, filter, offset, size });
      return { items: items.map((row) => toEvent(row)), total };
    });
  }

  countByDay(action: AuditAction, firstDay: number, days: number): Promise<readonly number[]> {
    const orgKey = this.#orgKey;
    return this.#scope.executor.snapshot((view) => countByDay(view, { orgKey, action, firstDay, days }));
  }

  async listOldestFirst(
    filter: AuditFilter,
    after: AuditPosition | null,
    limit: number,
  ): Promise<readonly StoredEvent[]> {
    const { following, recentFollowing } = statementsOf(filter);
    const values = {
      ...valuesOf(this.#orgKey, filter),
      until: filter.until ?? endKey.createdAt,
      afterAt: after?.at ?? filter.since ?? firstKey.createdAt,
      // No event has the number 0.
      afterSeq: after?.seq ?? 0,
      limit,
    };
    const rows = await this.#scope.executor.snapshot(async (view) => [
      ...(await view.rows(following, values)),
      ...(await view.rows(recentFollowing, values)),
    ]);
    const inOrder = rows.sort((left, right) => left.at - right.at || left.seq - right.seq);
    return inOrder.slice(0, limit).map((row) => toEvent(row));
  }

  #valuesOf({ fields, ...event }: AuditEvent) {
    return { ...event, orgKey: this.#orgKey, fields: fields.length === 0 ? null : fields.join(',') };
  }
}

function toEvent(row: EventRow): StoredEvent {
  return { ...row, fields: row.fields === null ? [] : row.fields.split(',') };
}
