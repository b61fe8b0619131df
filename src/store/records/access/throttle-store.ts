/**
 * Counts how often something happens, with a row for each hit, so that the count is exact for any window. Only allowed
 * hits become rows, so a subject never has more rows than its quotas allow.
 */

import { sql } from 'kysely';
import type {
  GuessSource,
  Hit,
  LoginFailures,
  Quota,
  RefusedHit,
  SubjectQuota,
  ThrottleStore,
} from '../../../core/access/throttle.ts';
import { guessWindowMs } from '../../../core/access/throttle.ts';
import type { OrgKey } from '../../../core/ids.ts';
import { notBeyond, skewMs } from '../../../core/time.ts';
import { type Binder, build, rawStatement, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type BySubject = { orgKey: number; subject: string };
/** A hit after `until` does not count: it was written while the clock was wrong. */
type Window = { after: number; until: number };
type From = { network: string; group: string };

/**
 * The hit that must leave the window before one more is allowed: the oldest of the newest `limit` hits. If there are fewer
 * hits, there is none, and one more is allowed.
 */
const selectBlocking = statement((p: Binder<BySubject & Window & { bucket: string; skip: number }>) =>
  build
    .selectFrom('throttle_hits')
    .select('at')
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject'))
    .where('bucket', '=', p('bucket'))
    .where('at', '>', p('after'))
    .where('at', '<=', p('until'))
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

type Nested = { orgKey: number; bucket: string; until: number } & Record<
  `${'subject' | 'after' | 'skip'}${number}`,
  string | number
>;
type NestedHits = { orgKey: number; bucket: string; at: number } & Record<
  `${'subject' | 'expiresAt'}${number}`,
  string | number
>;

/** As `selectBlocking`, for one, two or three subjects in one statement; `level` is the index of the subject. */
const selectNestedBlocking = [1, 2, 3].map((count) =>
  rawStatement((p: Binder<Nested>) => {
    const each = Array.from({ length: count }, (_, level) => {
      return sql<{ level: number; at: number }>`select ${sql.lit(level)} as level, (
        select at from throttle_hits
        where org_key = ${p('orgKey')} and subject = ${p(`subject${level}`)} and bucket = ${p('bucket')}
          and at > ${p(`after${level}`)} and at <= ${p('until')}
        order by at desc limit 1 offset ${p(`skip${level}`)}) as at`;
    });
    return sql<{ level: number; at: number | null }>`${sql.join(each, sql` union all `)}`;
  }),
);

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

/** The row of the network, and the row of its group. */
const selectFailures = statement((p: Binder<BySubject & From>) =>
  build
    .selectFrom('login_failures')
    .select(['network', 'failures', 'last_at as lastAt', 'debt_until as debtUntil'])
    .where('org_key', '=', p('orgKey'))
    .where('subject', '=', p('subject'))
    .where('network', 'in', [p('network'), p('group')]),
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

function waitFor(at: number, windowMs: number, now: number): number {
  return notBeyond(at, 0, now) + windowMs - now;
}

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
      const values = { orgKey, subject, bucket, after: now - windowMs, until: now + skewMs, skip: limit - 1 };
      const blocking = await executor.first(selectBlocking, values);
      if (blocking !== undefined) waitMs = Math.max(waitMs, waitFor(blocking.at, windowMs, now));
    }
    if (waitMs > 0) return waitMs;
    await executor.run(insertHit, { orgKey, subject, bucket, at: now, expiresAt: now + longestMs });
    return null;
  }

  async hitNested(
    bucket: string,
    subjects: readonly SubjectQuota[],
    now: number,
  ): Promise<RefusedHit | null> {
    const { executor } = this.#scope;
    const orgKey = this.#orgKey;
    const select = selectNestedBlocking[subjects.length - 1];
    const insert = insertNestedHits[subjects.length - 1];
    if (select === undefined || insert === undefined)
      throw new Error(`${subjects.length} subjects of one hit`);
    // Every hit of an inner subject is one of the outermost, so one lock is enough.
    await executor.lockName(`throttle ${orgKey} ${bucket} ${subjects.at(-1)?.subject}`);
    const each = (name: string, valueFor: (of: SubjectQuota) => string | number) =>
      Object.fromEntries(subjects.map((of, level) => [`${name}${level}`, valueFor(of)]));
    const blocking = await executor.rows(select, {
      ...{ orgKey, bucket, until: now + skewMs },
      ...each('subject', ({ subject }) => subject),
      ...each('after', ({ quota }) => now - quota.windowMs),
      ...each('skip', ({ quota }) => quota.limit - 1),
    });
    let refused: RefusedHit | null = null;
    for (const { level, at } of blocking) {
      const waitMs = at === null ? 0 : waitFor(at, subjects[level]?.quota.windowMs ?? 0, now);
      if (waitMs > (refused?.waitMs ?? 0)) refused = { waitMs, at: level };
    }
    if (refused !== null) return refused;
    await executor.run(insert, {
      ...{ orgKey, bucket, at: now },
      ...each('subject', ({ subject }) => subject),
      ...each('expiresAt', ({ quota }) => now + quota.windowMs),
    });
    return null;
  }

  async findFailures(subject: string, from: GuessSource): Promise<LoginFailures> {
    const values = { orgKey: this.#orgKey, subject, ...from };
    const rows = await this.#scope.executor.rows(selectFailures, values);
    const own = rows.find(({ network }) => network === from.network);
    const group = rows.find(({ network }) => network === from.group);
    return {
      count: own?.failures ?? 0,
      lastAt: own?.lastAt ?? 0,
      debtUntil: group?.debtUntil ?? 0,
      debtFrom: group?.lastAt ?? 0,
    };
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
      ? this.#scope.executor.run(deleteFailures, own)
      : this.#scope.executor.run(deleteFailuresFrom, { ...own, network }));
  }
}
