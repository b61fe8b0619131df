/** The time from the start of the server to its answer with the first page of users, and its memory when it is idle. */
import type { Bench } from './bench.ts';
import { type Figure, figureOf } from './figures.ts';
import { memoryOf, rested, startRoster } from './processes.ts';

export async function start({ fixture, rounds }: Bench): Promise<Figure[]> {
  const starts: number[] = [];
  const idle: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = await startRoster(fixture, '/sonar/v1/users?page=1&per_page=20');
    starts.push(server.startMs);
    await rested();
    idle.push((await memoryOf(server.child)).nowMib);
    await server.stop();
  }
  return [
    figureOf('start', 'to the first answer', { unit: 'ms', rounds: starts, aim: { below: 1_000 } }),
    figureOf('rest', 'idle memory', { unit: 'MiB', rounds: idle, aim: { below: 120 } }),
  ];
}
