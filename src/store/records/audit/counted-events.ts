/**
 * The lists of the archive that count trees count, and the events of such a list in their order. A list has a selector:
 * its filters as a text. Lists by a user and more filters have none: they are found among the events of the user.
 */
import type { OrgKey } from '../../../core/ids.ts';
import { isBefore, type SortKey, soleStatus } from '../../counts/count-node.ts';
import type { CountedRows, RangeRow, WritableNodes } from '../../counts/counted-rows.ts';
import type { Executor } from '../../sql/executor.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import { type ListFilter, statementsOf, valuesOf } from './audit-queries.ts';

const everything: ListFilter = { userId: null, actorId: null, action: null };

/** What of an event decides in which lists it is. */
export interface ListedEvent extends SortKey {
  readonly actorId: string | null;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
}

/** The selectors of the lists in which the event is. */
export function selectorsOf({ actorId, action, subjectKind, subjectId }: ListedEvent): readonly string[] {
  const byActor = actorId === null ? [] : [`actor ${actorId}`, `actor ${actorId} ${action}`];
  const byUser = subjectKind === 'user' ? [`user ${subjectId}`] : [];
  return ['all', `action ${action}`, ...byActor, ...byUser];
}

/** The selector of a list; null where it has none. */
export function selectorOf({ userId, actorId, action }: ListFilter): string | null {
  if (userId !== null) return actorId === null && action === null ? `user ${userId}` : null;
  if (actorId !== null) return action === null ? `actor ${actorId}` : `actor ${actorId} ${action}`;
  return action === null ? 'all' : `action ${action}`;
}

/** The filters of a selector. */
export function filterOf(selector: string): ListFilter {
  const [kind, id = null, action = null] = selector.split(' ');
  switch (kind) {
    case 'user':
      return { ...everything, userId: id };
    case 'actor':
      return { ...everything, actorId: id, action };
    case 'action':
      return { ...everything, action: id };
    default:
      return everything;
  }
}

/**
 * The events of a list up to the position `end`, which is not included. Events that were just archived are mostly the
 * newest of the list; `newest` are these events in their order, and they are then not read again.
 */
export class CountedEvents implements CountedRows {
  readonly #executor: Executor;
  readonly #filter: ListFilter;
  readonly #orgKey: OrgKey;
  readonly #end: SortKey;
  readonly #newest: readonly SortKey[];
  #isNewest: boolean | null = null;

  constructor(
    executor: Executor,
    at: { orgKey: OrgKey; filter: ListFilter; end: SortKey; newest?: readonly SortKey[] },
  ) {
    this.#executor = executor;
    this.#newest = at.newest ?? [];
    this.#orgKey = at.orgKey;
    this.#filter = at.filter;
    this.#end = at.end;
  }

  async between(from: SortKey, to: SortKey, limit = Number.MAX_SAFE_INTEGER): Promise<RangeRow[]> {
    const end = isBefore(to, this.#end) ? to : this.#end;
    const [first] = this.#newest;
    if (first === undefined || limit < Number.MAX_SAFE_INTEGER || !(await this.#areNewest(first))) {
      return this.#read(from, end, limit);
    }
    const known = this.#newest.filter((event) => !isBefore(event, from) && isBefore(event, end));
    const earlier = isBefore(from, first)
      ? await this.#read(from, isBefore(end, first) ? end : first, limit)
      : [];
    return [...earlier, ...known.map(({ createdAt, seq }) => ({ createdAt, seq, status: soleStatus }))];
  }

  /** Whether no other event of the list comes after the first of the newest. */
  async #areNewest(first: SortKey): Promise<boolean> {
    if (this.#isNewest === null) {
      const counted = await this.#executor.first(statementsOf(this.#filter).countFrom, {
        ...valuesOf(this.#orgKey, this.#filter),
        fromAt: first.createdAt,
        fromSeq: first.seq,
      });
      this.#isNewest = Number(counted?.total) === this.#newest.length;
    }
    return this.#isNewest;
  }

