/** The processes of a run: the measured programs, the load generators, and the memory of each. */
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
/** A folder without a file `.env`. */
const elsewhere = tmpdir();
/** The command runs on the Node of this process. */
const ownNode = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };

/** A server in a separate process. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** From the start of the process to its first answer. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** Starts Roster as users do; `path` is the target of the first request, and `openFilesMax` the limit of open files. */
export async function startRoster(
  { env, apiKey }: Pick<Fixture, 'env' | 'apiKey'>,
  path = '/healthz',
  openFilesMax?: number,
): Promise<ServerProcess> {
  const startedAt = performance.now();
  const limit =
    openFilesMax === undefined ? [] : ['sh', '-c', 'ulimit -n "$0" && exec "$@"', `${openFilesMax}`];
  const [command = '', ...words] = [...limit, program, 'serve'];
  const child = spawn(command, words, {
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

/** Starts a bare server whose answers have so many bytes. */
export async function startBare(bytes: number): Promise<Omit<ServerProcess, 'startMs'>> {
  const file = join(import.meta.dirname, 'bare-server.ts');
  const child = spawn(process.execPath, [file, String(bytes)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { url: await urlOf(child), child, stop: () => stop(child) };
}

/** The load generator: our own over bare sockets, or autocannon. */
export const generators = { socket: 'load.ts', autocannon: 'load-autocannon.ts' } as const;
export type Generator = keyof typeof generators;

/** Runs a burst of load in a separate process. */
export async function load(job: LoadJob, generator: Generator = 'socket'): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(import.meta.dirname, generators[generator])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(job));
  return JSON.parse(await text(child.stdout));
}

/** Runs a command of Roster; returns its `--json` output, its duration from start to end, and its peak of memory. */
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
    // A process that has just ended has no entry in /proc.
    if (known > peakMib) peakMib = known;
  }, memoryEveryMs);
  const ended = once(child, 'close');
  const output = await text(child.stdout);
  await ended;
  clearInterval(watch);
  return { output: JSON.parse(output), seconds: (performance.now() - beganAt) / 1_000, peakMib };
}

const memoryEveryMs = 50;

/** Longer than an idle server needs to notice that it is idle and to free the memory that its start used. */
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

/** The processor time of a process so far, with all its threads, in milliseconds, exact to 10 ms; not a number where there is no `/proc`. */
export async function processorTimeOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // After the name, which may have spaces and brackets: the 12th and the 13th field are the ticks of user and system.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) * 10;
}

/** Resets the peak of memory of a process to its present memory (proc(5), `clear_refs`). */
export async function forgetPeak({ pid }: ChildProcess): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

async function urlOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no output to read');
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
