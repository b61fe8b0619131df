/**
 * The archive of audit events. A change writes its event among the newest; here a job moves the oldest of those into the
 * archive, which has the indexes of the lists. An event is in exactly one of the two tables, so a snapshot of both is the
 * whole log, whatever the order in which transactions commit.
 *
 * A list of the archive that has become long is counted by a tree (`src/store/counts`), which finds its total and any page
 * in a few reads. An archived event asks with a small chance whether its lists are long: a list of twice the length is
 * counted almost certainly. A tree is filled from the oldest event on, in parts; until it is whole, lists count along the index.
 *
 * All changes of the archive of one organization hold one lock.
 */
import { sql } from 'kysely';
import type { OrgKey } from '../../../core/ids.ts';
import { type CountShape, defaultCountShape } from '../../counts/count-change.ts';
import { endKey, firstKey, isBefore, type SortKey, soleStatus } from '../../counts/count-node.ts';
import { CountTree, rootNode } from '../../counts/count-tree.ts';
import type { Executor } from '../../sql/executor.ts';
import { type Binder, build, rawStatement, statement } from '../../sql/statement.ts';
import { statementsOf, valuesOf } from './audit-queries.ts';
import { CountedEvents, EventCountNodes, filterOf, type ListedEvent, selectorsOf } from './counted-events.ts';

/** A list with so many events is long. */
const longList = 1_000;
/** One of so many archived events asks whether its lists are long. */
const askingOneOf = 64;

type OfOrganization = { orgKey: number };
type UpTo = OfOrganization & { seq: number };

const archiveColumns = sql.raw(
  'org_key, at, seq, id, actor_kind, actor_id, door, action, subject_kind, subject_id, fields, users, times, tally',
);
const listedColumns = sql.raw(
  'at as "createdAt", seq, actor_id as "actorId", action, subject_kind as "subjectKind", subject_id as "subjectId"',
);

const selectLastOfOldest = rawStatement<OfOrganization & { limit: number }, { seq: number | null }>(
  (p) => sql`select max(seq) as seq from (
    select seq from audit_events where org_key = ${p('orgKey')} order by seq limit ${p('limit')}
  ) oldest`,
);

const insertArchived = rawStatement<UpTo, ListedEvent>(
  (p) => sql`
    insert into audit_archive (${archiveColumns})
      select ${archiveColumns} from audit_events where org_key = ${p('orgKey')} and seq <= ${p('seq')}
      returning ${listedColumns}`,
);

/** An event that another transaction has committed since then is not in the archive, and stays. */
const deleteArchived = rawStatement<UpTo, never>(
  (p) => sql`
    delete from audit_events where org_key = ${p('orgKey')} and seq <= ${p('seq')} and exists (
      select 1 from audit_archive as archived where archived.org_key = audit_events.org_key
        and archived.at = audit_events.at and archived.seq = audit_events.seq
    )`,
);

const selectLastDue = rawStatement<OfOrganization & { until: number; limit: number }, SortKey>(
  (p) => sql`select at as "createdAt", seq from audit_archive
    where org_key = ${p('orgKey')} and at <= ${p('until')} order by at, seq limit ${p('limit')}`,
);

const deleteDue = rawStatement<OfOrganization & { at: number; seq: number }, ListedEvent>(
  (p) => sql`
    delete from audit_archive where org_key = ${p('orgKey')} and (at, seq) <= (${p('at')}, ${p('seq')})
      returning ${listedColumns}`,
);

/** A list that is counted: up to which position, not included. */
export interface CountedList {
  readonly selector: string;
  readonly end: SortKey;
}

const selectLists = statement((p: Binder<OfOrganization>) =>
  build
    .selectFrom('audit_lists')
    .select(['selector', 'counted_at as countedAt', 'counted_seq as countedSeq'])
    .where('org_key', '=', p('orgKey')),
);

const selectList = statement((p: Binder<OfOrganization & { selector: string }>) =>
  build
    .selectFrom('audit_lists')
    .select(['counted_at as countedAt'])
    .where('org_key', '=', p('orgKey'))
    .where('selector', '=', p('selector')),
);

const upsertList = statement(
  (p: Binder<OfOrganization & { selector: string; at: number | null; seq: number | null }>) =>
    build
      .insertInto('audit_lists')
      .values({ org_key: p('orgKey'), selector: p('selector'), counted_at: p('at'), counted_seq: p('seq') })
      .onConflict((conflict) =>
        conflict.columns(['org_key', 'selector']).doUpdateSet((row) => ({
          counted_at: row.ref('excluded.counted_at'),
          counted_seq: row.ref('excluded.counted_seq'),
        })),
      ),
);

/** The lists that trees count, wholly or in part. */
export async function listsOf(view: Executor, orgKey: OrgKey): Promise<readonly CountedList[]> {
  const rows = await view.rows(selectLists, { orgKey });
  return rows.map(({ selector, countedAt, countedSeq }) => ({
    selector,
    end: countedAt === null ? endKey : { createdAt: countedAt, seq: countedSeq ?? 0 },
  }));
}

/** Whether a tree has counted all events of the list. */
export async function isCounted(view: Executor, orgKey: OrgKey, selector: string): Promise<boolean> {
  const row = await view.first(selectList, { orgKey, selector });
  return row !== undefined && row.countedAt === null;
}

/** Waits for other changes of the archive, and keeps them out until the transaction ends. */
export function lockArchive(executor: Executor, orgKey: OrgKey): Promise<void> {
  return executor.lockName(`audit archive ${orgKey}`);
}

/** The archive of one organization, in a transaction. */
export class EventArchive {
  readonly #executor: Executor;
  readonly #orgKey: OrgKey;
  readonly #shape: CountShape;

