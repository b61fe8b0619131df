/**
 * Counts how often something happens, with a row for each hit, so that the count is exact for any window. Only allowed
 * hits become rows, so a subject never has more rows than its quotas allow.
 */

import { sql } from 'kysely';
import type {
  GuessSource,
  Hit,
  LoginFailures,
  NetworkGroup,
  Quota,
  RefusedHit,
  SubjectQuota,
  ThrottleStore,
} from '../../../core/access/throttle.ts';
import { guessWindowMs, networkGroups } from '../../../core/access/throttle.ts';
import type { OrgKey } from '../../../core/ids.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { blockingHitsIn, findRefusedHit, valuesOf } from './blocking-hits.ts';

type BySubject = { orgKey: number; subject: string };

const insertHit = statement((p: Binder<BySubject & { bucket: string; at: number; expiresAt: number }>) =>
  build.insertInto('throttle_hits').values({
    org_key: p('orgKey'),
    subject: p('subject'),
    bucket: p('bucket'),
    at: p('at'),
    expires_at: p('expiresAt'),
  }),
);

type NestedHits = { orgKey: number; bucket: string; at: number } & Record<
  `${'subject' | 'expiresAt'}${number}`,
  string | number
>;

const selectBlocking = blockingHitsIn('throttle_hits');

const insertNestedHits = [1, 2, 3].map((count) =>
  statement((p: Binder<NestedHits>) =>
    build.insertInto('throttle_hits').values(
      Array.from({ length: count }, (_, level) => ({
        org_key: p('orgKey'),
        subject: sql<string>`${p(`subject${level}`)}`,
        bucket: p('bucket'),
        at: p('at'),
        expires_at: sql<number>`${p(`expiresAt${level}`)}`,
      })),
    ),
  ),
);

/** The row of the network, and the rows of the groups. */
const selectFailures = statement((p: Binder<BySubject & { network: string }>) =>
  build
    .selectFrom('login_failures')
    .select(['network', 'failures', 'last_at as lastAt', 'debt_until as debtUntil'])
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject'))
    .where('network', 'in', [p('network'), ...networkGroups.map((group) => sql.lit(group))]),
);

/**
 * The database counts up, so that tries that fail at the same time all count. No debt is longer than the window: a group
 * with a limit has none, and one that was written while the clock was wrong is cut.
 */
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
        debt_until: sql<number>`excluded.debt_until + case
          when login_failures.debt_until <= excluded.last_at then 0
          when login_failures.debt_until > excluded.last_at + ${sql.lit(guessWindowMs)} then ${sql.lit(guessWindowMs)}
          else login_failures.debt_until - excluded.last_at end`,
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

const selectHits = statement((p: Binder<BySubject & { now: number }>) =>
  build
    .selectFrom('throttle_hits')
    .select(['subject', 'bucket', 'at'])
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject'))
    .where('expires_at', '>', p('now')),
);

const selectAllFailures = statement((p: Binder<BySubject>) =>
  build
    .selectFrom('login_failures')
    .select(['network', 'failures', 'last_at as lastAt', 'debt_until as debtUntil'])
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject')),
);

const deleteHits = statement((p: Binder<BySubject>) =>
  build.deleteFrom('throttle_hits').where('org_key', '=', p('orgKey')).where('subject', '=', p('subject')),
);

