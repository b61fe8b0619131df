/** What text messages cost, the texts to ranges of numbers, and the ranges that are closed. */
import { sql } from 'kysely';
import type { OrgKey } from '../../../core/ids.ts';
import type {
  BudgetNotice,
  BudgetState,
  ClosingNotice,
  RangeCounts,
  SmsDayCount,
  SmsLimitQueue,
  SmsLimitStore,
  SmsOutcome,
} from '../../../core/messaging/sms-rules.ts';
import type { Flag } from '../../schema/flag.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type OfOrg = { orgKey: number };
type OfDay = OfOrg & { day: number };
type OfRange = OfOrg & { range: string };

const selectSpent = statement((p: Binder<OfDay>) =>
  build.selectFrom('sms_days').select('spent').where('org_key', '=', p('orgKey')).where('day', '=', p('day')),
);

const addToDay = statement((p: Binder<OfDay & { cost: number; isExhausted: Flag }>) =>
  build
    .insertInto('sms_days')
    .values({
      org_key: p('orgKey'),
      day: p('day'),
      spent: p('cost'),
      is_exhausted: p('isExhausted'),
      told: null,
    })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'day']).doUpdateSet((row) => ({
        spent: row('sms_days.spent', '+', row.ref('excluded.spent')),
        is_exhausted: sql<Flag>`case when excluded.is_exhausted = 1 then 1 else sms_days.is_exhausted end`,
      })),
    ),
);

const addCount = statement((p: Binder<OfDay & { outcome: SmsOutcome; country: string; cost: number }>) =>
  build
    .insertInto('sms_counts')
    .values({
      org_key: p('orgKey'),
      day: p('day'),
      outcome: p('outcome'),
      country: p('country'),
      texts: 1,
      spent: p('cost'),
    })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'day', 'outcome', 'country']).doUpdateSet((row) => ({
        texts: row('sms_counts.texts', '+', 1),
        spent: row('sms_counts.spent', '+', row.ref('excluded.spent')),
      })),
    ),
);

const selectCounts = statement((p: Binder<{ orgKey: number; since: number }>) =>
  build
    .selectFrom('sms_counts')
    .select(['day', 'outcome', 'country', 'texts', 'spent'])
    .where('org_key', '=', p('orgKey'))
    .where('day', '>=', p('since'))
    .orderBy('day')
    .orderBy('outcome')
    .orderBy('country'),
);

const selectClosed = statement((p: Binder<OfRange & { now: number }>) =>
  build
    .selectFrom('sms_closings')
    .select('closed_until as until')
    .where('org_key', '=', p('orgKey'))
    .where('phone_range', '=', p('range'))
    .where('closed_until', '>', p('now')),
);

/** A row for each slot of the last hour at most. */
const selectSlots = statement((p: Binder<OfRange & { since: number }>) =>
  build
    .selectFrom('sms_ranges')
    .select(['texts', 'returned'])
    .where('org_key', '=', p('orgKey'))
    .where('phone_range', '=', p('range'))
    .where('slot', '>=', p('since')),
);

const addToSlot = statement((p: Binder<OfRange & { slot: number; texts: number; returned: number }>) =>
  build
    .insertInto('sms_ranges')
    .values({
      org_key: p('orgKey'),
      phone_range: p('range'),
      slot: p('slot'),
      texts: p('texts'),
      returned: p('returned'),
    })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'phone_range', 'slot']).doUpdateSet((row) => ({
        texts: row('sms_ranges.texts', '+', row.ref('excluded.texts')),
        returned: row('sms_ranges.returned', '+', row.ref('excluded.returned')),
      })),
    ),
);

const deleteSlots = statement((p: Binder<OfRange>) =>
  build.deleteFrom('sms_ranges').where('org_key', '=', p('orgKey')).where('phone_range', '=', p('range')),
);

const deleteClosing = statement((p: Binder<OfRange>) =>
  build.deleteFrom('sms_closings').where('org_key', '=', p('orgKey')).where('phone_range', '=', p('range')),
);

const upsertClosing = statement((p: Binder<OfRange & { country: string; until: number }>) =>
  build
    .insertInto('sms_closings')
    .values({
      org_key: p('orgKey'),
      phone_range: p('range'),
      country: p('country'),
      closed_until: p('until'),
      is_told: 0,
    })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'phone_range']).doUpdateSet((row) => ({
        closed_until: row.ref('excluded.closed_until'),
        is_told: 0,
      })),
    ),
);

/** The days from `since` on are few: a row for each organization and day. */
const tellSpent = statement((p: Binder<{ since: number }>) =>
  build
    .updateTable('sms_days')
    .set({ told: 'spent' })
    .where('day', '>=', p('since'))
    .where('is_exhausted', '=', 1)
    .where((row) => row.or([row('told', 'is', null), row('told', '=', 'near')]))
    .returning(['org_key as orgKey', 'spent']),
);

const tellNear = statement((p: Binder<{ since: number; near: number }>) =>
  build
    .updateTable('sms_days')
    .set({ told: 'near' })
    .where('day', '>=', p('since'))
    .where('spent', '>=', p('near'))
    .where('is_exhausted', '=', 0)
    .where('told', 'is', null)
    .returning(['org_key as orgKey', 'spent']),
);

const tellClosings = statement((p: Binder<{ since: number }>) =>
  build
    .updateTable('sms_closings')
    .set({ is_told: 1 })
    .where('closed_until', '>=', p('since'))
    .where('is_told', '=', 0)
    .returning(['org_key as orgKey', 'phone_range as range', 'country', 'closed_until as until']),
);

