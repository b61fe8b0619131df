import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockWatch, steadyAfterMs } from './clock-watch.ts';

function createClock() {
  const at = { now: 1_000_000, elapsed: 0 };
  return {
    ...{ now: () => at.now, elapsed: () => at.elapsed },
    pass(ms: number) {
      at.now += ms;
      at.elapsed += ms;
    },
    jump(ms: number) {
      at.now += ms;
    },
  };
}

test('a clock is steady after five minutes of the process', () => {
  const clock = createClock();
  const watch = new ClockWatch(clock);
  assert.equal(watch.isSteady(), false);
  clock.pass(steadyAfterMs - 1);
  assert.equal(watch.isSteady(), false);
  clock.pass(1);
  assert.equal(watch.isSteady(), true);
});

for (const ms of [400, 1, -1, -400].map((days) => days * 86_400_000)) {
  test(`a jump by ${ms} ms, and one back, each begin the five minutes again`, () => {
    const clock = createClock();
    const watch = new ClockWatch(clock);
    clock.pass(steadyAfterMs);
    clock.jump(ms);
    assert.equal(watch.isSteady(), false);
    clock.pass(steadyAfterMs - 1);
    assert.equal(watch.isSteady(), false);
    clock.jump(-ms);
    clock.pass(1);
    assert.equal(watch.isSteady(), false);
    clock.pass(steadyAfterMs);
    assert.equal(watch.isSteady(), true);
  });
}

test('the small steps of a time service are no jumps', () => {
  const clock = createClock();
  const watch = new ClockWatch(clock);
  for (let each = 0; each < 10; each += 1) {
    clock.pass(steadyAfterMs / 10);
    clock.jump(each % 2 === 0 ? 900 : -2_000);
    watch.isSteady();
  }
  assert.equal(watch.isSteady(), true);
});
