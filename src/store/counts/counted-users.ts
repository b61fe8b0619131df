/** The users of an organization in their order, and the nodes of the tree that counts them. */
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { SortKey } from './count-node.ts';
import type { CountedRows, RangeRow, WritableNodes } from './counted-rows.ts';

/** Both ends are compared as pairs, so the index finds the first row directly and the read stops after the last. */
const selectRange = statement(
  (
    p: Binder<{
      orgKey: number;
      fromCreatedAt: number;
      fromSeq: number;
      toCreatedAt: number;
      toSeq: number;
      limit: number;
    }>,
  ) =>
    build
      .selectFrom('users')
      .select(['created_at as createdAt', 'seq', 'status'])
      .where('org_key', '=', p('orgKey'))
      .where((row) =>
        row(row.refTuple('created_at', 'position'), '>=', row.tuple(p('fromCreatedAt'), p('fromSeq'))),
      )
      .where((row) =>
        row(row.refTuple('created_at', 'position'), '<', row.tuple(p('toCreatedAt'), p('toSeq'))),
      )
      .orderBy('created_at')
      .orderBy('position')
      .limit(p('limit')),
);

type NodeName = { orgKey: number; node: number };

const entriesOfNode = (p: Binder<NodeName>) =>
  build
    .selectFrom('user_counts')
    .select('entries')
    .where('org_key', '=', p('orgKey'))
    .where('node', '=', p('node'));

const selectNode = statement(entriesOfNode);

const selectNodeNames = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('user_counts').select('node').where('org_key', '=', p('orgKey')),
);

/** A transaction that changes a tree locks the root until its commit: the root is the lock of the whole tree. */
const lockNode = statement((p: Binder<NodeName>) => entriesOfNode(p).forUpdate());

const insertNode = statement((p: Binder<NodeName & { entries: Uint8Array }>) =>
  build
    .insertInto('user_counts')
    .values({ org_key: p('orgKey'), node: p('node'), entries: p('entries') })
    .onConflict((conflict) => conflict.doNothing()),
);

const selectLastNode = statement((p: Binder<{ orgKey: number }>) =>
  build
    .selectFrom('user_counts')
    .select('node')
    .where('org_key', '=', p('orgKey'))
    .orderBy('node', 'desc')
    .limit(1),
);

const upsertNode = statement((p: Binder<NodeName & { entries: Uint8Array }>) =>
  build
    .insertInto('user_counts')
    .values({ org_key: p('orgKey'), node: p('node'), entries: p('entries') })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'node']).doUpdateSet((row) => ({ entries: row.ref('excluded.entries') })),
    ),
);

const deleteNode = statement((p: Binder<NodeName>) =>
  build.deleteFrom('user_counts').where('org_key', '=', p('orgKey')).where('node', '=', p('node')),
);

const deleteNodesAfter = statement((p: Binder<NodeName>) =>
  build.deleteFrom('user_counts').where('org_key', '=', p('orgKey')).where('node', '>', p('node')),
);

export class CountedUsers implements CountedRows {
  readonly #executor: Executor;
  readonly #orgKey: OrgKey;

  constructor(executor: Executor, orgKey: OrgKey) {
    this.#executor = executor;
    this.#orgKey = orgKey;
  }

  between(from: SortKey, to: SortKey, limit = Number.MAX_SAFE_INTEGER): Promise<RangeRow[]> {
    return this.#executor.rows(selectRange, {
      orgKey: this.#orgKey,
      fromCreatedAt: from.createdAt,
      fromSeq: from.seq,
      toCreatedAt: to.createdAt,
      toSeq: to.seq,
      limit,
    });
  }
}

export class UserCountNodes implements WritableNodes {
  readonly #executor: Executor;
  readonly #orgKey: OrgKey;

  constructor(executor: Executor, orgKey: OrgKey) {
    this.#executor = executor;
    this.#orgKey = orgKey;
  }

  async find(node: number): Promise<Uint8Array | undefined> {
    return (await this.#executor.first(selectNode, this.#named(node)))?.entries;
  }

  async lock(node: number): Promise<Uint8Array | undefined> {
    return (await this.#executor.first(lockNode, this.#named(node)))?.entries;
  }

  async insert(node: number, entries: Uint8Array): Promise<void> {
    await this.#executor.run(insertNode, { ...this.#named(node), entries });
  }

  async write(node: number, entries: Uint8Array): Promise<void> {
    await this.#executor.insertDeferred(upsertNode, { ...this.#named(node), entries });
  }

  async delete(node: number): Promise<void> {
    await this.#executor.run(deleteNode, this.#named(node));
  }

  async deleteAfter(node: number): Promise<void> {
    await this.#executor.run(deleteNodesAfter, this.#named(node));
  }

  async last(): Promise<number | undefined> {
    return (await this.#executor.first(selectLastNode, { orgKey: this.#orgKey }))?.node;
  }

  /** The numbers of all nodes, in any order. */
  async names(): Promise<readonly number[]> {
    const rows = await this.#executor.rows(selectNodeNames, { orgKey: this.#orgKey });
    return rows.map(({ node }) => node);
  }

  #named(node: number): NodeName {
    return { orgKey: this.#orgKey, node };
  }
}
