/** Runs the real program in separate processes, as a person or a script does, on a temporary data folder. */
import assert from 'node:assert/strict';
import { type ChildProcess, type ChildProcessByStdio, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { databaseUrlOf } from '../support/server/start.ts';
import type { CommandRequest, Ended, Settings } from './command-host.ts';

const bin = join(import.meta.dirname, '..', '..', 'bin');
const program = join(bin, 'roster');
const bundledPackages = join(bin, 'bundled-packages.js');

/** A new folder for data; remove it with `removeFolder`. */
export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'roster-cli-'));
}

export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

/**
 * Runs a command to its end, without a terminal, in a process that runs other commands before and after it. `serve` gets a process
 * of its own, because it starts others like itself.
 */
export async function roster(
  folder: string,
  words: readonly string[],
  settings: Settings = {},
): Promise<Ended> {
  if (words[0] === 'serve') return rosterAlone(folder, words, settings);
  const host = idleHosts.pop() ?? startHost();
  const waiting = new AbortController();
  const { signal } = waiting;
  // The process of the tests does not end before the command.
  host.channel?.ref();
  host.send({ words, env: environmentOf(folder, settings) } satisfies CommandRequest);
  try {
    const answer = once(host, 'message', { signal });
    const end = once(host, 'close', { signal }).then(([exitCode]) => {
      throw new Error(`the process of \`roster ${words.join(' ')}\` ended with ${exitCode}`);
    });
    const [ended] = await Promise.race([answer, end]);
    return ended;
  } finally {
    waiting.abort();
    host.channel?.unref();
    if (host.connected) idleHosts.push(host);
  }
}

const idleHosts: ChildProcess[] = [];

function startHost(): ChildProcess {
  const host = fork(join(import.meta.dirname, 'command-host.ts'), {
    cwd: tmpdir(),
    env: { ...environmentOf('', {}), NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' },
    execArgv: ['--max-semi-space-size=16', '--require', bundledPackages],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  host.unref();
  return host;
}

/** Runs a command to its end, without a terminal, in a process of its own. */
export async function rosterAlone(
  folder: string,
  words: readonly string[],
  settings: Settings = {},
): Promise<Ended> {
  const child = start(folder, words, settings);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { exitCode, stdout, stderr };
}

/** Runs a command with `--json`; its JSON. Fails the test if the command fails or prints anything else. */
export async function rosterJson(
  folder: string,
  words: readonly string[],
  settings: Settings = {},
): Promise<Json> {
  const { exitCode, stdout, stderr } = await roster(folder, [...words, '--json'], settings);
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' }, words.join(' '));
  assert.match(stdout, /^[^\n]+\n$/, 'one value on one line');
  return readJson(stdout);
}

/** Runs a command that must print nothing on standard output; its exit code and its lines on standard error. */
export async function refused(
  folder: string,
  words: readonly string[],
  settings: Settings = {},
): Promise<{ readonly exitCode: number | null; readonly lines: readonly string[] }> {
  const { exitCode, stdout, stderr } = await roster(folder, words, settings);
  assert.equal(stdout, '', words.join(' '));
  return { exitCode, lines: stderr.trimEnd().split('\n') };
}

/** A server in a separate process. */
export interface Serving {
  /** The JSON that it printed when it was ready. */
  readonly output: Json;
  readonly url: string;
  readonly pid: number;
  /** Sends the signal and resolves at the end of the process. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
}

/** Starts `roster serve --json` on a free port and resolves when it is ready. `openFilesMax` is its `ulimit -n`. */
export async function serve(
  folder: string,
  settings: Settings = {},
  openFilesMax?: number,
): Promise<Serving> {
  const all = { PORT: '0', ROSTER_LOG_LEVEL: 'warn', ...settings };
  const child = start(folder, ['serve', '--json'], all, openFilesMax);
  const stdout: string[] = [];
  const stderr = text(child.stderr);
  const ended = once(child, 'close').then(async ([exitCode]): Promise<Ended> => {
    return { exitCode, stdout: stdout.join(''), stderr: await stderr };
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      stdout.push(String(chunk));
      if (String(chunk).endsWith('\n')) resolve();
    });
  });
  await Promise.race([ready, ended]);
  assert.ok(child.exitCode === null, `the server ended: ${child.exitCode === null ? '' : await stderr}`);
  const output = readJson(stdout.join(''));
  return {
    output,
    url: output.text('url'),
    pid: child.pid ?? 0,
    stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

const started = new Set<ChildProcess>();

/** Ends the processes that a failed test has left running; they would keep the test run alive. */
export function endStarted(): void {
  for (const child of started) child.kill('SIGKILL');
}

/** Starts a command; the caller must end it. */
export function start(
  folder: string,
  words: readonly string[],
  settings: Settings = {},
  openFilesMax?: number,
): ChildProcessByStdio<null, Readable, Readable> {
  const limit =
    openFilesMax === undefined ? [] : ['sh', '-c', 'ulimit -n "$0" && exec "$@"', `${openFilesMax}`];
  const [command = '', ...rest] = [...limit, process.execPath, program, ...words];
  const child = spawn(command, rest, {
    // The checkout may contain a file `.env` with settings.
    cwd: tmpdir(),
    env: environmentOf(folder, settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  child.once('close', () => started.delete(child));
  return child;
}

/** Nothing of the environment of the tests but what a program needs. */
export function environmentOf(folder: string, settings: Settings): Settings {
  const { PATH = '', HOME = '' } = process.env;
  const url = databaseUrlOf(folder);
  return {
    PATH,
    HOME,
    ROSTER_DATA_DIR: folder,
    ...(url === undefined ? {} : { DATABASE_URL: url }),
    ...settings,
  };
}

/** A JSON value with access by dotted paths, such as `0.organization.id`. */
export interface Json {
  readonly value: unknown;
  at(path: string): unknown;
  /** The text at the path; fails the test if there is none. */
  text(path: string): string;
  /** The items of the list at the path, or of the value itself; fails the test if it is not a list. */
  list(path?: string): readonly unknown[];
  /** The keys of the object at the path, or of the value itself, in their order. */
  names(path?: string): readonly string[];
}

export function readJson(source: string): Json {
  const value: unknown = JSON.parse(source);
  const at = (path: string): unknown => {
    return path.split('.').reduce<unknown>((parent, key) => {
      if (typeof parent !== 'object' || parent === null) return undefined;
      return Object.entries(parent).find(([name]) => name === key)?.[1];
    }, value);
  };
  const of = (path?: string): unknown => (path === undefined ? value : at(path));
  return {
    value,
    at,
    text(path) {
      const found = at(path);
      assert.ok(typeof found === 'string', `no text at ${path} of ${source}`);
      return found;
    },
    list(path) {
      const found = of(path);
      assert.ok(Array.isArray(found), `no list at ${path ?? 'the top'} of ${source}`);
      return found;
    },
    names(path) {
      const found = of(path);
      assert.ok(
        typeof found === 'object' && found !== null,
        `no object at ${path ?? 'the top'} of ${source}`,
      );
      return Object.keys(found);
    },
  };
}

/** The status of the answer to a call with that credential. */
export async function statusOf(url: string, bearer: string): Promise<number> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } });
  await answer.arrayBuffer();
  return answer.status;
}
