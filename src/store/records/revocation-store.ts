/**
 * Revocations as rows. The job that revokes grants claims them (`lease-claim.ts`); each claim is counted as an attempt.
 * Each change names the version that it has read, so the result of an attempt counts only for the grant that it tried.
 */
import { sql } from 'kysely';
import type { OrgKey } from '../../core/ids.ts';
import {
  type NewRevocation,
  type Revocation,
  type RevocationChanges,
  type RevocationQueue,
  type RevocationState,
  type RevocationStore,
  type RevocationSummary,
  revocationDueMs,
} from '../../core/providers/revocation.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import { type ClaimRule, freeClaims, leaseClaim } from './lease-claim.ts';

type ById = { orgKey: number; id: string };

const columns = [
  'revocations.org_key as orgKey',
  'revocations.id as id',
  'revocations.connection_id as connectionId',
  'revocations.provider as provider',
  'revocations.sealed_grant as sealedGrant',
  'revocations.erasure_id as erasureId',
  'revocations.state as state',
  'revocations.unanswered as unanswered',
  'revocations.attempts as attempts',
  'revocations.next_attempt_at as nextAttemptAt',
  'revocations.outcome as outcome',
  'revocations.deadline_at as deadlineAt',
  'revocations.version as version',
  'revocations.created_at as createdAt',
  'revocations.ended_at as endedAt',
] as const;

const openStates = ['pending', 'overdue'] satisfies RevocationState[];
/** The states are part of the text, not values, so that the index of open revocations serves. */
const open = openStates.map((state) => sql.lit(state));

const insertRevocation = statement(
  (
    p: Binder<
      ById & {
        connectionId: string;
        provider: string;
        sealedGrant: string;
        erasureId: string | null;
        unanswered: number;
        nextAttemptAt: number;
        deadlineAt: number;
        createdAt: number;
      }
    >,
  ) =>
    build.insertInto('revocations').values({
      org_key: p('orgKey'),
      id: p('id'),
      connection_id: p('connectionId'),
      provider: p('provider'),
      sealed_grant: p('sealedGrant'),
      erasure_id: p('erasureId'),
      state: 'pending',
      unanswered: p('unanswered'),
      attempts: 0,
      next_attempt_at: p('nextAttemptAt'),
      outcome: null,
      deadline_at: p('deadlineAt'),
      version: 1,
      created_at: p('createdAt'),
      ended_at: null,
    }),
);

