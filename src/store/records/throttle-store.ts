/**
 * Counts how often something happens, with a row for each hit, so that the count is exact for any window. Only allowed
 * hits become rows, so a subject never has more rows than its quotas allow.
 */
import type { LoginFailures, Quota, ThrottleStore } from '../../core/access/throttle.ts';
import type { OrgKey } from '../../core/ids.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

type BySubject = { orgKey: number; subject: string };

/**
 * The hit that must leave the window before one more is allowed: the oldest of the newest `limit` hits. If there are fewer
 * hits, there is none, and one more is allowed.
 */
const selectBlocking = statement((p: Binder<BySubject & { bucket: string; after: number; skip: number }>) =>
  build
    .selectFrom('throttle_hits')
    .select('at')
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject'))
    .where('bucket', '=', p('bucket'))
    .where('at', '>', p('after'))
    .orderBy('at', 'desc')
    .limit(1)
    .offset(p('skip')),
);

const insertHit = statement((p: Binder<BySubject & { bucket: string; at: number; expiresAt: number }>) =>
  build.insertInto('throttle_hits').values({
    org_key: p('orgKey'),
    subject: p('subject'),
    bucket: p('bucket'),
    at: p('at'),
    expires_at: p('expiresAt'),
  }),
);

const selectFailures = statement((p: Binder<BySubject>) =>
  build
    .selectFrom('login_failures')
    .select(['failures as count', 'last_at as lastAt'])
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject')),
);

/** The database counts up, so that tries that fail at the same time all count. */
const addFailure = statement((p: Binder<BySubject & { now: number }>) =>
  build
    .insertInto('login_failures')
    .values({ org_key: p('orgKey'), subject: p('subject'), failures: 1, last_at: p('now') })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'subject']).doUpdateSet((row) => ({
        failures: row('login_failures.failures', '+', 1),
        last_at: row.ref('excluded.last_at'),
      })),
    ),
);

const deleteFailures = statement((p: Binder<BySubject>) =>
  build.deleteFrom('login_failures').where('org_key', '=', p('orgKey')).where('subject', '=', p('subject')),
);

export class SqlThrottleStore implements ThrottleStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async hit(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<number | null> {
    const { executor } = this.#scope;
    const orgKey = this.#orgKey;
    // No other unit may count the same subject between the look-up and the insert.
    await executor.lockName(`throttle ${orgKey} ${bucket} ${subject}`);
    let waitMs = 0;
    let longestMs = 0;
    for (const { limit, windowMs } of quotas) {
      longestMs = Math.max(longestMs, windowMs);
      const values = { orgKey, subject, bucket, after: now - windowMs, skip: limit - 1 };
      const blocking = await executor.first(selectBlocking, values);
      if (blocking !== undefined) waitMs = Math.max(waitMs, blocking.at + windowMs - now);
    }
    if (waitMs > 0) return waitMs;
    await executor.run(insertHit, { orgKey, subject, bucket, at: now, expiresAt: now + longestMs });
    return null;
  }

  async findFailures(subject: string): Promise<LoginFailures | null> {
    return (await this.#scope.executor.first(selectFailures, { orgKey: this.#orgKey, subject })) ?? null;
  }

  async addFailure(subject: string, now: number): Promise<void> {
    await this.#scope.executor.run(addFailure, { orgKey: this.#orgKey, subject, now });
  }

  async clearFailures(subject: string): Promise<void> {
    await this.#scope.executor.run(deleteFailures, { orgKey: this.#orgKey, subject });
  }
}
