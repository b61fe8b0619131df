/** The outcomes of requests with an idempotency key, which must have their effect only once. */
import {
  type IdempotencyStore,
  type IdempotentOutcome,
  idempotencyLifeMs,
} from '../../core/access/idempotency-store.ts';
import { refuse } from '../../core/errors.ts';
import type { OrgKey } from '../../core/ids.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

/** An outcome that is older than its life is not found, even if no sweep has deleted it yet. */
const selectYounger = statement((p: Binder<{ orgKey: number; keyDigest: string; after: number }>) =>
  build
    .selectFrom('idempotency')
    .select([
      'key_digest as keyDigest',
      'body_digest as bodyDigest',
      'user_id as userId',
      'connection_id as connectionId',
      'status',
      'created_at as createdAt',
    ])
    .where('org_key', '=', p('orgKey'))
    .where('key_digest', '=', p('keyDigest'))
    .where('created_at', '>', p('after')),
);

/** Of two outcomes with the same key the first stays. One that is too old to be found is replaced. */
const insertOutcome = statement(
  (
    p: Binder<{
      orgKey: number;
      keyDigest: string;
      bodyDigest: string;
      userId: string;
      connectionId: string | null;
      status: number;
      createdAt: number;
      after: number;
    }>,
  ) =>
    build
      .insertInto('idempotency')
      .values({
        org_key: p('orgKey'),
        key_digest: p('keyDigest'),
        body_digest: p('bodyDigest'),
        user_id: p('userId'),
        connection_id: p('connectionId'),
        status: p('status'),
        created_at: p('createdAt'),
      })
      .onConflict((conflict) =>
        conflict
          .columns(['org_key', 'key_digest'])
          .doUpdateSet((row) => ({
            body_digest: row.ref('excluded.body_digest'),
            user_id: row.ref('excluded.user_id'),
            connection_id: row.ref('excluded.connection_id'),
            status: row.ref('excluded.status'),
            created_at: row.ref('excluded.created_at'),
          }))
          .where('idempotency.created_at', '<=', p('after')),
      ),
);

export class SqlIdempotencyStore implements IdempotencyStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async find(keyDigest: string, now: number): Promise<IdempotentOutcome | null> {
    const { executor } = this.#scope;
    const values = { orgKey: this.#orgKey, keyDigest, after: now - idempotencyLifeMs };
    await executor.lockName(`idempotency ${this.#orgKey} ${keyDigest}`);
    return (await executor.first(selectYounger, values)) ?? null;
  }

  async insert(outcome: IdempotentOutcome): Promise<void> {
    const { keyDigest, bodyDigest, userId, connectionId, status, createdAt } = outcome;
    const kept = await this.#scope.executor.run(insertOutcome, {
      orgKey: this.#orgKey,
      keyDigest,
      bodyDigest,
      userId,
      connectionId,
      status,
      createdAt,
      after: createdAt - idempotencyLifeMs,
    });
    if (kept === 0) throw refuse('idempotency_in_progress', { retryAfterSeconds: 1 });
  }
}
