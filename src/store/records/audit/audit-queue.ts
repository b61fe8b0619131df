/** The audit events of all organizations: what the job of the archive has to do, and which events have outlived their time. */
import { sql } from 'kysely';
import type { OrgKey } from '../../../core/ids.ts';
import type { ArchiveWork, AuditQueue } from '../../../core/record/audit-event.ts';
import type { Executor } from '../../sql/executor.ts';
import { type Binder, build, rawStatement, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { EventArchive } from './event-archive.ts';

const selectOrganizations = statement((p: Binder<{ after: number; limit: number }>) =>
  build
    .selectFrom('organizations')
    .select('org_key as orgKey')
    .where('org_key', '>', p('after'))
    .orderBy('org_key')
    .limit(p('limit')),
);

const selectWork = rawStatement<{ orgKey: number }, Omit<ArchiveWork, 'orgKey'>>(
  (p) => sql`select
    (select count(*) from audit_events where org_key = ${p('orgKey')}) as recent,
    (select count(*) from audit_lists where org_key = ${p('orgKey')} and counted_at is not null) as uncounted`,
);

type Sweep = { until: number; limit: number };

/** The events of a quiet organization may be old before they are archived. They are few, so no index finds them. */
const sweepRecent = rawStatement(
  (p: Binder<Sweep>) => sql`
    delete from audit_events where (org_key, seq) in (
      select org_key, seq from audit_events where at <= ${p('until')} limit ${p('limit')}
    )`,
);

const selectDue = rawStatement<{ orgKey: number; until: number }, { at: number }>(
  (p) => sql`select at from audit_archive
    where org_key = ${p('orgKey')} and at <= ${p('until')} order by at limit 1`,
);

const selectNewest = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('organizations').select((row) => row.fn.max<number | null>('org_key').as('orgKey')),
);

/** Organizations whose archives one sweep looks at. Each sweep begins at another one, so it reaches all of them. */
const lookedAt = 64;

export class SqlAuditQueue implements AuditQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async survey(after: OrgKey, limit: number): Promise<readonly ArchiveWork[]> {
    const { executor } = this.#scope;
    const organizations = await executor.rows(selectOrganizations, { after, limit });
    return Promise.all(
      organizations.map(async ({ orgKey }) => {
        const work = await executor.first(selectWork, { orgKey });
        return { orgKey, recent: Number(work?.recent ?? 0), uncounted: Number(work?.uncounted ?? 0) };
      }),
    );
  }
}

/** Deletes events up to the instant `until`, at most `limit`, of one organization at a time. Returns how many. */
export async function sweepEvents(executor: Executor, until: number, limit: number): Promise<number> {
  const swept = await executor.run(sweepRecent, { until, limit });
  const due = swept < limit ? await findDueOrganization(executor, until) : undefined;
  if (due === undefined) return swept;
  return swept + (await new EventArchive(executor, due).sweep(until, limit - swept));
}

/** Looks from a random organization on, and from the first one again after the last. */
async function findDueOrganization(executor: Executor, until: number): Promise<OrgKey | undefined> {
  const newest = (await executor.first(selectNewest, {}))?.orgKey ?? 0;
  const start = Math.floor(Math.random() * newest);
  const next = await executor.rows(selectOrganizations, { after: start, limit: lookedAt });
  const first =
    next.length < lookedAt
      ? await executor.rows(selectOrganizations, { after: 0, limit: lookedAt - next.length })
      : [];
  const looks = [...next, ...first].map(async ({ orgKey }) => {
    return (await executor.first(selectDue, { orgKey, until })) === undefined ? undefined : orgKey;
  });
  return (await Promise.all(looks)).find((orgKey) => orgKey !== undefined);
}