export class SqlThrottleStore implements ThrottleStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async hit(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<number | null> {
    // No other unit may count the same subject between the look-up and the insert. The look-up is sent right behind the lock.
    const locked = this.#lock(bucket, subject);
    const [waitMs] = await Promise.all([this.findWait(bucket, subject, quotas, now), locked]);
    if (waitMs === null) await this.count(bucket, subject, quotas, now);
    return waitMs;
  }

  async findWait(
    bucket: string,
    subject: string,
    quotas: readonly Quota[],
    now: number,
  ): Promise<number | null> {
    const subjects = quotas.map((quota) => ({ subject, quota }));
    return (await this.#findRefused(bucket, subjects, now))?.waitMs ?? null;
  }

  count(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<void> {
    const expiresAt = now + Math.max(...quotas.map(({ windowMs }) => windowMs));
    const hit = { orgKey: this.#orgKey, subject, bucket, at: now, expiresAt };
    return this.#scope.executor.insertDeferred(insertHit, hit);
  }

  async hitNested(
    bucket: string,
    subjects: readonly SubjectQuota[],
    now: number,
  ): Promise<RefusedHit | null> {
    const insert = insertNestedHits[subjects.length - 1];
    if (insert === undefined) throw new Error(`${subjects.length} subjects of one hit`);
    // Every hit of an inner subject is one of the outermost, so one lock is enough.
    const locked = this.#lock(bucket, subjects.at(-1)?.subject ?? '');
    const [refused] = await Promise.all([this.#findRefused(bucket, subjects, now), locked]);
    if (refused !== null) return refused;
    await this.#scope.executor.runDeferred(insert, {
      ...{ orgKey: this.#orgKey, bucket, at: now },
      ...valuesOf(subjects, 'subject', ({ subject }) => subject),
      ...valuesOf(subjects, 'expiresAt', ({ quota }) => now + quota.windowMs),
    });
    return null;
  }

  async findFailures(
    subject: string,
    network: string,
  ): Promise<Readonly<Record<NetworkGroup, LoginFailures>>> {
    const values = { orgKey: this.#orgKey, subject, network };
    const rows = await this.#scope.executor.rows(selectFailures, values);
    const rowOf = (name: string) => rows.find((row) => row.network === name);
    const own = { count: rowOf(network)?.failures ?? 0, lastAt: rowOf(network)?.lastAt ?? 0 };
    const ofGroup = (group: NetworkGroup): LoginFailures => ({
      ...own,
      debtUntil: rowOf(group)?.debtUntil ?? 0,
      debtFrom: rowOf(group)?.lastAt ?? 0,
    });
    return { known: ofGroup('known'), unknown: ofGroup('unknown') };
  }

  async addFailure(subject: string, from: GuessSource, now: number, debtMs: number): Promise<void> {
    const values = { orgKey: this.#orgKey, subject, now, debtUntil: now + debtMs };
    await this.#scope.executor.run(addFailure, { ...values, network: from.network });
    await this.#scope.executor.run(addFailure, { ...values, network: from.group });
  }

  async listHits(subjects: readonly string[], now: number): Promise<readonly Hit[]> {
    const found: Hit[] = [];
    for (const subject of subjects) {
      found.push(...(await this.#scope.executor.rows(selectHits, { orgKey: this.#orgKey, subject, now })));
    }
    return found;
  }

  async listFailures(subjects: readonly string[]): Promise<readonly (LoginFailures & { network: string })[]> {
    const found: (LoginFailures & { network: string })[] = [];
    for (const subject of subjects) {
      const rows = await this.#scope.executor.rows(selectAllFailures, { orgKey: this.#orgKey, subject });
      found.push(...rows.map(({ failures, ...row }) => ({ ...row, debtFrom: row.lastAt, count: failures })));
    }
    return found;
  }

  async clear(subjects: readonly string[]): Promise<number> {
    const { executor } = this.#scope;
    let cleared = 0;
    for (const subject of subjects) {
      const own = { orgKey: this.#orgKey, subject };
      cleared += (await executor.run(deleteHits, own)) + (await executor.run(deleteFailures, own));
    }
    return cleared;
  }

  async clearFailures(subject: string, network?: string): Promise<void> {
    const own = { orgKey: this.#orgKey, subject };
    await (network === undefined
      ? this.#scope.executor.runDeferred(deleteFailures, own)
      : this.#scope.executor.runDeferred(deleteFailuresFrom, { ...own, network }));
  }

  #lock(bucket: string, subject: string): Promise<void> {
    return this.#scope.executor.lockName(`throttle ${this.#orgKey} ${bucket} ${subject}`);
  }

  #findRefused(bucket: string, subjects: readonly SubjectQuota[], now: number): Promise<RefusedHit | null> {
    const hit = { orgKey: this.#orgKey, bucket, subjects };
    return findRefusedHit(this.#scope.executor, selectBlocking, hit, now);
  }
}
