/** The processes of a run: what is measured, what it is measured by, and how much memory each has. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Fixture } from './fixture.ts';
import type { LoadJob, LoadResult } from './load.ts';

const program = join(import.meta.dirname, '../bin/roster');
const loopMonitor = pathToFileURL(join(import.meta.dirname, 'loop-monitor.ts')).href;
/** Where no file `.env` of somebody's own stands. */
const elsewhere = tmpdir();
/** The command starts with the Node of this process. */
const ownNode = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** From the start of the process to its first answer. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** Roster as its users start it; `path` is what it is asked first. */
export async function startRoster(
  { env, apiKey }: Pick<Fixture, 'env' | 'apiKey'>,
  path = '/healthz',
): Promise<ServerProcess> {
  const startedAt = performance.now();
  const child = spawn(program, ['serve'], {
    cwd: elsewhere,
    env: {
      ...ownNode,
      ...env,
      PORT: '0',
      ROSTER_TRUSTED_PROXIES: '127.0.0.1',
      NODE_OPTIONS: `--import ${loopMonitor}`,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await urlOf(child);
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${apiKey}` } });
  await response.text();
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  return { url, child, startMs: performance.now() - startedAt, stop: () => stop(child) };
}

/** A bare server whose answers have so many bytes. */
export async function startBare(bytes: number): Promise<Omit<ServerProcess, 'startMs'>> {
  const file = join(import.meta.dirname, 'bare-server.ts');
  const child = spawn(process.execPath, [file, String(bytes)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { url: await urlOf(child), child, stop: () => stop(child) };
}

/** What drives the requests: our own over bare sockets, or autocannon. */
export const generators = { socket: 'load.ts', autocannon: 'load-autocannon.ts' } as const;
export type Generator = keyof typeof generators;

/** A burst of load from a process of its own. */
export async function load(job: LoadJob, generator: Generator = 'socket'): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(import.meta.dirname, generators[generator])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(job));
  return JSON.parse(await text(child.stdout));
}

/** A command of Roster; what it prints with `--json`, how long it took from its start to its end, and the most memory it had. */
export async function runRoster(
  { env }: Pick<Fixture, 'env'>,
  args: readonly string[],
): Promise<{
  readonly output: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly peakMib: number;
}> {
  const beganAt = performance.now();
  const child = spawn(program, [...args, '--json'], {
    cwd: elsewhere,
    env: { ...ownNode, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let peakMib = 0;
  const watch = setInterval(async () => {
    const { peakMib: known } = await memoryOf(child);
    // Of a process that has just ended nothing is known.
    if (known > peakMib) peakMib = known;
  }, memoryEveryMs);
  const ended = once(child, 'close');
  const output = await text(child.stdout);
  await ended;
  clearInterval(watch);
  return { output: JSON.parse(output), seconds: (performance.now() - beganAt) / 1_000, peakMib };
}

const memoryEveryMs = 50;

/** Longer than a server that has become idle takes to notice, and to give back what the start has left behind. */
const restMs = 3_000;

export function rested(): Promise<void> {
  return sleep(restMs);
}

/** Resident memory of a process, in MiB; not a number where there is no `/proc`. */
export interface Memory {
  readonly nowMib: number;
  readonly peakMib: number;
}

export async function memoryOf({ pid }: ChildProcess): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const read = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
  return { nowMib: read('VmRSS'), peakMib: read('VmHWM') };
}

/** The peak of a process is from now on what it is now (proc(5), `clear_refs`). */
export async function forgetPeak({ pid }: ChildProcess): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

async function urlOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the output of the server is not read');
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\/\/[^\s:]+:\d+/.exec(line)?.[0];
    if (url === undefined) continue;
    child.stdout.resume();
    return url.replace('localhost', '127.0.0.1');
  }
  throw new Error('the server ended before it was ready');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
