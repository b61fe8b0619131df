/**
 * Counts messages. A destination has a row for each message of the last day, so that the count is exact for any window; its
 * quotas bound the rows. A budget of a day has a row that counts up.
 *
 * The row of an organization is locked until the commit, as its other rows are. The budget of a deployment would make all
 * organizations wait for one row, so it has several rows, and each organization begins with another one. Each row has a
 * part of the limit. An organization that finds its row used up goes on to the others that have an amount left, so the
 * whole limit can be used, and never more. It reads which ones these are, because a try locks a row also where it is used up:
 * organizations that tried all rows, each from another one on, would deadlock for the rest of the day.
 */
import { sql } from 'kysely';
import type { Hit, Quota } from '../../../core/access/throttle.ts';
import type { OrgKey } from '../../../core/ids.ts';
import type {
  DayAmount,
  MessageBudgetQueue,
  MessageBudgetStore,
  MessageOutcome,
  UsedBudget,
} from '../../../core/messaging/budget-store.ts';
import { dayMs } from '../../../core/time.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { noOrganization } from '../no-organization.ts';
import { blockingHitsIn, findRefusedHit } from './blocking-hits.ts';

/** The rows of a deployment's budget. */
const shardCount = 16;

type ByBucket = { subject: string; bucket: string };

/** Hits of any organization. */
const selectBlocking = blockingHitsIn('message_hits');

const insertHit = statement((p: Binder<ByBucket & { orgKey: number; at: number; expiresAt: number }>) =>
  build.insertInto('message_hits').values({
    org_key: p('orgKey'),
    subject: p('subject'),
    bucket: p('bucket'),
    at: p('at'),
    expires_at: p('expiresAt'),
  }),
);

const selectHits = statement((p: Binder<{ subject: string; now: number }>) =>
  build
    .selectFrom('message_hits')
    .select(['subject', 'bucket', 'at'])
    .where('subject', '=', p('subject'))
    .where('expires_at', '>', p('now')),
);

const deleteHits = statement((p: Binder<{ subject: string }>) =>
  build.deleteFrom('message_hits').where('subject', '=', p('subject')),
);

type OfDay = { orgKey: number; budget: string; day: number };

/** Changes no row where more than `usedMax` is used. The caller has compared the amount alone with the limit. */
const addUsed = statement((p: Binder<OfDay & { shard: number; amount: number; usedMax: number }>) =>
  build
    .insertInto('day_counts')
    .values({
      org_key: p('orgKey'),
      budget: p('budget'),
      day: p('day'),
      shard: p('shard'),
      used: p('amount'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'budget', 'day', 'shard'])
        .doUpdateSet({ used: sql<number>`day_counts.used + excluded.used` })
        .where('day_counts.used', '<=', p('usedMax')),
    ),
);

const selectShards = statement((p: Binder<OfDay>) =>
  build
    .selectFrom('day_counts')
    .select(['shard', 'used'])
    .where('org_key', '=', p('orgKey'))
    .where('budget', '=', p('budget'))
    .where('day', '=', p('day')),
);

const sumUsed = statement((p: Binder<OfDay>) =>
  build
    .selectFrom('day_counts')
    .select((row) => row.fn.sum<number | null>('used').as('used'))
    .where('org_key', '=', p('orgKey'))
    .where('budget', '=', p('budget'))
    .where('day', '=', p('day')),
);

const sumAll = statement((p: Binder<{ day: number }>) =>
  build
    .selectFrom('day_counts')
    .select((row) => ['org_key as orgKey', 'budget', row.fn.sum<number>('used').as('used')])
    .where('day', '=', p('day'))
    .groupBy(['org_key', 'budget']),
);

export class SqlMessageBudgetStore implements MessageBudgetStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async hit(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<number | null> {
    const { executor } = this.#scope;
    const orgKey = this.#orgKey;
    // No other unit may count the same destination between the look-up and the insert. The look-up is sent right behind the lock.
    const locked = executor.lockName(`messages ${bucket} ${subject}`);
    const subjects = quotas.map((quota) => ({ subject, quota }));
    const finding = findRefusedHit(executor, selectBlocking, { orgKey, bucket, subjects }, now);
    const [refused] = await Promise.all([finding, locked]);
    if (refused !== null) return refused.waitMs;
    const expiresAt = now + Math.max(...quotas.map(({ windowMs }) => windowMs));
    await executor.insertDeferred(insertHit, { orgKey, subject, bucket, at: now, expiresAt });
    return null;
  }

  async listHits(subjects: readonly string[], now: number): Promise<readonly Hit[]> {
    const found: Hit[] = [];
    for (const subject of subjects) {
      found.push(...(await this.#scope.executor.rows(selectHits, { subject, now })));
    }
    return found;
  }

  async clear(subjects: readonly string[]): Promise<number> {
    let cleared = 0;
    for (const subject of subjects) cleared += await this.#scope.executor.run(deleteHits, { subject });
    return cleared;
  }

  async use({ scope, budget, amount, limit }: DayAmount, now: number): Promise<boolean> {
    const day = this.#ofDay(scope, budget, now);
    const count = scope === 'organization' ? 1 : shardCount;
    const own = this.#orgKey % count;
    // An amount of 0 succeeds where 1 would.
    const usedMaxOf = (shard: number): number => partOf(limit, count, shard) - Math.max(1, amount);
    const tryShard = async (shard: number): Promise<boolean> => {
      const usedMax = usedMaxOf(shard);
      return (
        usedMax >= 0 && (await this.#scope.executor.run(addUsed, { ...day, amount, shard, usedMax })) > 0
      );
    };
    if (await tryShard(own)) return true;
    if (count === 1) return false;
    const rows = await this.#scope.executor.rows(selectShards, day);
    const used = new Map(rows.map((row) => [row.shard, row.used]));
    for (let shard = 0; shard < count; shard++) {
      const hasRoom = shard !== own && (used.get(shard) ?? 0) <= usedMaxOf(shard);
      if (hasRoom && (await tryShard(shard))) return true;
    }
    return false;
  }

  report(outcome: MessageOutcome): void {
    this.#scope.reportAfterCommit(outcome);
  }

  async findUsed({ scope, budget }: Pick<DayAmount, 'scope' | 'budget'>, now: number): Promise<number> {
    const row = await this.#scope.executor.first(sumUsed, this.#ofDay(scope, budget, now));
    return Number(row?.used ?? 0);
  }

  #ofDay(scope: DayAmount['scope'], budget: string, now: number): OfDay {
    const orgKey = scope === 'organization' ? this.#orgKey : noOrganization;
    return { orgKey, budget, day: now - (now % dayMs) };
  }
}

export class SqlMessageBudgetQueue implements MessageBudgetQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async listUsed(now: number): Promise<readonly UsedBudget[]> {
    const rows = await this.#scope.executor.rows(sumAll, { day: now - (now % dayMs) });
    return rows.map((row) => ({ ...row, used: Number(row.used) }));
  }
}

/** The part of the limit that one of its rows has. */
function partOf(limit: number, count: number, shard: number): number {
  return Math.floor(limit / count) + (shard < limit % count ? 1 : 0);
}
