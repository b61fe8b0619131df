/** The audit log, in the order in which it was written. Rows are only added. */
import type { OrgKey } from '../../core/ids.ts';
import type { AuditEvent, AuditStore } from '../../core/record/audit-event.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

type EventValues = { [K in keyof AuditEvent]: AuditEvent[K] } & { orgKey: number };

const insertEvent = statement((p: Binder<EventValues>) =>
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
  }),
);

/** In the order of writing, because the clocks of several processes differ. */
const selectOldest = statement((p: Binder<{ orgKey: number; limit: number }>) =>
  build
    .selectFrom('audit_events')
    .select([
      'id',
      'at',
      'actor_kind as actorKind',
      'actor_id as actorId',
      'door',
      'action',
      'subject_kind as subjectKind',
      'subject_id as subjectId',
    ])
    .where('org_key', '=', p('orgKey'))
    .orderBy('seq')
    .limit(p('limit')),
);

export class SqlAuditStore implements AuditStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(event: AuditEvent): Promise<void> {
    await this.#scope.executor.insertDeferred(insertEvent, { ...event, orgKey: this.#orgKey });
  }

  async insertAll(events: readonly AuditEvent[]): Promise<void> {
    const rows = events.map((event) => ({ ...event, orgKey: this.#orgKey }));
    await this.#scope.executor.insertAll(insertEvent, rows);
  }

  list(limit: number): Promise<readonly AuditEvent[]> {
    return this.#scope.executor.rows(selectOldest, { orgKey: this.#orgKey, limit });
  }
}
