/**
 * A page of a list of audit events, newest first, from the archive and the newest events. The newest that come after the whole
 * archive are counted and skipped as one block; the others, such as counts of the present hour, are merged into the page.
 */

import type { OrgKey } from '../../../core/ids.ts';
import type { AuditFilter } from '../../../core/record/audit-event.ts';
import { endKey, firstKey, type SortKey } from '../../counts/count-node.ts';
import { countBefore, positionAt } from '../../counts/count-position.ts';
import { readOnce } from '../../counts/counted-rows.ts';
import type { Executor } from '../../sql/executor.ts';
import { type EventRow, statementsOf, valuesOf } from './audit-queries.ts';
import { CountedEvents, EventCountNodes, selectorOf } from './counted-events.ts';
import { isCounted } from './event-archive.ts';

interface Asked {
  readonly orgKey: OrgKey;
  readonly filter: AuditFilter;
  readonly offset: number;
  readonly size: number;
}

/** Needs a snapshot. */
export async function pageOf(
  view: Executor,
  { orgKey, filter, offset, size }: Asked,
): Promise<{ items: readonly EventRow[]; total: number }> {
  const { recentCount, recent } = statementsOf(filter);
  const bounds = {
    ...valuesOf(orgKey, filter),
    since: filter.since ?? firstKey.createdAt,
    until: filter.until ?? endKey.createdAt,
  };
  const archive = await openArchive(view, orgKey, filter);
  const [newest] = await archive.rows(0, 1);
  const counted = await view.first(recentCount, {
    ...bounds,
    afterAt: newest?.at ?? firstKey.createdAt,
    afterSeq: newest?.seq ?? firstKey.seq,
  });
  const recentTotal = Number(counted?.total ?? 0);
  const later = Number(counted?.later ?? 0);
  const total = archive.total + recentTotal;
  // Among the archived events, the page begins at `start`; fewer of the newest are among them than before it.
  const start = Math.max(0, offset - later);
  const from = Math.max(0, start - (recentTotal - later));
  const until = Math.max(0, offset + size - later);
  const skip = Math.min(offset, later);
  const limit = Math.min(recentTotal - later, until) + Math.max(0, Math.min(size, later - offset));
  const rows = [
    ...(limit === 0 ? [] : await view.rows(recent, { ...bounds, skip, limit })),
    ...(await archive.rows(from, until - from)),
  ];
  const inOrder = rows.sort((left, right) => right.at - left.at || right.seq - left.seq);
  return { items: inOrder.slice(start - from, start - from + size), total };
}

/** The archived events of a list, newest first. */
interface ArchivedList {
  readonly total: number;
  rows(offset: number, limit: number): Promise<readonly EventRow[]>;
}

async function openArchive(view: Executor, orgKey: OrgKey, filter: AuditFilter): Promise<ArchivedList> {
  const selector = selectorOf(filter);
  const isInTree = selector !== null && (await isCounted(view, orgKey, selector));
  return isInTree ? openCounted(view, { orgKey, filter, selector }) : openUncounted(view, orgKey, filter);
}

/** Counts and skips along the index. */
async function openUncounted(view: Executor, orgKey: OrgKey, filter: AuditFilter): Promise<ArchivedList> {
  const { page, positionOf, count } = statementsOf(filter);
  const values = { ...valuesOf(orgKey, filter), since: filter.since ?? firstKey.createdAt };
  const until = filter.until ?? endKey.createdAt;
  const counted = await view.first(count, { ...values, until });
  const total = Number(counted?.total ?? 0);
  const end = { beforeAt: until, beforeSeq: firstKey.seq };
  return {
    total,
    async rows(skip, limit) {
      if (skip >= total || limit <= 0) return [];
      const first = await view.first(positionOf, { ...values, ...end, skip });
      if (first === undefined) return [];
      // The page begins with this event.
      const before = keyBefore({ createdAt: first.createdAt, seq: first.seq + 1 });
      return view.rows(page, { ...values, ...before, skip: 0, limit });
    },
  };
}

/** Counts and skips in the tree of the list. */
async function openCounted(
  view: Executor,
  { orgKey, filter, selector }: Pick<Asked, 'orgKey' | 'filter'> & { readonly selector: string },
): Promise<ArchivedList> {
  const nodes = readOnce(new EventCountNodes(view, orgKey, selector));
  const events = new CountedEvents(view, { orgKey, filter, end: endKey });
  const countUpTo = (at: number | null): Promise<number> | null =>
    at === null ? null : countBefore(nodes, events, { createdAt: at, seq: firstKey.seq });
  const { total: all } = await positionAt(nodes, 0);
  const end = (await countUpTo(filter.until)) ?? all;
  const total = Math.max(0, end - ((await countUpTo(filter.since)) ?? 0));
  return {
    total,
    async rows(offset, limit) {
      if (offset >= total || limit <= 0) return [];
      const { position } = await positionAt(nodes, offset + all - end);
      if (position === null) return [];
      const { before, skip } = position;
      return view.rows(statementsOf(filter).page, {
        ...valuesOf(orgKey, filter),
        since: filter.since ?? firstKey.createdAt,
        ...keyBefore(before),
        skip,
        limit,
      });
    },
  };
}

function keyBefore({ createdAt, seq }: SortKey) {
  return { beforeAt: createdAt, beforeSeq: seq };
}
