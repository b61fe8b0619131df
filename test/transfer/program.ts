/** Runs imports and exports like an operator, on a data folder on which a server may run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ended } from '../cli/command-host.ts';
import { environmentOf, roster, start } from '../cli/program.ts';

const program = join(import.meta.dirname, '../../bin/roster');

export interface Counted {
  readonly imported: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly withoutPassword: number;
  readonly seconds: number;
}

/** Writes a file with that name beside the data; returns its path. */
export async function makeFile(folder: string, name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** Imports a file with `--json`; returns the output of a successful run. */
export async function importFile(
  folder: string,
  words: readonly string[],
): Promise<Counted & { readonly alreadyFinishedAt?: string; readonly notes: readonly string[] }> {
  const { exitCode, stdout, stderr } = await roster(folder, ['import', ...words, '--json']);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^\{[^\n]*\}\n$/, 'one value on one line');
  const said: Counted & { readonly alreadyFinishedAt?: string } = JSON.parse(stdout);
  const keys = ['imported', 'rejected', 'skipped', 'withoutPassword', 'seconds'];
  assert.deepEqual(Object.keys(said).slice(0, keys.length), keys);
  return { ...said, notes: stderr.split('\n').slice(0, -1) };
}

/** Runs a command with `input` on its standard input. */
export async function pipeInto(
  folder: string,
  words: readonly string[],
  input: string | Buffer,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: tmpdir(),
    env: environmentOf(folder, {}),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { exitCode, stdout, stderr };
}

/** Starts a command and kills it as soon as `isTime` is true; returns whether it was killed. */
export async function killWhen(
  folder: string,
  words: readonly string[],
  isTime: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const child = start(folder, words);
  const ended = once(child, 'close');
  let isKilled = false;
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  child.stdout.resume();
  child.stderr.resume();
  while (!hasEnded && !isKilled) {
    if (await isTime()) isKilled = child.kill('SIGKILL');
    else await sleep(1);
  }
  await ended;
  return isKilled && child.signalCode === 'SIGKILL';
}

/** The standard output of `roster export`. */
export async function exportText(folder: string, words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await roster(folder, ['export', ...words]);
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
  return stdout;
}
