/** Runs one test file in a process of its own, and ends it at the first failure or when its time is over. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Outcome = 'passed' | 'failed' | 'too long';

export interface TestRun {
  readonly outcome: Outcome;
  readonly seconds: number;
  /** The first test that failed. */
  readonly failure: string | null;
}

const running = new Set<number>();

/** Ends the processes of every run, for a tool that is interrupted. */
export function endTestRuns(): void {
  for (const pid of running) endGroup(pid);
}

export function runTestFile(
  path: string,
  options: {
    readonly folder: string;
    readonly secondsMax: number;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<TestRun> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--test-timeout=120000', '--test-reporter=tap', path], {
    cwd: options.folder,
    // Without the variable of a runner, whose protocol would take the place of lines.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...options.env },
    stdio: ['ignore', 'pipe', 'ignore'],
    // A group of its own, so that the programs that a test has started end with it.
    detached: true,
  });
  const pid = child.pid ?? 0;
  running.add(pid);
  let failure: string | null = null;
  let isTooLong = false;
  const timer = setTimeout(() => {
    isTooLong = true;
    endGroup(pid);
  }, options.secondsMax * 1_000);
  createInterface(child.stdout).on('line', (line) => {
    const name = /^\s*not ok \d+ - (.*)$/.exec(line)?.[1];
    if (name === undefined || failure !== null) return;
    failure = name;
    endGroup(pid);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      endGroup(pid);
      running.delete(pid);
      const seconds = (performance.now() - startedAt) / 1_000;
      const outcome = failure !== null ? 'failed' : isTooLong ? 'too long' : code === 0 ? 'passed' : 'failed';
      resolve({ outcome, seconds, failure });
    });
  });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All its processes have ended.
  }
}
