/**
 * How many events of an action there are in each of some days. In the archive a long list is counted by its tree and a short one along its
 * index; the newest events are few and are grouped in one read. So the cost follows the number of days and not that of the events.
 */
import { sql } from 'kysely';
import type { OrgKey } from '../../../core/ids.ts';
import type { AuditAction } from '../../../core/record/audit-event.ts';
import { dayMs } from '../../../core/time.ts';
import { endKey, firstKey } from '../../counts/count-node.ts';
import { countBefore } from '../../counts/count-position.ts';
import { readOnce } from '../../counts/counted-rows.ts';
import type { Executor } from '../../sql/executor.ts';
import { type Binder, rawStatement } from '../../sql/statement.ts';
import { statementsOf, valuesOf } from './audit-queries.ts';
import { CountedEvents, EventCountNodes, selectorOf } from './counted-events.ts';
import { isCounted } from './event-archive.ts';

/** Every instant and the length of a day are whole numbers, so the division gives the number of the day. */
const selectRecentDays = rawStatement(
  (p: Binder<{ orgKey: number; action: string; since: number; until: number }>) => sql<{
    day: number;
    events: number;
  }>`select at / ${sql.lit(dayMs)} as day, count(*) as events from audit_events
    where org_key = ${p('orgKey')} and action = ${p('action')} and at >= ${p('since')} and at < ${p('until')}
    group by at / ${sql.lit(dayMs)}`,
);

/** The events of each day from `firstDay`, an instant at which a day begins. Needs a snapshot. */
export async function countByDay(
  view: Executor,
  { orgKey, action, firstDay, days }: { orgKey: OrgKey; action: AuditAction; firstDay: number; days: number },
): Promise<number[]> {
  const bounds = Array.from({ length: days + 1 }, (_, at) => firstDay + at * dayMs);
  const until = bounds.at(-1) ?? firstDay;
  const counts = await countArchived(view, orgKey, action, bounds);
  for (const { day, events } of await view.rows(selectRecentDays, {
    orgKey,
    action,
    since: firstDay,
    until,
  })) {
    const at = Number(day) - firstDay / dayMs;
    counts[at] = (counts[at] ?? 0) + Number(events);
  }
  return counts;
}

async function countArchived(
  view: Executor,
  orgKey: OrgKey,
  action: AuditAction,
  bounds: readonly number[],
): Promise<number[]> {
  const filter = { userId: null, actorId: null, action };
  const selector = selectorOf(filter);
  if (selector !== null && (await isCounted(view, orgKey, selector))) {
    const nodes = readOnce(new EventCountNodes(view, orgKey, selector));
    const events = new CountedEvents(view, { orgKey, filter, end: endKey });
    const before = await Promise.all(
      bounds.map((createdAt) => countBefore(nodes, events, { createdAt, seq: firstKey.seq })),
    );
    return before.slice(1).map((count, at) => count - (before[at] ?? 0));
  }
  const { count } = statementsOf(filter);
  const found = bounds.slice(1).map(async (until, at) => {
    const counted = await view.first(count, { ...valuesOf(orgKey, filter), since: bounds[at] ?? 0, until });
    return Number(counted?.total ?? 0);
  });
  return Promise.all(found);
}
