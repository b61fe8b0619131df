import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../../core/errors.ts';
import { type Caller, CallerTable } from './callers.ts';
import { FairQueue } from './fair-queue.ts';

const limits = { total: 6, caller: 2, group: 3, waiting: 400, waitMs: 10_000 };

/** A queue, and what has begun in it, in order. */
function createScene() {
  const callers = new CallerTable(1);
  const queue = new FairQueue({ callers, kind: 0, limits });
  const begun: string[] = [];
  const shed: string[] = [];
  const scene = {
    ...{ queue, begun, shed, now: 0 },
    see: (group: number, id: string): Caller => callers.see(group, id, scene.now),
    enter(caller: Caller, times = 1): void {
      for (let count = 0; count < times; count++) {
        const waiting = queue.enter(caller, scene.now);
        if (waiting === undefined) begun.push(caller.id);
        else {
          waiting.then(
            () => begun.push(caller.id),
            (error) => shed.push(`${caller.id} ${isRefusal(error, 'rate_limited') ? 429 : 503}`),
          );
        }
      }
    },
    /** Ends a request of the caller. */
    async leave(caller: Caller): Promise<void> {
      queue.leave(caller, scene.now, 0);
      await settled();
    },
  };
  return scene;
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

test('a caller that is alone has all places, and nothing of it is refused', async () => {
  const scene = createScene();
  const alone = scene.see(1, 'a');
  scene.enter(alone, 300);
  assert.equal(scene.begun.length, limits.total);
  for (let count = 0; count < 300; count++) await scene.leave(alone);
  assert.deepEqual([scene.begun.length, scene.shed.length], [300, 0]);
});

test('a caller over its share waits while others are present, and they begin at once', () => {
  const scene = createScene();
  const other = scene.see(2, 'b');
  scene.enter(scene.see(1, 'a'), 10);
  scene.enter(other);
  assert.deepEqual(scene.begun, ['a', 'a', 'b']);
  assert.equal(scene.queue.waiting, 8);
});

test('a share binds no longer once the others are gone', async () => {
  const scene = createScene();
  scene.see(2, 'b');
  const flood = scene.see(1, 'a');
  scene.enter(flood, 10);
  scene.now += 3_000;
  scene.enter(scene.see(1, 'a'));
  await scene.leave(flood);
  assert.equal(scene.begun.length, 1 + limits.total);
});

test('organizations take turns, and in an organization its callers', async () => {
  const scene = createScene();
  const [a, b, c] = [scene.see(1, 'a'), scene.see(1, 'b'), scene.see(2, 'c')];
  scene.enter(a, 6);
  scene.enter(b, 6);
  scene.enter(c, 6);
  assert.deepEqual(scene.begun, ['a', 'a', 'b', 'c', 'c']);
  for (const each of [a, b, c, a]) await scene.leave(each);
  assert.deepEqual(scene.begun.slice(5), ['a', 'b', 'c', 'a']);
});

test('an organization gets a first place although others have taken all', () => {
  const scene = createScene();
  for (let group = 1; group <= limits.total; group++) scene.enter(scene.see(group, `g${group}`));
  scene.enter(scene.see(99, 'new'), 2);
  assert.equal(scene.begun.at(-1), 'new');
  assert.equal(scene.queue.waiting, 1);
});

test('a long queue that stands is overload: few wait, and the others are shed at once, until it is calm', async () => {
  const scene = createScene();
  const flood = scene.see(1, 'a');
  scene.enter(flood, 200);
  assert.equal(scene.queue.isShedding(scene.now), false);
  scene.now += 600;
  scene.enter(flood, 3);
  await settled();
  assert.equal(scene.queue.isShedding(scene.now), true);
  // 194 waited; 16 may.
  assert.deepEqual([scene.queue.waiting, scene.shed.length, new Set(scene.shed).size], [16, 181, 1]);
  assert.equal(scene.shed[0], 'a 503');
  // A caller with fewer waiting requests takes the room of the one with the most.
  scene.enter(scene.see(2, 'b'));
  await settled();
  assert.deepEqual(scene.shed.slice(181), ['a 429']);
  scene.now += 1_100;
  assert.equal(scene.queue.isShedding(scene.now), false);
});

test('overload by many callers with a request each is shed too, and those that wait begin', async () => {
  const scene = createScene();
  const all = Array.from({ length: 300 }, (_, at) => scene.see(at % 100, `${at}`));
  for (const caller of all) scene.enter(caller);
  scene.now += 600;
  const late = scene.see(1, 'late');
  scene.enter(late);
  await settled();
  assert.equal(scene.queue.isShedding(scene.now), true);
  assert.equal(scene.queue.waiting, 16);
  assert.equal(scene.shed.filter((refusal) => !refusal.endsWith('503')).length, 0);
  const running = new Set(scene.begun);
  for (let count = 0; count < 16 + running.size; count++) {
    const [next] = all.filter(({ id, usage: [use] }) => scene.begun.includes(id) && (use?.running ?? 0) > 0);
    assert.ok(next !== undefined);
    await scene.leave(next);
  }
  assert.equal(scene.queue.waiting, 0);
  assert.equal(scene.begun.length + scene.shed.length, 301);
});

test('many connections of a caller whose requests are each begun quickly are no overload', async () => {
  const scene = createScene();
  const many = scene.see(1, 'a');
  scene.enter(many, 280);
  // Each millisecond six end, and the caller sends six more: what waits begins within 46 ms.
  for (let ms = 0; ms < 2_000; ms++) {
    scene.now += 1;
    for (let ended = 0; ended < 6; ended++) scene.queue.leave(many, scene.now, 1);
    scene.enter(many, 6);
  }
  await settled();
  assert.equal(scene.queue.isShedding(scene.now), false);
  assert.deepEqual(scene.shed, []);
});

test('the places of a flood that rest are free again together', async () => {
  const scene = createScene();
  // The end of a rest is on this clock.
  scene.now = performance.now();
  const flood = scene.see(1, 'a');
  scene.see(2, 'b');
  scene.enter(flood, 10);
  assert.equal(scene.begun.length, limits.caller);
  for (const ms of [1, 20]) scene.queue.leave(flood, scene.now, ms);
  while (scene.begun.length === limits.caller) await settled();
  assert.equal(scene.begun.length, 2 * limits.caller);
});

test('a caller whose requests do not wait keeps its places free while another one floods', () => {
  const scene = createScene();
  const [flood, other] = [scene.see(1, 'a'), scene.see(2, 'b')];
  scene.enter(flood, 10);
  scene.enter(other, limits.caller);
  for (let ended = 0; ended < limits.caller; ended++) scene.queue.leave(other, scene.now, 20);
  const before = scene.begun.length;
  scene.enter(other, limits.caller);
  assert.deepEqual(scene.begun.slice(before), ['b', 'b']);
});

test('the table of callers forgets those that are gone', () => {
  const callers = new CallerTable(1);
  for (let id = 0; id < 1_000; id++) callers.see(id, `${id}`, id);
  assert.equal(callers.isOneGroup, false);
  callers.see(5_000, 'last', 10_000);
  assert.deepEqual([callers.isOneCaller, callers.isOneGroup], [true, true]);
});
