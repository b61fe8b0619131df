/**
 * Starts the server once, on a folder of its own, and stops it: Node then keeps the compiled form of everything that a
 * start needs, and the first real start is as quick as every other. `npm ci` runs this last. Where it fails, nothing
 * is lost but that: a start compiles what it needs by itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const patienceMs = 20_000;
const program = join(import.meta.dirname, '..', 'bin', 'roster');
/** Compiled code is kept for the options of V8 that it was made under: those that the program is started with. */
const options = ['--max-semi-space-size=16'];

const folder = await mkdtemp(join(tmpdir(), 'roster-warm-up-'));
// Of the environment only what a process needs: settings for a real server mean nothing here.
const { PATH = '' } = process.env;
const words = ['serve', '--json', '--port', '0', '--data', folder];
const child = spawn(process.execPath, [...options, program, ...words], {
  // Not in the checkout: a file .env may stand there.
  cwd: folder,
  env: { PATH, ROSTER_LOG_LEVEL: 'silent' },
  stdio: ['ignore', 'pipe', 'ignore'],
  timeout: patienceMs,
});
child.stdout.once('data', () => child.kill('SIGTERM'));
await once(child, 'close');
await rm(folder, { recursive: true, force: true });
