import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from './callers.ts';
import { Workload } from './workload.ts';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

for (const [what, networkOf] of [
  ['the addresses of a /24', (at: number) => `192.0.2.${at}`],
  ['the /64 networks of a /48', (at: number) => `2001:db8:1:${at.toString(16)}::/64`],
] as const) {
  test(`a flood from ${what} keeps an organization waiting for one of its requests`, async () => {
    const workload = new Workload({ requestsInFlightMax: 2_000, streamsMax: 8 });
    const queue = workload.queue('write');
    const begun: string[] = [];
    const running: Caller[] = [];
    const now = performance.now();
    const enter = (caller: Caller, name: string): void => {
      const begin = (): void => {
        begun.push(name);
        running.push(caller);
      };
      const waiting = queue.enter(caller, now);
      if (waiting === undefined) begin();
      else void waiting.then(begin);
    };
    const tenant = workload.callerOf(
      { principal: { kind: 'user', door: 'test', orgKey: 1, userId: 'usr_1' } as never, network: '' },
      now,
    );
    for (let at = 0; at < 200; at++) {
      const network = networkOf(at);
      for (let each = 0; each < 3; each++)
        enter(workload.callerOf({ principal: null, network }, now), 'flood');
    }
    const before = begun.length;
    assert.ok(before <= 8, `${before} requests of the flood work at the same time`);
    for (let each = 0; each < 4; each++) enter(tenant, 'tenant');
    assert.deepEqual(begun.slice(before), ['tenant', 'tenant', 'tenant', 'tenant']);
    const [first] = running;
    assert.ok(first !== undefined);
    queue.leave(first, now, 0);
    await settled();
    assert.ok(begun.length <= before + 5);
  });
}