const sumCounts = statement((p: Binder<{ day: number }>) =>
  build
    .selectFrom('sms_counts')
    .select((row) => [
      'outcome',
      'country',
      row.fn.sum<number>('texts').as('texts'),
      row.fn.sum<number>('spent').as('spent'),
    ])
    .where('day', '=', p('day'))
    .groupBy(['outcome', 'country']),
);

const selectAllSpent = statement((p: Binder<{ day: number }>) =>
  build.selectFrom('sms_days').select(['org_key as orgKey', 'spent']).where('day', '=', p('day')),
);

const selectBudgets = statement((p: Binder<{ day: number; near: number }>) =>
  build
    .selectFrom('sms_days')
    .select((row) => ['is_exhausted as isExhausted', row.fn.countAll<number>().as('count')])
    .where('day', '=', p('day'))
    .where((row) => row.or([row('spent', '>=', p('near')), row('is_exhausted', '=', 1)]))
    .groupBy('is_exhausted'),
);

const countClosed = statement((p: Binder<{ now: number }>) =>
  build
    .selectFrom('sms_closings')
    .select((row) => ['country', row.fn.countAll<number>().as('count')])
    .where('closed_until', '>', p('now'))
    .groupBy('country'),
);

export class SqlSmsLimitStore implements SmsLimitStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async lock(): Promise<void> {
    await this.#scope.executor.lockName(`sms limits ${this.#orgKey}`);
  }

  async findSpent(day: number): Promise<number> {
    return (await this.#scope.executor.first(selectSpent, { orgKey: this.#orgKey, day }))?.spent ?? 0;
  }

  async addSpent(day: number, cost: number): Promise<void> {
    await this.#scope.executor.run(addToDay, { orgKey: this.#orgKey, day, cost, isExhausted: 0 });
  }

  async noteExhausted(day: number): Promise<void> {
    await this.#scope.executor.run(addToDay, { orgKey: this.#orgKey, day, cost: 0, isExhausted: 1 });
  }

  listCounts(since: number): Promise<readonly (SmsDayCount & { readonly day: number })[]> {
    return this.#scope.executor.rows(selectCounts, { orgKey: this.#orgKey, since });
  }

  async addCount(day: number, count: { outcome: SmsOutcome; country: string; cost: number }): Promise<void> {
    await this.#scope.executor.run(addCount, { orgKey: this.#orgKey, day, ...count });
  }

  async findClosing(range: string, now: number): Promise<number | null> {
    const values = { orgKey: this.#orgKey, range, now };
    return (await this.#scope.executor.first(selectClosed, values))?.until ?? null;
  }

  async open(range: string): Promise<boolean> {
    return (await this.#scope.executor.run(deleteClosing, { orgKey: this.#orgKey, range })) > 0;
  }

  async countRange(range: string, since: number): Promise<RangeCounts> {
    const slots = await this.#scope.executor.rows(selectSlots, { orgKey: this.#orgKey, range, since });
    return {
      texts: slots.reduce((sum, slot) => sum + slot.texts, 0),
      returned: slots.reduce((sum, slot) => sum + slot.returned, 0),
    };
  }

  async addToRange(range: string, slot: number, { texts, returned }: RangeCounts): Promise<void> {
    await this.#scope.executor.run(addToSlot, { orgKey: this.#orgKey, range, slot, texts, returned });
  }

  async close(range: string, { country, until }: { country: string; until: number }): Promise<void> {
    const own = { orgKey: this.#orgKey, range };
    await this.#scope.executor.run(upsertClosing, { ...own, country, until });
    await this.#scope.executor.run(deleteSlots, own);
  }
}

export class SqlSmsLimitQueue implements SmsLimitQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  listSpent(day: number): Promise<readonly { readonly orgKey: OrgKey; readonly spent: number }[]> {
    return this.#scope.executor.rows(selectAllSpent, { day });
  }

  async claimBudgets(since: number, near: number): Promise<readonly BudgetNotice[]> {
    const { executor } = this.#scope;
    const spent = await executor.rows(tellSpent, { since });
    const close = await executor.rows(tellNear, { since, near });
    return [
      ...spent.map((row) => ({ ...row, state: 'spent' as const })),
      ...close.map((row) => ({ ...row, state: 'near' as const })),
    ];
  }

  claimClosings(since: number): Promise<readonly ClosingNotice[]> {
    return this.#scope.executor.rows(tellClosings, { since });
  }

  async sumCounts(day: number): Promise<readonly SmsDayCount[]> {
    const rows = await this.#scope.executor.rows(sumCounts, { day });
    return rows.map((row) => ({ ...row, texts: Number(row.texts), spent: Number(row.spent) }));
  }

  async countBudgets(day: number, near: number): Promise<Readonly<Record<BudgetState, number>>> {
    const rows = await this.#scope.executor.rows(selectBudgets, { day, near });
    const countOf = (flag: Flag): number =>
      Number(rows.find(({ isExhausted }) => isExhausted === flag)?.count ?? 0);
    return { near: countOf(0), spent: countOf(1) };
  }

  async countClosed(now: number): Promise<readonly { country: string; count: number }[]> {
    const rows = await this.#scope.executor.rows(countClosed, { now });
    return rows.map(({ country, count }) => ({ country, count: Number(count) }));
  }
}
