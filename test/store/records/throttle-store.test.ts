import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import fc from 'fast-check';
import {
  freeFailures,
  guessWindowMs,
  type NetworkGroup,
  type Quota,
} from '../../../src/core/access/throttle.ts';
import { dayMs } from '../../../src/core/time.ts';
import { addTenant, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('the store of throttles', (own) => {
  let tenant: Tenant;

  beforeEach(async () => {
    tenant = await addTenant(own());
  });

  const hit = (
    bucket: string,
    subject: string,
    quotas: readonly Quota[],
    now: number,
    orgKey = tenant.orgKey,
  ) => own().change(orgKey, (tx) => tx.throttles.hit(bucket, subject, quotas, now));
  const twiceAMinute = [{ limit: 2, windowMs: 60_000 }];

  test('hits above the quota get the wait until the next one is allowed, and do not count', async () => {
    assert.equal(await hit('a', 's', twiceAMinute, 0), null);
    assert.equal(await hit('a', 's', twiceAMinute, 10_000), null);
    assert.equal(await hit('a', 's', twiceAMinute, 20_000), 40_000);
    assert.equal(await hit('a', 's', twiceAMinute, 59_999), 1);
    assert.equal(await hit('a', 's', twiceAMinute, 60_000), null);
    assert.equal(await hit('a', 's', twiceAMinute, 60_000), 10_000);
  });

  test('all quotas apply together, and the longest wait is returned', async () => {
    const quotas = [
      { limit: 1, windowMs: 60_000 },
      { limit: 2, windowMs: 3_600_000 },
    ];
    assert.equal(await hit('a', 's', quotas, 0), null);
    assert.equal(await hit('a', 's', quotas, 1_000), 59_000);
    assert.equal(await hit('a', 's', quotas, 60_000), null);
    assert.equal(await hit('a', 's', quotas, 120_000), 3_480_000);
  });

  test('subjects, buckets, organizations and networks are counted separately', async () => {
    const once = [{ limit: 1, windowMs: 60_000 }];
    const other = await addTenant(own());
    assert.equal(await hit('a', 's', once, 0), null);
    assert.equal(await hit('a', 't', once, 0), null);
    assert.equal(await hit('b', 's', once, 0), null);
    assert.equal(await hit('a', 's', once, 0, other.orgKey), null);
    const network = () => own().changeSystem('throttle', (tx) => tx.throttles.hit('a', 's', once, 0));
    assert.equal(await network(), null);
    assert.equal(await network(), 60_000);
  });

  test('the counts of subjects are listed while they last, and cleared', async () => {
    const from = { network: 'n', group: 'unknown' } as const;
    await hit('a', 's', twiceAMinute, 0);
    await hit('b', 's', twiceAMinute, 30_000);
    await hit('a', 't', twiceAMinute, 0);
    await own().change(tenant.orgKey, async (tx) => {
      await tx.throttles.addFailure('s', from, 5, 10);
      await tx.messageBudgets.hit('stranger', 's', twiceAMinute, 40_000);
    });
    const list = (now: number) =>
      own().read(tenant.orgKey, async (tx) => ({
        hits: await tx.throttles.listHits(['s', 'u'], now),
        messages: await tx.messageBudgets.listHits(['s'], now),
        failures: (await tx.throttles.listFailures(['s']))
          .map(({ network, count }) => [network, count])
          .sort(),
      }));
    const b = { subject: 's', bucket: 'b', at: 30_000 };
    const message = { subject: 's', bucket: 'stranger', at: 40_000 };
    const failures = [
      ['n', 1],
      ['unknown', 1],
    ];
    const a = { subject: 's', bucket: 'a', at: 0 };
    assert.deepEqual(await list(59_999), { hits: [a, b], messages: [message], failures });
    assert.deepEqual(await list(60_000), { hits: [b], messages: [message], failures });
    const cleared = await own().change(tenant.orgKey, async (tx) => [
      await tx.throttles.clear(['s', 'u']),
      await tx.messageBudgets.clear(['s']),
    ]);
    assert.deepEqual(cleared, [4, 1]);
    assert.deepEqual(await list(0), { hits: [], messages: [], failures: [] });
    assert.equal(await hit('a', 't', [{ limit: 1, windowMs: 60_000 }], 0), 60_000);
  });

  const nest = (subjects: readonly (readonly [string, number])[], now: number) =>
    own().changeSystem('throttle', (tx) => {
      const counts = subjects.map(([subject, limit]) => ({ subject, quota: { limit, windowMs: 60_000 } }));
      return tx.throttles.hitNested('nested', counts, now);
    });

  test('a hit of nested subjects counts for all of them, or for none', async () => {
    const [narrow, other] = [
      [
        ['narrow', 2],
        ['wide', 3],
      ],
      [
        ['other', 2],
        ['middle', 9],
        ['wide', 3],
      ],
    ] as const;
    assert.equal(await nest(narrow, 0), null);
    assert.equal(await nest(narrow, 10_000), null);
    for (let count = 0; count < 5; count++) {
      assert.deepEqual(await nest(narrow, 20_000), { waitMs: 40_000, at: 0 });
    }
    assert.equal(await nest(other, 20_000), null, 'refused hits left the wide one a place');
    assert.deepEqual(await nest(other, 20_000), { waitMs: 40_000, at: 2 });
    assert.equal(await nest([['alone', 1]], 20_000), null);
    assert.deepEqual(await nest([['alone', 1]], 20_001), { waitMs: 59_999, at: 0 });
    assert.equal(await nest(other, 60_000), null);
  });

  test('of many nested hits at the same time no more than the widest quota are allowed', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        nest(
          [
            [`n${at}`, 1],
            ['crowd', 5],
          ],
          0,
        ),
      ),
    );
    assert.equal(answers.filter((refused) => refused === null).length, 5);
  });

  test('of many hits at the same time no more than the quota are allowed', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => hit('a', 's', twiceAMinute, 5)));
    assert.equal(answers.filter((waitMs) => waitMs === null).length, 2);
  });

  test('no window of any length has more hits than its quota, and a hit after the returned wait is allowed', async () => {
    const quota = fc.record({
      limit: fc.integer({ min: 1, max: 4 }),
      windowMs: fc.integer({ min: 1, max: 40 }),
    });
    const law = fc.asyncProperty(
      fc.array(quota, { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 40 }),
      fc.uuid(),
      async (quotas, pauses, subject) => {
        const passed: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          const waitMs = await hit('law', subject, quotas, now);
          const fits = quotas.every(
            ({ limit, windowMs }) => passed.filter((at) => at > now - windowMs).length < limit,
          );
          assert.equal(waitMs === null, fits);
          if (waitMs === null) passed.push(now);
          else {
            now += waitMs;
            assert.equal(await hit('law', subject, quotas, now), null);
            passed.push(now);
          }
        }
      },
    );
    await fc.assert(law, { numRuns: 15 });
  });

  test('a sweep deletes hits outside all windows, and no others', async () => {
    const sweep = (now: number) => own().changeSystem('job', (tx) => tx.housekeeping.sweep(now, 1_000));
    await sweep(Number.MAX_SAFE_INTEGER);
    await hit('a', 's', twiceAMinute, 0);
    await hit('a', 's', twiceAMinute, 10_000);
    assert.equal(await sweep(59_999), 0);
    assert.equal(await sweep(60_000), 1);
    assert.equal(await hit('a', 's', twiceAMinute, 60_000), null);
    assert.equal(await hit('a', 's', twiceAMinute, 60_000), 10_000);
  });

  test('wrong passwords in a row are counted until one is right, or a day has passed', async () => {
    const { orgKey } = tenant;
    const from = { network: 'n', group: 'unknown' } as const;
    const fail = (now: number) => own().change(orgKey, (tx) => tx.throttles.addFailure('s', from, now, 10));
    const find = async () => (await own().read(orgKey, (tx) => tx.throttles.findFailures('s', 'n'))).unknown;
    const none = { count: 0, lastAt: 0, debtUntil: 0, debtFrom: 0 };
    assert.deepEqual(await find(), none);
    for (let now = 1; now <= freeFailures; now++) await fail(now);
    assert.deepEqual(await find(), {
      count: freeFailures,
      lastAt: freeFailures,
      debtUntil: 51,
      debtFrom: freeFailures,
    });
    await own().changeSystem('job', (tx) => tx.housekeeping.sweep(dayMs, 100));
    assert.equal((await find()).count, freeFailures);
    await own().changeSystem('job', (tx) => tx.housekeeping.sweep(freeFailures + dayMs, 100));
    assert.deepEqual(await find(), none);
    await fail(7);
    assert.deepEqual(await find(), { count: 1, lastAt: 7, debtUntil: 17, debtFrom: 7 });
    await own().change(orgKey, (tx) => tx.throttles.clearFailures('s'));
    assert.deepEqual(await find(), none);
  });

  test('wrong passwords are counted by network, and the debt of a group by all its networks', async () => {
    const { orgKey } = tenant;
    const fail = (network: string, group: NetworkGroup, now: number) =>
      own().change(orgKey, (tx) => tx.throttles.addFailure('s', { network, group }, now, 10));
    const find = async (network: string, group: NetworkGroup) =>
      (await own().read(orgKey, (tx) => tx.throttles.findFailures('s', network)))[group];
    await fail('a', 'unknown', 0);
    await fail('b', 'unknown', 5);
    await fail('home', 'known', 6);
    assert.deepEqual(await find('a', 'unknown'), { count: 1, lastAt: 0, debtUntil: 20, debtFrom: 5 });
    assert.deepEqual(await find('home', 'known'), { count: 1, lastAt: 6, debtUntil: 16, debtFrom: 6 });
    assert.deepEqual(await find('c', 'unknown'), { count: 0, lastAt: 0, debtUntil: 20, debtFrom: 5 });
    await own().change(orgKey, (tx) => tx.throttles.clearFailures('s', 'a'));
    assert.deepEqual(await find('a', 'unknown'), { count: 0, lastAt: 0, debtUntil: 20, debtFrom: 5 });
    assert.equal((await find('b', 'unknown')).count, 1);
    await fail('b', 'unknown', 1_000);
    assert.equal((await find('b', 'unknown')).debtUntil, 1_010);
    // A debt that was written while the clock was wrong grows from the end of its window.
    await fail('b', 'unknown', 400 * dayMs);
    await fail('b', 'unknown', 2_000);
    assert.equal((await find('b', 'unknown')).debtUntil, 2_010 + guessWindowMs);
  });

  test('of wrong passwords at the same time from many networks each counts', async () => {
    const { orgKey } = tenant;
    const from = (network: string) => ({ network, group: 'unknown' }) as const;
    const networks = Array.from({ length: 30 }, (_, at) => `n${at % 3}`);
    await Promise.all(
      networks.map((network) =>
        own().change(orgKey, (tx) => tx.throttles.addFailure('s', from(network), 0, 10)),
      ),
    );
    const found = await own().read(orgKey, (tx) => tx.throttles.findFailures('s', 'n1'));
    assert.deepEqual(found.unknown, { count: 10, lastAt: 0, debtUntil: 300, debtFrom: 0 });
  });
});