  async #read(from: SortKey, end: SortKey, limit: number): Promise<RangeRow[]> {
    const rows = await this.#executor.rows(statementsOf(this.#filter).positions, {
      ...valuesOf(this.#orgKey, this.#filter),
      fromAt: from.createdAt,
      fromSeq: from.seq,
      toAt: end.createdAt,
      toSeq: end.seq,
      limit,
    });
    return rows.map(({ createdAt, seq }) => ({ createdAt, seq, status: soleStatus }));
  }
}

type NodeName = { orgKey: number; selector: string; node: number };

const entriesOfNode = (p: Binder<NodeName>) =>
  build
    .selectFrom('audit_counts')
    .select('entries')
    .where('org_key', '=', p('orgKey'))
    .where('selector', '=', p('selector'))
    .where('node', '=', p('node'));

const selectNode = statement(entriesOfNode);

const upsertNode = statement((p: Binder<NodeName & { entries: Uint8Array }>) =>
  build
    .insertInto('audit_counts')
    .values({ org_key: p('orgKey'), selector: p('selector'), node: p('node'), entries: p('entries') })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'selector', 'node'])
        .doUpdateSet((row) => ({ entries: row.ref('excluded.entries') })),
    ),
);

const selectLastNode = statement((p: Binder<Omit<NodeName, 'node'>>) =>
  build
    .selectFrom('audit_counts')
    .select('node')
    .where('org_key', '=', p('orgKey'))
    .where('selector', '=', p('selector'))
    .orderBy('node', 'desc')
    .limit(1),
);

const selectNodeNames = statement((p: Binder<Omit<NodeName, 'node'>>) =>
  build
    .selectFrom('audit_counts')
    .select('node')
    .where('org_key', '=', p('orgKey'))
    .where('selector', '=', p('selector')),
);

const deleteNode = statement((p: Binder<NodeName>) =>
  build
    .deleteFrom('audit_counts')
    .where('org_key', '=', p('orgKey'))
    .where('selector', '=', p('selector'))
    .where('node', '=', p('node')),
);

const deleteNodesAfter = statement((p: Binder<NodeName>) =>
  build
    .deleteFrom('audit_counts')
    .where('org_key', '=', p('orgKey'))
    .where('selector', '=', p('selector'))
    .where('node', '>', p('node')),
);

/** The nodes of the tree of a list. A change holds the lock of the archive (`event-archive.ts`), so none is locked here. */
export class EventCountNodes implements WritableNodes {
  readonly #executor: Executor;
  readonly #name: Omit<NodeName, 'node'>;

  constructor(executor: Executor, orgKey: OrgKey, selector: string) {
    this.#executor = executor;
    this.#name = { orgKey, selector };
  }

  async find(node: number): Promise<Uint8Array | undefined> {
    return (await this.#executor.first(selectNode, { ...this.#name, node }))?.entries;
  }

  lock(node: number): Promise<Uint8Array | undefined> {
    return this.find(node);
  }

  insert(node: number, entries: Uint8Array): Promise<void> {
    return this.write(node, entries);
  }

  async write(node: number, entries: Uint8Array): Promise<void> {
    await this.#executor.run(upsertNode, { ...this.#name, node, entries });
  }

  async delete(node: number): Promise<void> {
    await this.#executor.run(deleteNode, { ...this.#name, node });
  }

  async deleteAfter(node: number): Promise<void> {
    await this.#executor.run(deleteNodesAfter, { ...this.#name, node });
  }

  /** The numbers of all nodes, in any order. */
  async names(): Promise<readonly number[]> {
    return (await this.#executor.rows(selectNodeNames, this.#name)).map(({ node }) => node);
  }

  async last(): Promise<number | undefined> {
    return (await this.#executor.first(selectLastNode, this.#name))?.node;
  }
}
