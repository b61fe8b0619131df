/** The array of all users of an app: the rate at which a client reads it, and the memory that this needs. */
import { get } from 'node:http';
import type { Bench } from './bench.ts';
import { type Figure, figureOf } from './figures.ts';
import { forgetPeak, memoryOf, rested, startRoster } from './processes.ts';

export async function stream({ fixture, rounds }: Bench): Promise<Figure[]> {
  const server = await startRoster(fixture);
  await rested();
  const { nowMib: idleMib } = await memoryOf(server.child);
  const rates: number[] = [];
  const growths: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await forgetPeak(server.child);
    const beganAt = performance.now();
    const users = await countUsers(server.url, fixture);
    rates.push((users * 1_000) / (performance.now() - beganAt));
    if (users !== fixture.users) throw new Error(`the array has ${users} users`);
    growths.push((await memoryOf(server.child)).peakMib - idleMib);
  }
  await server.stop();
  const name = 'humanapi array';
  return [
    figureOf(name, 'users/s', { rounds: rates, aim: { atLeast: 100_000 } }),
    figureOf(name, 'peak memory above idle', { unit: 'MiB', rounds: growths, aim: { below: 64 } }),
  ];
}

/** The array has one user a line. */
async function countUsers(
  url: string,
  { appId, appKey }: Pick<Bench['fixture'], 'appId' | 'appKey'>,
): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${appKey}:`).toString('base64')}`;
  const request = get(`${url}/humanapi/v1/apps/${appId}/users`, { headers: { authorization } });
  const [response] = await Promise.race([
    new Promise<[AsyncIterable<Buffer>]>((resolve) => request.once('response', (it) => resolve([it]))),
    new Promise<never>((_, reject) => request.once('error', reject)),
  ]);
  let users = 1;
  for await (const bytes of response) {
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) users += 1;
  }
  return users;
}
