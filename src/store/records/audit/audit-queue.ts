/** The audit events of all organizations: what the job of the archive has to do, and which events have outlived their time. */
import { sql } from 'kysely';
import type { OrgKey } from '../../../core/ids.ts';
import type { ArchiveWork, AuditQueue } from '../../../core/record/audit-event.ts';
import { listAfter, listMarked } from '../../counts/job-marks.ts';
import type { Executor } from '../../sql/executor.ts';
import { type Binder, rawStatement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { EventArchive } from './event-archive.ts';

const selectWork = rawStatement<{ orgKey: number }, Omit<ArchiveWork, 'orgKey'>>(
  (p) => sql`select
    (select count(*) from audit_events where org_key = ${p('orgKey')}) as recent,
    (select count(*) from audit_lists where org_key = ${p('orgKey')} and counted_at is not null) as uncounted`,
);

const selectUncounted = rawStatement<{ limit: number }, { orgKey: number }>(
  (p) => sql`select distinct org_key as "orgKey" from audit_lists where counted_at is not null
    order by org_key limit ${p('limit')}`,
);

/** Organizations that a sweep looks at: of a quiet one it reads every event that is not archived. */
const sweptMax = 25;

type Sweep = { after: number; last: number; until: number; limit: number };

/** The events of a quiet organization may be old before they are archived. They are few, so no index finds them. */
const sweepRecent = rawStatement(
  (p: Binder<Sweep>) => sql`
    delete from audit_events where (org_key, seq) in (
      select org_key, seq from audit_events
      where org_key > ${p('after')} and org_key <= ${p('last')} and at <= ${p('until')} limit ${p('limit')}
    )`,
);

const selectDue = rawStatement<{ orgKey: number; until: number }, { at: number }>(
  (p) => sql`select at from audit_archive
    where org_key = ${p('orgKey')} and at <= ${p('until')} order by at limit 1`,
);

export class SqlAuditQueue implements AuditQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async survey(after: OrgKey, limit: number): Promise<readonly ArchiveWork[]> {
    const { executor } = this.#scope;
    const organizations = await listAfter(executor, after, limit);
    return Promise.all(
      organizations.map(async (orgKey) => {
        const work = await executor.first(selectWork, { orgKey });
        return { orgKey, recent: Number(work?.recent ?? 0), uncounted: Number(work?.uncounted ?? 0) };
      }),
    );
  }

  listMarked(limit: number): Promise<readonly OrgKey[]> {
    return listMarked(this.#scope.executor, 'audit', limit);
  }

  async listUncounted(limit: number): Promise<readonly OrgKey[]> {
    return (await this.#scope.executor.rows(selectUncounted, { limit })).map(({ orgKey }) => orgKey);
  }
}

/** As `Housekeeping.sweepEvents`, of one organization at a time. */
export async function sweepEvents(
  executor: Executor,
  { after, until, limit }: { readonly after: OrgKey; readonly until: number; readonly limit: number },
): Promise<{ swept: number; next: OrgKey }> {
  const part = await listAfter(executor, after, sweptMax);
  const last = part.at(-1);
  if (last === undefined) return { swept: 0, next: 0 };
  let swept = await executor.run(sweepRecent, { after, last, until, limit });
  for (const orgKey of swept < limit ? part : []) {
    if ((await executor.first(selectDue, { orgKey, until })) === undefined) continue;
    swept += await new EventArchive(executor, orgKey).sweep(until, limit - swept);
    break;
  }
  return { swept, next: swept > 0 ? after : part.length < sweptMax ? 0 : last };
}
