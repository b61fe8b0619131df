import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Quota } from '../../../src/core/access/throttle.ts';
import {
  type DayAmount,
  dayCountLifeMs,
  type MessageOutcome,
} from '../../../src/core/messaging/budget-store.ts';
import { dayMs } from '../../../src/core/time.ts';
import type { Store } from '../../../src/store/store.ts';
import { addTenant, databases, type OwnStore, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const twiceAMinute: readonly Quota[] = [{ limit: 2, windowMs: 60_000 }];
const atOnce = <T>(times: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => work(index)));

suiteOnEveryDatabase('the store of the budgets of messages', (own) => {
  let tenant: Tenant;
  let other: Tenant;
  let subjects = 0;
  let subject: string;

  beforeEach(async () => {
    tenant = await addTenant(own());
    other = await addTenant(own());
    subject = `subject-${++subjects}`;
  });

  const hit = (now: number, { orgKey } = tenant, bucket = 'stranger', quotas = twiceAMinute) =>
    own().change(orgKey, (tx) => tx.messageBudgets.hit(bucket, subject, quotas, now));
  const use = (amount: DayAmount, now = 0, { orgKey } = tenant) =>
    own().change(orgKey, (tx) => tx.messageBudgets.use(amount, now));
  const used = (budget: Pick<DayAmount, 'scope' | 'budget'>, now = 0, { orgKey } = tenant) =>
    own().read(orgKey, (tx) => tx.messageBudgets.findUsed(budget, now));

  test('all organizations count the messages to a destination together', async () => {
    assert.equal(await hit(0), null);
    assert.equal(await hit(10_000, other), null);
    assert.equal(await hit(20_000), 40_000);
    assert.equal(await hit(20_000, other), 40_000);
    assert.equal(await hit(60_000, other), null);
  });

  test('buckets and destinations are counted separately, and all quotas apply', async () => {
    const quotas = [...twiceAMinute, { limit: 3, windowMs: 3_600_000 }];
    assert.equal(await hit(0, tenant, 'a', quotas), null);
    assert.equal(await hit(0, tenant, 'b', quotas), null);
    assert.equal(await hit(0, tenant, 'a', quotas), null);
    assert.equal(await hit(60_000, tenant, 'a', quotas), null);
    assert.equal(await hit(120_000, tenant, 'a', quotas), 3_480_000);
    subject = `${subject}-other`;
    assert.equal(await hit(120_000, tenant, 'a', quotas), null);
  });

  test('of many messages at the same time no more than the quota are allowed', async () => {
    const answers = await atOnce(40, (index) => hit(5, index % 2 === 0 ? tenant : other));
    assert.equal(answers.filter((waitMs) => waitMs === null).length, 2);
  });

  test("an organization's budget of a day begins again at midnight, and is its own", async () => {
    const day = 20_000 * dayMs;
    const sms = { scope: 'organization', budget: 'sms', amount: 2, limit: 5 } as const;
    assert.deepEqual(
      [await use(sms, day), await use(sms, day + dayMs - 1), await use(sms, day)],
      [true, true, false],
    );
    assert.equal(await used(sms, day), 4);
    assert.equal(await use({ ...sms, amount: 1 }, day), true);
    assert.equal(await use({ ...sms, budget: 'email' }, day), true);
    assert.equal(await use(sms, day, other), true);
    assert.equal(await use(sms, day + dayMs), true);
    assert.equal(await used(sms, day + dayMs), 2);
  });

  test('an amount of 0 uses nothing, and an amount over the limit is refused', async () => {
    const budget = { scope: 'organization', budget: 'sms', limit: 1 } as const;
    assert.equal(await use({ ...budget, amount: 0 }), true);
    assert.equal(await use({ ...budget, amount: 2 }), false);
    assert.equal(await used(budget), 0);
  });

  for (const limit of [1, 7, 16, 50]) {
    test(`exactly ${limit} of sixty at the same time fit a deployment's budget, from all organizations`, async () => {
      const budget = { scope: 'deployment', budget: `limit ${limit} ${subject}`, amount: 1, limit } as const;
      const answers = await atOnce(60, (index) => use(budget, 0, index % 2 === 0 ? tenant : other));
      assert.equal(answers.filter((isUsed) => isUsed).length, limit);
      assert.equal(await used(budget), limit);
    });
  }

  test('a change that is rolled back has used nothing', async () => {
    const budget = { scope: 'organization', budget: 'sms', amount: 1, limit: 1 } as const;
    const failing = own().change(tenant.orgKey, async (tx) => {
      await tx.messageBudgets.use(budget, 0);
      await tx.messageBudgets.hit('stranger', subject, [{ limit: 1, windowMs: 60_000 }], 0);
      throw new Error('rolled back');
    });
    await assert.rejects(failing, /rolled back/);
    assert.equal(await use(budget), true);
    assert.equal(await hit(0, tenant, 'stranger', [{ limit: 1, windowMs: 60_000 }]), null);
  });

  test('rows are swept when their windows have ended', async () => {
    const budget = { scope: 'organization', budget: 'swept', amount: 1, limit: 9 } as const;
    await use(budget, 0);
    await hit(0);
    const sweep = (now: number) => own().changeSystem('job', (tx) => tx.housekeeping.sweep(now, 10_000));
    await sweep(59_999);
    assert.equal(await hit(59_999, tenant, 'stranger', [{ limit: 1, windowMs: 60_000 }]), 1);
    await sweep(dayCountLifeMs - 1);
    assert.equal(await used(budget), 1);
    await sweep(dayCountLifeMs);
    assert.equal(await used(budget), 0);
  });
});

for (const { name, make } of databases) {
  describe(`two processes on ${name}`, () => {
    let own: OwnStore;
    let further: Store;
    let tenant: Tenant;
    const outcomes: MessageOutcome[] = [];

    before(async () => {
      own = await make({ onMessages: (counted) => outcomes.push(...counted) });
      further = own.openAgain();
      tenant = await addTenant(own.store);
    });
    after(async () => {
      await further.close();
      await own.dispose();
    });

    test('never exceed a budget together', async () => {
      const budget = { scope: 'deployment', budget: 'sms', amount: 1, limit: 20 } as const;
      const answers = await atOnce(60, (index) =>
        (index % 2 === 0 ? own.store : further).change(tenant.orgKey, async ({ messageBudgets }) => [
          await messageBudgets.hit('stranger', 'one', twiceAMinute, 0),
          await messageBudgets.use(budget, 0),
        ]),
      );
      assert.equal(answers.filter(([waitMs]) => waitMs === null).length, 2);
      assert.equal(answers.filter(([, isUsed]) => isUsed).length, 20);
    });

    test('report what became of messages once, and only after the commit', async () => {
      const outcome = { channel: 'sms', budget: 'address' } as const;
      const report = (isFailing: boolean) =>
        own.store.change(tenant.orgKey, async (tx) => {
          tx.messageBudgets.report(outcome);
          await tx.messageBudgets.hit('stranger', 'two', [{ limit: 50, windowMs: 60_000 }], 0);
          if (isFailing) throw new Error('rolled back');
        });
      const ended = await Promise.allSettled([report(false), report(true), report(false)]);
      assert.deepEqual(
        ended.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.deepEqual(outcomes, [outcome, outcome]);
    });
  });
}
