/**
 * Erasures as rows. They refer to no user, because an erasure begins with the deletion of its user. The job that completes
 * erasures claims them (`lease-claim.ts`).
 */
import { sql } from 'kysely';
import {
  type Erasure,
  type ErasureChanges,
  type ErasureCounts,
  type ErasureFilter,
  type ErasureQueue,
  type ErasureState,
  type ErasureStore,
  type ErasureSummary,
  erasureCountMax,
  erasureStates,
  type NewErasure,
  type PersonDigests,
  type RemovedRows,
  type UnwrittenPass,
} from '../../core/erasure/erasure.ts';
import type { OrgKey } from '../../core/ids.ts';
import { type Binder, build, rawStatement, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import { eraseRowsOfUser, keptTables } from '../users/user-erasure.ts';
import { type ClaimRule, freeClaims, leaseClaimInOrder } from './lease-claim.ts';

const columns = [
  'erasures.seq',
  'erasures.org_key as orgKey',
  'erasures.id',
  'erasures.user_digest as userDigest',
  'erasures.requested_at as requestedAt',
  'erasures.requested_by as requestedBy',
  'erasures.door',
  'erasures.state',
  'erasures.removed',
  'erasures.sealed_traces as sealedTraces',
  'erasures.due_at as dueAt',
  'erasures.abandon_reason as abandonReason',
  'erasures.replayed_at as replayedAt',
  'erasures.completed_at as completedAt',
  'erasures.receipt',
] as const;

type ErasureRow = Omit<Erasure, 'removed'> & { readonly seq: number; readonly removed: string };
type ById = { orgKey: number; id: string };

const openStates = ['running', 'overdue'] satisfies ErasureState[];
/** The states are part of the text, or the planner could not know that the index of open erasures serves. */
const open = openStates.map((state) => sql.lit(state));

const insertErasure = statement((p: Binder<ById & Omit<ErasureRow, 'seq'>>) =>
  build.insertInto('erasures').values({
    org_key: p('orgKey'),
    id: p('id'),
    user_digest: p('userDigest'),
    requested_at: p('requestedAt'),
    requested_by: p('requestedBy'),
    door: p('door'),
    state: p('state'),
    removed: p('removed'),
    sealed_traces: p('sealedTraces'),
    due_at: p('dueAt'),
    abandon_reason: p('abandonReason'),
    replayed_at: p('replayedAt'),
    completed_at: p('completedAt'),
    receipt: p('receipt'),
  }),
);

const byId = (p: Binder<ById>) =>
  build.selectFrom('erasures').select(columns).where('org_key', '=', p('orgKey')).where('id', '=', p('id'));

const selectOne = statement((p: Binder<ById>) => byId(p));
const lockOne = statement((p: Binder<ById>) => byId(p).forUpdate());

type OfState = { orgKey: number; state: ErasureState };
type OfPerson = OfState & { userDigest: string };
type Slice = { limit: number; skip: number };

/** Follows the index of the state, as far as the limit. */
const countOfState = rawStatement<OfState & { limit: number }, { total: number }>(
  (p) => sql`select count(*) as total from (
    select 1 from erasures where org_key = ${p('orgKey')} and state = ${p('state')} limit ${p('limit')}
  ) counted`,
);

/** A person has one erasure, or a few where a user was imported again under the same id. */
const countOfPerson = rawStatement<OfPerson & { limit: number }, { total: number }>(
  (p) => sql`select count(*) as total from (
    select 1 from erasures where org_key = ${p('orgKey')} and user_digest = ${p('userDigest')}
      and coalesce(state, '') = ${p('state')} limit ${p('limit')}
  ) counted`,
);

const selectOfState = statement((p: Binder<OfState & Slice>) =>
  build
    .selectFrom('erasures')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('state', '=', p('state'))
    .orderBy('seq', 'desc')
    .limit(p('limit'))
    .offset(p('skip')),
);

const selectOfPerson = statement((p: Binder<OfPerson & Slice>) =>
  build
    .selectFrom('erasures')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('user_digest', '=', p('userDigest'))
    // No planner uses the index of states for the value of a function.
    .where(sql`coalesce(state, '')`, '=', p('state'))
    .orderBy('seq', 'desc')
    .limit(p('limit'))
    .offset(p('skip')),
);

type ByPass = { orgKey: number; pass: string };

const insertUnwritten = statement((p: Binder<ById & ByPass>) =>
  build
    .insertInto('unwritten_receipts')
    .values({ org_key: p('orgKey'), pass: p('pass'), erasure_id: p('id') }),
);

const selectUnwritten = statement((p: Binder<ByPass & { limit: number }>) =>
  build
    .selectFrom('unwritten_receipts')
    .select('erasure_id as id')
    .where('org_key', '=', p('orgKey'))
    .where('pass', '=', p('pass'))
    .limit(p('limit')),
);

const deleteUnwritten = statement((p: Binder<ByPass>) =>
  build.deleteFrom('unwritten_receipts').where('org_key', '=', p('orgKey')).where('pass', '=', p('pass')),
);

/** There are as many as erasures that were completed when a process was killed. */
const selectPasses = statement((p: Binder<{ limit: number }>) =>
  build
    .selectFrom('unwritten_receipts')
    .select(['org_key as orgKey', 'pass'])
    .distinct()
    .orderBy('org_key')
    .orderBy('pass')
    .limit(p('limit')),
);

type Changed = {
  state: ErasureState;
  removed: string;
  sealedTraces: string | null;
  dueAt: number;
  abandonReason: string | null;
  completedAt: number | null;
  receipt: string | null;
};

const updateErasure = statement((p: Binder<ById & Changed & { expected: ErasureState }>) =>
  build
    .updateTable('erasures')
    .set({
      state: p('state'),
      removed: p('removed'),
      sealed_traces: p('sealedTraces'),
      due_at: p('dueAt'),
      abandon_reason: p('abandonReason'),
      completed_at: p('completedAt'),
      receipt: p('receipt'),
      claimed_by: null,
    })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('state', '=', p('expected')),
);

const claims: ClaimRule = {
  table: 'erasures',
  order: ['due_at', 'seq'],
  state: { column: 'state', open: openStates },
  claimant: 'claimed_by',
  counters: [],
  columns,
};
const claimDue = leaseClaimInOrder<ErasureRow>(claims);
/** Run at a start for each process of the folder that has ended. */
export const freeErasures = freeClaims(claims);

/** Without an organization, for an operator who knows only the id. */
const selectById = statement((p: Binder<{ id: string }>) =>
  build
    .selectFrom('organizations')
    .innerJoin('erasures', 'erasures.org_key', 'organizations.org_key')
    .select(columns)
    .where('erasures.id', '=', p('id')),
);

/** Without an organization: the index of each is asked for the person. */
const selectByDigest = statement((p: Binder<{ userDigest: string; limit: number }>) =>
  build
    .selectFrom('organizations')
    .innerJoin('erasures', 'erasures.org_key', 'organizations.org_key')
    .select(columns)
    .where('erasures.user_digest', '=', p('userDigest'))
    .orderBy('erasures.seq', 'desc')
    .limit(p('limit')),
);

const newest = (p: Binder<{ limit: number }>) =>
  build.selectFrom('erasures').select(columns).orderBy('seq', 'desc').limit(p('limit'));

const selectNewest = statement((p: Binder<{ limit: number }>) => newest(p));
const selectNewestComplete = statement((p: Binder<{ limit: number }>) =>
  newest(p).where('state', '=', sql.lit('complete' as const)),
);
const selectNewestOpen = statement((p: Binder<{ state: ErasureState; limit: number }>) =>
  newest(p).where('state', 'in', open).where('state', '=', p('state')),
);

const summarizeOpen = statement((_: Binder<Record<never, never>>) =>
  build
    .selectFrom('erasures')
    .select((row) => [
      sql<number>`count(case when state = 'running' then 1 end)`.as('running'),
      sql<number>`count(case when state = 'overdue' then 1 end)`.as('overdue'),
      row.fn.min('requested_at').as('since'),
    ])
    .where('state', 'in', open),
);

export class SqlErasureStore implements ErasureStore {
  readonly kept = keptTables;
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(erasure: NewErasure): Promise<void> {
    const removed = JSON.stringify(erasure.removed);
    await this.#scope.executor.insertDeferred(insertErasure, { ...erasure, removed, orgKey: this.#orgKey });
    this.#scope.notifyAfterCommit('erasures');
  }

  async find(id: string): Promise<Erasure | null> {
    const row = await this.#scope.executor.first(selectOne, { orgKey: this.#orgKey, id });
    return row === undefined ? null : toErasure(row);
  }

  async lock(id: string): Promise<Erasure | null> {
    const row = await this.#scope.executor.first(lockOne, { orgKey: this.#orgKey, id });
    return row === undefined ? null : toErasure(row);
  }

  async count(userDigest: string | null): Promise<ErasureCounts> {
    const { executor } = this.#scope;
    const limit = erasureCountMax + 1;
    const counted = erasureStates.map(async (state) => {
      const values = { orgKey: this.#orgKey, state, limit };
      const found =
        userDigest === null
          ? await executor.first(countOfState, values)
          : await executor.first(countOfPerson, { ...values, userDigest });
      return [state, Number(found?.total ?? 0)] as const;
    });
    const counts: Record<ErasureState, number> = { running: 0, overdue: 0, complete: 0 };
    for (const [state, count] of await Promise.all(counted)) counts[state] = count;
    return counts;
  }

  async list(
    { state, userDigest }: ErasureFilter & { readonly state: ErasureState },
    skip: number,
    limit: number,
  ): Promise<readonly Erasure[]> {
    const { executor } = this.#scope;
    const values = { orgKey: this.#orgKey, state, skip, limit };
    const rows =
      userDigest === null
        ? await executor.rows(selectOfState, values)
        : await executor.rows(selectOfPerson, { ...values, userDigest });
    return rows.map(toErasure);
  }

  async update(erasure: Erasure, changes: ErasureChanges): Promise<boolean> {
    const { state, removed, sealedTraces, dueAt, abandonReason, completedAt, receipt } = {
      ...erasure,
      ...changes,
    };
    const count = await this.#scope.executor.run(updateErasure, {
      ...{ orgKey: this.#orgKey, id: erasure.id, expected: erasure.state },
      ...{ state, sealedTraces, dueAt, abandonReason, completedAt, receipt },
      removed: JSON.stringify(removed),
    });
    return count === 1;
  }

  async noteUnwritten(id: string, pass: string): Promise<void> {
    await this.#scope.executor.insertDeferred(insertUnwritten, { orgKey: this.#orgKey, id, pass });
  }

  async listUnwritten(pass: string, limit: number): Promise<readonly string[]> {
    const rows = await this.#scope.executor.rows(selectUnwritten, { orgKey: this.#orgKey, pass, limit });
    return rows.map(({ id }) => id);
  }

  async noteWritten(pass: string): Promise<void> {
    await this.#scope.executor.run(deleteUnwritten, { orgKey: this.#orgKey, pass });
  }

  eraseRows(trace: PersonDigests): Promise<RemovedRows> {
    return eraseRowsOfUser(this.#scope.executor, this.#orgKey, trace);
  }
}

const selectRefused = statement((p: Binder<{ limit: number }>) =>
  build
    .selectFrom('refused_deletions')
    .select(['org_key as orgKey', 'user_digest as userDigest'])
    .orderBy('refused_at')
    .limit(p('limit')),
);

export class SqlErasureQueue implements ErasureQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  listRefused(limit: number): Promise<readonly { readonly orgKey: OrgKey; readonly userDigest: string }[]> {
    return this.#scope.executor.rows(selectRefused, { limit });
  }

  async claim(now: number, leaseMs: number, limit: number): Promise<readonly Erasure[]> {
    const rows = await claimDue(this.#scope.executor, {
      ...{ now, leaseMs, limit },
      claimedBy: this.#scope.claimant?.() ?? null,
    });
    return rows.map(toErasure);
  }

  async find(id: string): Promise<Erasure | null> {
    const row = await this.#scope.executor.first(selectById, { id });
    return row === undefined ? null : toErasure(row);
  }

  async list(state: ErasureState | null, limit: number): Promise<readonly Erasure[]> {
    const { executor } = this.#scope;
    if (state === null) return (await executor.rows(selectNewest, { limit })).map(toErasure);
    if (state === 'complete') return (await executor.rows(selectNewestComplete, { limit })).map(toErasure);
    return (await executor.rows(selectNewestOpen, { state, limit })).map(toErasure);
  }

  async listOfPerson(userDigest: string, limit: number): Promise<readonly Erasure[]> {
    return (await this.#scope.executor.rows(selectByDigest, { userDigest, limit })).map(toErasure);
  }

  listUnwrittenPasses(limit: number): Promise<readonly UnwrittenPass[]> {
    return this.#scope.executor.rows(selectPasses, { limit });
  }

  async summarize(): Promise<ErasureSummary> {
    const summary = await this.#scope.executor.first(summarizeOpen, {});
    return summary ?? { running: 0, overdue: 0, since: null };
  }
}

function toErasure({ seq: _, ...row }: ErasureRow): Erasure {
  return { ...row, removed: JSON.parse(row.removed) };
}