const selectOne = statement((p: Binder<ById>) =>
  build
    .selectFrom('revocations')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

type OfConnection = { orgKey: number; connectionId: string };

const lockOfConnection = (states: readonly RevocationState[]) =>
  statement((p: Binder<OfConnection>) =>
    build
      .selectFrom('revocations')
      .select(columns)
      .where('org_key', '=', p('orgKey'))
      .where('connection_id', '=', p('connectionId'))
      .where(
        'state',
        'in',
        states.map((state) => sql.lit(state)),
      )
      .orderBy('seq')
      .forUpdate(),
  );

const lockOpenOfConnection = lockOfConnection(openStates);
const lockAbandonedOfConnection = lockOfConnection(['abandoned']);

const selectOfErasure = statement((p: Binder<{ orgKey: number; erasureId: string }>) =>
  build
    .selectFrom('revocations')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('erasure_id', '=', p('erasureId'))
    .orderBy('seq'),
);

type Changed = Required<{ [K in keyof RevocationChanges]: Exclude<RevocationChanges[K], undefined> }>;

const updateRevocation = statement((p: Binder<ById & Changed & { version: number }>) =>
  build
    .updateTable('revocations')
    .set((row) => ({
      state: p('state'),
      sealed_grant: p('sealedGrant'),
      erasure_id: p('erasureId'),
      unanswered: p('unanswered'),
      next_attempt_at: p('nextAttemptAt'),
      outcome: p('outcome'),
      deadline_at: p('deadlineAt'),
      ended_at: p('endedAt'),
      claimed_by: null,
      version: row('version', '+', 1),
    }))
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('version', '=', p('version')),
);

const deleteRevocation = statement((p: Binder<ById & { version: number }>) =>
  build
    .deleteFrom('revocations')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('version', '=', p('version'))
    .where('state', 'in', open),
);

const claims: ClaimRule = {
  table: 'revocations',
  order: ['next_attempt_at', 'seq'],
  state: { column: 'state', open: openStates },
  by: 'provider',
  claimant: 'claimed_by',
  counters: ['attempts', 'version'],
  columns,
};
const claimDue = leaseClaim<Revocation>(claims);
/** Run at a start for each process of the folder that has ended. */
export const freeRevocations = freeClaims(claims);

const selectMissed = statement((p: Binder<{ now: number; limit: number }>) =>
  build
    .selectFrom('revocations')
    .select(columns)
    .where('state', '=', sql.lit('pending'))
    .where('deadline_at', '<=', p('now'))
    .orderBy('deadline_at')
    .limit(p('limit')),
);

const summarizeOpen = statement((_: Binder<Record<never, never>>) =>
  build
    .selectFrom('revocations')
    .select(['provider'])
    .select((row) => [
      sql<number>`count(case when state = 'pending' then 1 end)`.as('pending'),
      sql<number>`count(case when state = 'overdue' then 1 end)`.as('overdue'),
      row.fn.min('created_at').as('since'),
      row.fn.max('attempts').as('attemptsMax'),
      row.fn.max('outcome').as('outcome'),
    ])
    .where('state', 'in', open)
    .groupBy('provider')
    .orderBy('provider'),
);

export class SqlRevocationStore implements RevocationStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(revocation: NewRevocation): Promise<void> {
    await this.#scope.executor.run(insertRevocation, {
      ...revocation,
      orgKey: this.#orgKey,
      deadlineAt: revocation.createdAt + revocationDueMs,
    });
    this.#scope.notifyAfterCommit('revocations');
  }

  async find(id: string): Promise<Revocation | null> {
    return (await this.#scope.executor.first(selectOne, { orgKey: this.#orgKey, id })) ?? null;
  }

  lockOpenOf(connectionId: string): Promise<readonly Revocation[]> {
    return this.#scope.executor.rows(lockOpenOfConnection, { orgKey: this.#orgKey, connectionId });
  }

  lockAbandonedOf(connectionId: string): Promise<readonly Revocation[]> {
    return this.#scope.executor.rows(lockAbandonedOfConnection, { orgKey: this.#orgKey, connectionId });
  }

  listOfErasure(erasureId: string): Promise<readonly Revocation[]> {
    return this.#scope.executor.rows(selectOfErasure, { orgKey: this.#orgKey, erasureId });
  }

  async update(revocation: Revocation, changes: RevocationChanges): Promise<boolean> {
    const count = await this.#scope.executor.run(updateRevocation, {
      ...revocation,
      ...changes,
      orgKey: this.#orgKey,
      version: revocation.version,
    });
    if (count === 1 && changes.nextAttemptAt !== undefined) this.#scope.notifyAfterCommit('revocations');
    return count === 1;
  }

  async withdraw({ id, version }: Pick<Revocation, 'id' | 'version'>): Promise<boolean> {
    return (await this.#scope.executor.run(deleteRevocation, { orgKey: this.#orgKey, id, version })) === 1;
  }
}

export class SqlRevocationQueue implements RevocationQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  claim(provider: string, now: number, leaseMs: number, limit: number): Promise<readonly Revocation[]> {
    const claimedBy = this.#scope.claimant?.() ?? null;
    return claimDue(this.#scope.executor, { by: provider, now, leaseMs, limit, claimedBy });
  }

  listMissed(now: number, limit: number): Promise<readonly Revocation[]> {
    return this.#scope.executor.rows(selectMissed, { now, limit });
  }

  summarize(): Promise<readonly RevocationSummary[]> {
    return this.#scope.executor.rows(summarizeOpen, {});
  }
}
