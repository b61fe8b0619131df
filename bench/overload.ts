/**
 * Five times the load that the server can carry, in creations: how fast it answers what it admits, what it sheds, its
 * memory, and how it answers a second later. In each round the rate that it can carry is measured first, and
 * latencies at a fifth of that rate as those without load.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { type Figure, figureOf } from './figures.ts';
import type { LoadJob } from './load.ts';
import { forgetPeak, load, memoryOf, rested, startRoster } from './processes.ts';

const times = 5;
const carried = 32;
const connections = 1_000;
const lightShare = 0.2;
/** After this the server has noticed the overload, or its end. */
const noticeMs = 1_000;

export async function overload({ fixture, rounds, seconds }: Bench): Promise<Figure[]> {
  const server = await startRoster(fixture);
  const job = (number: number): LoadJob => ({
    url: server.url,
    method: 'POST',
    targets: { paths: ['/sonar/v1/users'] },
    headers: { authorization: `Bearer ${fixture.apiKey}`, 'content-type': 'application/json' },
    body: `{"reference_id":"made-${number}-#"}`,
    connections: carried,
    seconds,
  });
  const found = {
    capacity: [] as number[],
    offered: [] as number[],
    admitted: [] as number[],
    lightMs: [] as number[],
    admittedMs: [] as number[],
    slower: [] as number[],
    laterMs: [] as number[],
    laterFailed: [] as number[],
    growthMib: [] as number[],
  };
  for (let round = 0; round < rounds; round++) {
    const { perSecond: capacity } = await load(job(4 * round));
    const perSecond = capacity * lightShare;
    const light = await load({ ...job(4 * round + 1), perSecond });
    await rested();
    const many = { connections, perSecond: capacity * times, isOverload: true, warmUpMs: noticeMs };
    const running = load({ ...job(4 * round + 2), ...many });
    await sleep(2 * noticeMs);
    await forgetPeak(server.child);
    const { nowMib } = await memoryOf(server.child);
    const heavy = await running;
    const { peakMib } = await memoryOf(server.child);
    const later = await load({ ...job(4 * round + 3), perSecond, warmUpMs: noticeMs });
    found.capacity.push(capacity);
    found.offered.push(heavy.measured.sent / seconds / capacity);
    found.admitted.push(heavy.perSecond / capacity);
    found.lightMs.push(light.p99Ms);
    found.admittedMs.push(heavy.p99Ms);
    found.slower.push(heavy.p99Ms / light.p99Ms);
    found.laterMs.push(later.p99Ms);
    found.laterFailed.push(later.measured.failed);
    found.growthMib.push(peakMib - nowMib);
  }
  await server.stop();
  const name = 'overload';
  return [
    figureOf(name, 'creations/s that it can carry', { rounds: found.capacity }),
    figureOf(name, 'requests sent, times that rate', { rounds: found.offered }),
    figureOf(name, 'requests admitted, times that rate', { rounds: found.admitted, aim: { atLeast: 0.5 } }),
    figureOf(name, 'p99 at a fifth of that rate', { unit: 'ms', rounds: found.lightMs }),
    figureOf(name, 'p99 of admitted requests', { unit: 'ms', rounds: found.admittedMs }),
    figureOf(name, 'the same, times that without load', { rounds: found.slower, aim: { below: 2 } }),
    figureOf(name, 'p99 a second later', { unit: 'ms', rounds: found.laterMs }),
    figureOf(name, 'requests shed a second later', { rounds: found.laterFailed, aim: { below: 1 } }),
    figureOf(name, 'growth of memory after two seconds', {
      unit: 'MiB',
      rounds: found.growthMib,
      aim: { below: 32 },
    }),
  ];
}
