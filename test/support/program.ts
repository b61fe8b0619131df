/** The program as a process of its own: one command to its end, or a server until it is stopped. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The checkout. */
export const root = join(import.meta.dirname, '..', '..');

export interface ProgramOptions {
  /** The folder to run; the checkout unless given. */
  readonly root?: string;
  /** Settings by their names; of the test's own environment the program sees `PATH` only. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export async function runProgram(words: readonly string[], options: ProgramOptions): Promise<Ended> {
  const program = start(words, options);
  const [exitCode] = await once(program.process, 'close');
  return { exitCode, stdout: program.stdout(), stderr: program.stderr() };
}

/** Runs one command with `--json` that has to succeed; what it printed. */
export async function askProgram(words: readonly string[], options: ProgramOptions): Promise<unknown> {
  const { exitCode, stdout, stderr } = await runProgram([...words, '--json'], options);
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout);
}

export interface Serving {
  readonly baseUrl: string;
  /** Everything that was written to standard error so far: the log. */
  log(): string;
  /** Lets the server end what it does; its exit code. */
  stop(): Promise<number | null>;
}

/** Starts the server on a free port and resolves when it is ready. */
export async function serveProgram({ root, env }: ProgramOptions): Promise<Serving> {
  const program = start(['serve', '--json'], {
    ...(root === undefined ? {} : { root }),
    env: { PORT: '0', ...env },
  });
  const ended = once(program.process, 'close').then(([exitCode]) => Number(exitCode));
  const ready = new Promise<string>((resolve, reject) => {
    program.process.stdout.on('data', () => {
      if (program.stdout().includes('\n')) resolve(JSON.parse(program.stdout()).url);
    });
    void ended.then(() => reject(new Error(`the server ended: ${program.stderr()}`)));
  });
  const { port } = new URL(await ready);
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    log: program.stderr,
    stop() {
      program.process.kill('SIGTERM');
      return ended;
    },
  };
}

function start(words: readonly string[], { root: folder = root, env }: ProgramOptions) {
  const command = [join(folder, 'bin', 'roster'), ...words];
  const process_ = spawn(process.execPath, command, {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pieces = { stdout: '', stderr: '' };
  process_.stdout.setEncoding('utf8').on('data', (piece: string) => {
    pieces.stdout += piece;
  });
  process_.stderr.setEncoding('utf8').on('data', (piece: string) => {
    pieces.stderr += piece;
  });
  return { process: process_, stdout: () => pieces.stdout, stderr: () => pieces.stderr };
}
