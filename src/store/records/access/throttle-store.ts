/**
 * Counts how often something happens, with a row for each hit, so that the count is exact for any window. Only allowed
 * hits become rows, so a subject never has more rows than its quotas allow.
 */

import { sql } from 'kysely';
import type { GuessSource, LoginFailures, Quota, ThrottleStore } from '../../../core/access/throttle.ts';
import type { OrgKey } from '../../../core/ids.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type BySubject = { orgKey: number; subject: string };
type From = { network: string; group: string };

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

/** The row of the network, and the row of its group. */
const selectFailures = statement((p: Binder<BySubject & From>) =>
  build
    .selectFrom('login_failures')
    .select(['network', 'failures', 'last_at as lastAt', 'debt_until as debtUntil'])
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject'))
    .where('network', 'in', [p('network'), p('group')]),
);

/** The database counts up, so that tries that fail at the same time all count. */
const addFailure = statement((p: Binder<BySubject & { network: string; now: number; debtUntil: number }>) =>
  build
    .insertInto('login_failures')
    .values({
      org_key: p('orgKey'),
      subject: p('subject'),
      network: p('network'),
      failures: 1,
      last_at: p('now'),
      debt_until: p('debtUntil'),
    })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'subject', 'network']).doUpdateSet((row) => ({
        failures: row('login_failures.failures', '+', 1),
        last_at: row.ref('excluded.last_at'),
        debt_until: sql<number>`case when login_failures.debt_until > excluded.last_at
            then login_failures.debt_until + excluded.debt_until - excluded.last_at
            else excluded.debt_until end`,
      })),
    ),
);

const deleteFailures = statement((p: Binder<BySubject>) =>
  build.deleteFrom('login_failures').where('org_key', '=', p('orgKey')).where('subject', '=', p('subject')),
);

const deleteFailuresFrom = statement((p: Binder<BySubject & { network: string }>) =>
  build
    .deleteFrom('login_failures')
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject'))
    .where('network', '=', p('network')),
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

  async findFailures(subject: string, from: GuessSource): Promise<LoginFailures> {
    const values = { orgKey: this.#orgKey, subject, ...from };
    const rows = await this.#scope.executor.rows(selectFailures, values);
    const own = rows.find(({ network }) => network === from.network);
    const group = rows.find(({ network }) => network === from.group);
    return { count: own?.failures ?? 0, lastAt: own?.lastAt ?? 0, debtUntil: group?.debtUntil ?? 0 };
  }

  async addFailure(subject: string, from: GuessSource, now: number, debtMs: number): Promise<void> {
    const values = { orgKey: this.#orgKey, subject, now, debtUntil: now + debtMs };
    await this.#scope.executor.run(addFailure, { ...values, network: from.network });
    await this.#scope.executor.run(addFailure, { ...values, network: from.group });
  }

  async clearFailures(subject: string, network?: string): Promise<void> {
    const own = { orgKey: this.#orgKey, subject };
    await (network === undefined
      ? this.#scope.executor.run(deleteFailures, own)
      : this.#scope.executor.run(deleteFailuresFrom, { ...own, network }));
  }
}
