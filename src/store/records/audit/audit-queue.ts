/** The audit events of all organizations: what the job of the archive has to do, and which events have outlived their time. */
import { sql } from 'kysely';
import type { OrgKey } from '../../../core/ids.ts';
import type { ArchiveWork, AuditQueue } from '../../../core/record/audit-event.ts';
import type { Executor } from '../../sql/executor.ts';
import { type Binder, rawStatement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { EventArchive } from './event-archive.ts';

const selectWork = rawStatement<{ after: number; limit: number }, ArchiveWork>(
  (p) => sql`select org_key as "orgKey",
    (select count(*) from audit_events where audit_events.org_key = organizations.org_key) as recent,
    (select count(*) from audit_lists
      where audit_lists.org_key = organizations.org_key and counted_at is not null) as uncounted
    from organizations where org_key > ${p('after')} order by org_key limit ${p('limit')}`,
);

type Sweep = { until: number; limit: number };

/** The events of a quiet organization may be old before they are archived. They are few, so no index finds them. */
const sweepRecent = rawStatement(
  (p: Binder<Sweep>) => sql`
    delete from audit_events where (org_key, seq) in (
      select org_key, seq from audit_events where at <= ${p('until')} limit ${p('limit')}
    )`,
);

const selectDueOrganization = rawStatement<{ until: number }, { orgKey: number }>(
  (p) => sql`select org_key as "orgKey" from organizations where exists (
    select 1 from audit_archive where audit_archive.org_key = organizations.org_key and at <= ${p('until')}
  ) order by org_key limit 1`,
);

export class SqlAuditQueue implements AuditQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async survey(after: OrgKey, limit: number): Promise<readonly ArchiveWork[]> {
    return this.#scope.executor.rows(selectWork, { after, limit });
  }
}

/** Deletes events up to the instant `until`, at most `limit`, of one organization at a time. Returns how many. */
export async function sweepEvents(executor: Executor, until: number, limit: number): Promise<number> {
  const swept = await executor.run(sweepRecent, { until, limit });
  const due = swept < limit ? await executor.first(selectDueOrganization, { until }) : undefined;
  if (due === undefined) return swept;
  return swept + (await new EventArchive(executor, due.orgKey).sweep(until, limit - swept));
}
