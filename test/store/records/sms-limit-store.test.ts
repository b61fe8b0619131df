import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { SmsLimitStore } from '../../../src/core/messaging/sms-rules.ts';
import { dayMs, hourMs, minuteMs } from '../../../src/core/time.ts';
import { addTenant, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('the store of what text messages cost', (own) => {
  let tenant: Tenant;
  /** The tests share a database, and each has days of its own. */
  let day = 20_000 * dayMs;

  beforeEach(async () => {
    tenant = await addTenant(own());
    day += 100 * dayMs;
  });

  const change = <T>(work: (limits: SmsLimitStore) => Promise<T>, orgKey = tenant.orgKey): Promise<T> =>
    own().change(orgKey, (tx) => work(tx.smsLimits));
  const claimBudgets = (near: number) =>
    own().changeSystem('job', (tx) => tx.smsLimits.claimBudgets(day, near));

  test('adds up what each organization spends in a day', async () => {
    const other = await addTenant(own());
    await Promise.all(Array.from({ length: 20 }, () => change((limits) => limits.addSpent(day, 7))));
    await change((limits) => limits.addSpent(day + dayMs, 5));
    assert.equal(await change((limits) => limits.findSpent(day)), 140);
    assert.equal(await change((limits) => limits.findSpent(day + dayMs)), 5);
    assert.equal(await change((limits) => limits.findSpent(day), other.orgKey), 0);
  });

  test('lets units that look first and write afterwards spend no more than the budget, together', async () => {
    const spend = () =>
      change(async (limits) => {
        await limits.lock();
        if ((await limits.findSpent(day)) + 10 > 100) return false;
        await limits.addSpent(day, 10);
        return true;
      });
    const outcomes = await Promise.all(Array.from({ length: 30 }, spend));
    assert.equal(outcomes.filter((isSpent) => isSpent).length, 10);
    assert.equal(await change((limits) => limits.findSpent(day)), 100);
  });

  test('tells each state of a budget once', async () => {
    const spent = (state: string, amount: number) => [{ orgKey: tenant.orgKey, state, spent: amount }];
    await change((limits) => limits.addSpent(day, 79));
    assert.deepEqual(await claimBudgets(80), []);
    await change((limits) => limits.addSpent(day, 1));
    const claims = await Promise.all([claimBudgets(80), claimBudgets(80), claimBudgets(80)]);
    assert.deepEqual(claims.flat(), spent('near', 80));
    await change((limits) => limits.noteExhausted(day));
    await change((limits) => limits.noteExhausted(day));
    assert.deepEqual(await claimBudgets(80), spent('spent', 80));
    assert.deepEqual(await claimBudgets(80), []);
    assert.deepEqual(await own().readSystem('operator', (tx) => tx.smsLimits.countBudgets(day, 80)), {
      near: 0,
      spent: 1,
    });
  });

  test('counts the texts of a day by outcome and country, over all organizations', async () => {
    const other = await addTenant(own());
    const sent = { outcome: 'sent', country: 'US', cost: 13 } as const;
    await change((limits) => limits.addCount(day, sent));
    await change((limits) => limits.addCount(day, sent), other.orgKey);
    await change((limits) => limits.addCount(day, { outcome: 'number', country: '', cost: 0 }));
    await change((limits) => limits.addCount(day - dayMs, sent));
    const counts = await own().readSystem('operator', (tx) => tx.smsLimits.sumCounts(day));
    assert.deepEqual(
      [...counts].sort((a, b) => a.outcome.localeCompare(b.outcome)),
      [
        { outcome: 'number', country: '', texts: 1, spent: 0 },
        { outcome: 'sent', country: 'US', texts: 2, spent: 26 },
      ],
    );
  });

  test('counts a range from a slot on, and forgets the counts of a range that is closed', async () => {
    const text = { texts: 1, returned: 0 };
    await change((limits) => limits.addToRange('one', day, text));
    await change((limits) => limits.addToRange('one', day + minuteMs, { texts: 2, returned: 1 }));
    await change((limits) => limits.addToRange('one', day + minuteMs, text));
    await change((limits) => limits.addToRange('two', day, text));
    const countOf = (range: string, since: number) => change((limits) => limits.countRange(range, since));
    assert.deepEqual(await countOf('one', day), { texts: 4, returned: 1 });
    assert.deepEqual(await countOf('one', day + 1), { texts: 3, returned: 1 });
    await change((limits) => limits.close('one', { country: 'US', until: day + hourMs }));
    assert.deepEqual(await countOf('one', day), { texts: 0, returned: 0 });
    assert.deepEqual(await countOf('two', day), { texts: 1, returned: 0 });
    const find = (range: string, now: number) => change((limits) => limits.findClosing(range, now));
    assert.equal(await find('one', day + hourMs - 1), day + hourMs);
    assert.equal(await find('one', day + hourMs), null);
    assert.equal(await find('two', day), null);
  });

  test('tells each closing once, also a second one of the range', async () => {
    const close = (until: number) => change((limits) => limits.close('one', { country: 'US', until }));
    const claim = () => own().changeSystem('job', (tx) => tx.smsLimits.claimClosings(day));
    for (const until of [day + hourMs, day + 3 * hourMs]) {
      await close(until);
      assert.deepEqual(await claim(), [{ orgKey: tenant.orgKey, range: 'one', country: 'US', until }]);
      assert.deepEqual(await claim(), []);
    }
    const closed = await own().readSystem('operator', (tx) => tx.smsLimits.countClosed(day));
    assert.deepEqual(closed, [{ country: 'US', count: 1 }]);
  });

  test('is swept: ranges after an hour, closings after a day, days after a month', async () => {
    const sweep = (now: number) => own().changeSystem('job', (tx) => tx.housekeeping.sweep(now, 100));
    await sweep(day - 1);
    await change(async (limits) => {
      await limits.addSpent(day, 1);
      await limits.addCount(day, { outcome: 'sent', country: 'US', cost: 1 });
      await limits.addToRange('one', day, { texts: 1, returned: 0 });
      await limits.close('two', { country: 'US', until: day });
    });
    assert.equal(await sweep(day + hourMs), 0);
    assert.equal(await sweep(day + 2 * hourMs), 1);
    assert.equal(await sweep(day + dayMs), 1);
    assert.equal(await sweep(day + 32 * dayMs), 0);
    assert.equal(await sweep(day + 33 * dayMs), 2);
  });
});
