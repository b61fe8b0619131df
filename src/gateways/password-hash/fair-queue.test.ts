import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isRefusal } from '../../core/errors.ts';
import { FairQueue, type FairQueueOptions, type Turn, type Unserved } from './fair-queue.ts';

/** A queue that is busy until `open` is called, and the names of the tasks in the order in which they ran. */
function busyQueue(options: Partial<FairQueueOptions> = {}) {
  const unserved: Unserved[] = [];
  const queue = new FairQueue({
    ...{ concurrency: 1, unitsMax: 256, waitMsMax: 60_000, onUnserved: (why) => unserved.push(why) },
    ...options,
  });
  const gate = Promise.withResolvers<void>();
  const ran: string[] = [];
  const ends: Promise<unknown>[] = [queue.run({ network: 'gate', account: '' }, 1, () => gate.promise)];
  const refused: string[] = [];
  return {
    ...{ queue, ran, refused, unserved },
    add(turn: Turn, name: string, units = 1): void {
      const end = queue.run(turn, units, async () => ran.push(name));
      ends.push(end.catch(() => refused.push(name)));
    },
    async open(): Promise<void> {
      gate.resolve();
      await Promise.all(ends);
    },
  };
}

const of = (network: string, account = network): Turn => ({ network, account });

describe('tasks that wait', () => {
  test('take turns by network, and each network by account', async () => {
    const { add, open, ran } = busyQueue();
    for (let n = 1; n <= 4; n += 1) add(of('flood', 'one'), `flood one ${n}`);
    add(of('flood', 'two'), 'flood two 1');
    add(of('b'), 'b 1');
    add(of('c'), 'c 1');
    add(of('b'), 'b 2');
    await open();
    assert.deepEqual(ran, [
      ...['flood one 1', 'b 1', 'c 1', 'flood two 1', 'b 2', 'flood one 2', 'flood one 3', 'flood one 4'],
    ]);
  });

  test('of a caller that comes late are served after one task of a flood', async () => {
    const queue = new FairQueue({ concurrency: 1, unitsMax: 256, waitMsMax: 60_000, onUnserved: () => {} });
    const ran: string[] = [];
    const ends = Array.from({ length: 50 }, (_, n) =>
      queue.run(of('flood', `${n}`), 1, async () => {
        ran.push('flood');
        if (n === 20) ends.push(queue.run(of('late'), 1, async () => void ran.push('late')));
      }),
    );
    await Promise.all(ends);
    await Promise.all(ends);
    assert.ok([21, 22].includes(ran.indexOf('late')), String(ran.indexOf('late')));
  });

  test('count as what they cost', async () => {
    const { add, open, ran } = busyQueue();
    for (const name of ['dear 1', 'dear 2']) add(of('dear'), name, 5);
    for (let n = 1; n <= 7; n += 1) add(of('cheap'), `cheap ${n}`);
    await open();
    assert.ok(ran.indexOf('dear 2') > ran.indexOf('cheap 5'), ran.join(', '));
  });

  test('and fill the queue cost the caller with the most of them its newest, and no other caller', async () => {
    const { add, open, ran, refused, unserved, queue } = busyQueue({ unitsMax: 4 });
    for (let n = 1; n <= 6; n += 1) add(of('flood'), `flood ${n}`);
    add(of('b'), 'b');
    add(of('c'), 'c');
    assert.equal(queue.waiting, 4);
    await open();
    assert.deepEqual(ran, ['flood 1', 'b', 'c', 'flood 2']);
    assert.deepEqual(refused.sort(), ['flood 3', 'flood 4', 'flood 5', 'flood 6']);
    assert.deepEqual(unserved, ['share', 'share', 'share', 'share']);
    assert.equal(queue.waiting, 0);
  });

  test('of as many callers as there is room for stay before a further one', async () => {
    const { add, open, ran, refused } = busyQueue({ unitsMax: 3 });
    for (const name of ['a', 'b', 'c', 'd']) add(of(name), name);
    await open();
    assert.deepEqual([ran, refused], [['a', 'b', 'c'], ['d']]);
  });

  test('too long are refused as unavailable', async () => {
    const { queue, open, unserved } = busyQueue({ waitMsMax: 5 });
    const late = queue.run(of('a'), 1, async () => {});
    await assert.rejects(late, (error: unknown) => isRefusal(error, 'unavailable'));
    assert.deepEqual([unserved, queue.waiting], [['wait'], 0]);
    await open();
  });

  test('too long at the present pace are refused at once, the newest of the caller with the most', async () => {
    let now = 0;
    const { queue, open, add, ran, refused, unserved } = busyQueue({ waitMsMax: 1_000, now: () => now });
    // The gate took the only place, so these run after it: the pace is 100 ms for each unit.
    add(of('a'), 'a');
    now += 100;
    await open();
    const takeLong = async (): Promise<void> => {
      now += 200;
    };
    for (let n = 1; n <= 20; n += 1) await queue.run(of('pace'), 2, takeLong);

    const gate = Promise.withResolvers<void>();
    const ends: Promise<unknown>[] = [queue.run(of('gate'), 1, () => gate.promise)];
    for (let n = 1; n <= 30; n += 1) add(of('flood'), `flood ${n}`);
    add(of('b'), 'b');
    await nextTurn();
    assert.equal(queue.waiting, 10);
    assert.deepEqual([refused.length, new Set(unserved)], [21, new Set(['wait'])]);
    gate.resolve();
    await Promise.all(ends);
    await open();
    assert.deepEqual(ran.slice(1, 3), ['flood 1', 'b']);
    assert.equal(ran.length, 11);
  });

  test('alone may take longer than that', async () => {
    let now = 0;
    const { queue, open, add, ran, refused } = busyQueue({ waitMsMax: 1_000, now: () => now });
    now += 5_000;
    await open();
    const gate = Promise.withResolvers<void>();
    const end = queue.run(of('gate'), 1, () => gate.promise);
    add(of('a'), 'a');
    add(of('a'), 'a too much');
    gate.resolve();
    await end;
    await open();
    assert.deepEqual([ran, refused], [['a'], ['a too much']]);
  });

  test('are refused as over the share of their network where others wait with less, else as unavailable', async () => {
    for (const [others, code] of [
      [['b'], 'rate_limited'],
      [[], 'unavailable'],
    ] as const) {
      const { queue, open, add } = busyQueue({ unitsMax: 3 });
      for (const name of others) add(of(name), name);
      const flood = Array.from({ length: 4 }, () => queue.run(of('flood'), 1, async () => {}));
      const ends = Promise.allSettled(flood);
      await open();
      const refused = (await ends).filter((end) => end.status === 'rejected');
      assert.equal(refused.length, 1 + others.length);
      for (const { reason } of refused) assert.ok(isRefusal(reason, code), code);
    }
  });

  test('leave the queue when their caller hangs up, and one that has hung up joins no queue', async () => {
    const { queue, open, unserved, ran, add } = busyQueue({ unitsMax: 1 });
    const leaving = new AbortController();
    const turn = { ...of('a'), hangUp: leaving.signal };
    const left = queue.run(turn, 1, async () => ran.push('left'));
    const reason = new Error('the caller is gone');
    leaving.abort(reason);
    await assert.rejects(left, reason);
    assert.deepEqual([unserved, queue.waiting], [['hang_up'], 0]);
    add(of('b'), 'b');
    await assert.rejects(
      queue.run(turn, 1, async () => ran.push('late')),
      reason,
    );
    await open();
    assert.deepEqual(ran, ['b']);
  });
});
