/**
 * Sign-ins with a password, at full rate, compared with the bare rate of argon2id in the same round. Evenly spread reads
 * arrive at the same time: the report includes their latency and the delay of the event loop.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Bench } from './bench.ts';
import { type Figure, figureOf } from './figures.ts';
import { accountPassword, accounts } from './fixture.ts';
import { load, startRoster } from './processes.ts';

/** So few that they take no noticeable CPU time from the hashes. */
const readsPerSecond = 100;
const connections = 16;
const name = 'password login';

interface Round {
  readonly bare: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly readsP99Ms: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

export async function login(bench: Bench): Promise<Figure[]> {
  const server = await startRoster(bench.fixture);
  const rounds: Round[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    rounds.push(await measure(bench, server));
  }
  await server.stop();
  const of = (read: (round: Round) => number): { rounds: number[] } => ({ rounds: rounds.map(read) });
  return [
    figureOf(name, 'share of the bare argon2id rate', {
      ...of(({ perSecond, bare }) => perSecond / bare),
      aim: { atLeast: 0.9 },
    }),
    figureOf(
      name,
      'sign-ins/s',
      of(({ perSecond }) => perSecond),
    ),
    figureOf(
      name,
      'bare argon2id, hashes/s',
      of(({ bare }) => bare),
    ),
    figureOf(name, 'p99', { unit: 'ms', ...of(({ p99Ms }) => p99Ms) }),
    figureOf(name, 'reads during the logins, p99', {
      unit: 'ms',
      ...of(({ readsP99Ms }) => readsP99Ms),
      aim: { below: 50 },
    }),
    figureOf(name, 'event-loop delay, p99', {
      unit: 'ms',
      ...of(({ loopP99Ms }) => loopP99Ms),
      aim: { below: 20 },
    }),
    figureOf(name, 'event-loop delay, most', { unit: 'ms', ...of(({ loopMaxMs }) => loopMaxMs) }),
  ];
}

async function measure(
  { fixture, seconds }: Bench,
  { url, child }: { readonly url: string; readonly child: ChildProcess },
): Promise<Round> {
  const bare = await bareRate(seconds);
  child.send('begin');
  const [logins, reads] = await Promise.all([
    load({
      url,
      method: 'POST',
      targets: { paths: ['/general/v1/sessions'] },
      // A network may try only so many passwords a minute, so each account has a network of its own.
      headers: {
        'content-type': 'application/json',
        'x-app-id': fixture.appId,
        'x-forwarded-for': '10.0.0.#',
      },
      body: JSON.stringify({ email: 'login-#@example.com', password: accountPassword }),
      cycle: accounts,
      connections,
      seconds,
    }),
    load({
      url,
      method: 'GET',
      targets: { prefix: '/sonar/v1/users/usr_', ids: fixture.ids, order: 'draw' },
      headers: { authorization: `Bearer ${fixture.apiKey}` },
      connections,
      seconds,
      perSecond: readsPerSecond,
    }),
  ]);
  child.send('end');
  const [delays]: Pick<Round, 'loopP99Ms' | 'loopMaxMs'>[] = await once(child, 'message');
  if (delays === undefined || logins.failed + reads.failed > 0) throw new Error('requests failed');
  return {
    bare,
    perSecond: logins.perSecond,
    p99Ms: logins.p99Ms,
    readsP99Ms: reads.p99Ms,
    ...delays,
  };
}

async function bareRate(seconds: number): Promise<number> {
  const file = join(import.meta.dirname, 'argon2-rate.ts');
  const child = spawn(process.execPath, [file, String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return Number(await text(child.stdout));
}
