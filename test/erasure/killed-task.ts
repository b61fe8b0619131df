/** Starts a process with a task at which it may be killed; see `killed-process.ts`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KilledTask } from './killed-process.ts';

const program = fileURLToPath(new URL('./killed-process.ts', import.meta.url));
/**
 * The cache of compiled code that the program itself uses, under the same options of V8. It halves the time of
 * dozens of starts.
 */
const cache = fileURLToPath(new URL('../../node_modules/.cache/roster', import.meta.url));
const bundles = fileURLToPath(new URL('../../bin/bundled-packages.js', import.meta.url));
const options = ['--max-semi-space-size=16', '--require', bundles];

/** Whether the process was killed; otherwise it ended by itself. */
export async function runKilledTask(killedTask: KilledTask): Promise<boolean> {
  const child = spawn(process.execPath, [...options, program, JSON.stringify(killedTask)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  const [code, signal] = await once(child, 'exit');
  assert.ok(signal === 'SIGKILL' || code === 0, `ended with ${code} ${signal}`);
  return signal === 'SIGKILL';
}