  constructor(executor: Executor, orgKey: OrgKey, shape = defaultCountShape) {
    this.#executor = executor;
    this.#orgKey = orgKey;
    this.#shape = shape;
  }

  /** Archives the oldest of the newest events, at most `limit`. Returns how many. */
  async add(limit: number): Promise<number> {
    await lockArchive(this.#executor, this.#orgKey);
    const last = await this.#executor.first(selectLastOfOldest, { orgKey: this.#orgKey, limit });
    const seq = last?.seq ?? null;
    if (seq === null) return 0;
    const events = await this.#executor.rows(insertArchived, { orgKey: this.#orgKey, seq });
    await this.#executor.run(deleteArchived, { orgKey: this.#orgKey, seq });
    const known = await this.#count(events, 1);
    await this.#findLongLists(events, known);
    return events.length;
  }

  /** Deletes events up to the instant `until`, oldest first, at most `limit`. Returns how many. */
  async sweep(until: number, limit: number): Promise<number> {
    await lockArchive(this.#executor, this.#orgKey);
    const due = await this.#executor.rows(selectLastDue, { orgKey: this.#orgKey, until, limit });
    const last = due.at(-1);
    if (last === undefined) return 0;
    const where = { orgKey: this.#orgKey, at: last.createdAt, seq: last.seq };
    const events = await this.#executor.rows(deleteDue, where);
    await this.#count(events, -1);
    return events.length;
  }

  /** Counts at most `limit` more events of a list that is not counted yet. Returns false where there is no such list. */
  async countMore(limit: number): Promise<boolean> {
    await lockArchive(this.#executor, this.#orgKey);
    const lists = await listsOf(this.#executor, this.#orgKey);
    const list = lists.find(({ end }) => end !== endKey);
    if (list === undefined) return false;
    const events = await this.#eventsOf(list.selector, endKey).between(list.end, endKey, limit);
    const last = events.at(-1);
    const isWhole = events.length < limit || last === undefined;
    const end = isWhole ? endKey : { createdAt: last.createdAt, seq: last.seq + 1 };
    const changes = events.map(({ createdAt, seq }) => changeAt({ createdAt, seq }, 1));
    const isRight = await this.#treeOf({ selector: list.selector, end }).apply(changes);
    await (isRight ? this.#setList(list.selector, end) : this.#beginList(list.selector));
    return true;
  }

  /** Begins to count the lists again: `countMore` fills their trees, and until then they count along their index. */
  async beginAgain(selectors: readonly string[]): Promise<void> {
    await lockArchive(this.#executor, this.#orgKey);
    for (const selector of selectors) await this.#beginList(selector);
  }

  /** Counts events that have come or gone in the trees of their lists. Returns the selectors of these trees. */
  async #count(events: readonly ListedEvent[], delta: 1 | -1): Promise<ReadonlySet<string>> {
    const lists = await listsOf(this.#executor, this.#orgKey);
    const own = new Map(lists.map(({ selector }) => [selector, [] as ListedEvent[]]));
    for (const event of events) for (const selector of selectorsOf(event)) own.get(selector)?.push(event);
    for (const list of lists) {
      const counted = (own.get(list.selector) ?? []).filter((event) => isBefore(event, list.end));
      if (counted.length === 0) continue;
      const newest = delta === 1 ? counted.toSorted(inOrder) : [];
      const isRight = await this.#treeOf(list, newest).apply(counted.map((event) => changeAt(event, delta)));
      if (!isRight) await this.#beginList(list.selector);
    }
    return new Set(lists.map(({ selector }) => selector));
  }

  async #findLongLists(events: readonly ListedEvent[], known: ReadonlySet<string>): Promise<void> {
    const asking = events.filter(() => Math.random() * askingOneOf < 1);
    const asked = new Set(asking.flatMap(selectorsOf).filter((selector) => !known.has(selector)));
    for (const selector of asked) if (await this.#isLong(selector)) await this.#beginList(selector);
  }

  async #isLong(selector: string): Promise<boolean> {
    const filter = filterOf(selector);
    const there = await this.#executor.first(statementsOf(filter).positionOf, {
      ...valuesOf(this.#orgKey, filter),
      since: firstKey.createdAt,
      beforeAt: endKey.createdAt,
      beforeSeq: endKey.seq,
      skip: longList - 1,
    });
    return there !== undefined;
  }

  /** Begins to count a list, from its oldest event on. */
  async #beginList(selector: string): Promise<void> {
    const nodes = new EventCountNodes(this.#executor, this.#orgKey, selector);
    await nodes.delete(rootNode);
    await nodes.deleteAfter(rootNode);
    await this.#setList(selector, firstKey);
  }

  async #setList(selector: string, end: SortKey): Promise<void> {
    const isWhole = end === endKey;
    const [at, seq] = isWhole ? [null, null] : [end.createdAt, end.seq];
    await this.#executor.run(upsertList, { orgKey: this.#orgKey, selector, at, seq });
  }

  #treeOf({ selector, end }: CountedList, newest?: readonly SortKey[]): CountTree {
    const nodes = new EventCountNodes(this.#executor, this.#orgKey, selector);
    return new CountTree(this.#eventsOf(selector, end, newest), nodes, this.#shape);
  }

  #eventsOf(selector: string, end: SortKey, newest: readonly SortKey[] = []): CountedEvents {
    const filter = filterOf(selector);
    return new CountedEvents(this.#executor, { orgKey: this.#orgKey, filter, end, newest });
  }
}

function inOrder(left: SortKey, right: SortKey): number {
  return left.createdAt - right.createdAt || left.seq - right.seq;
}

function changeAt(at: SortKey, delta: 1 | -1) {
  return { at, delta, status: soleStatus };
}
