/**
 * Starts the server once, on a temporary data folder, and stops it. Node then caches the compiled form of all code that a
 * start needs, and the first real start is as fast as later ones. `npm ci` runs this last. A failure here does no harm:
 * the first start then compiles the code itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const timeoutMs = 20_000;
const program = join(import.meta.dirname, '..', 'bin', 'roster');
/** The cache belongs to the options of V8: these must be the options that the program starts with. */
const options = ['--max-semi-space-size=16'];

const folder = await mkdtemp(join(tmpdir(), 'roster-warm-up-'));
// The process gets `PATH` alone: settings for a real server must not apply here.
const { PATH = '' } = process.env;
const words = ['serve', '--json', '--port', '0', '--data', folder];
const child = spawn(process.execPath, [...options, program, ...words], {
  // Not the checkout: it may contain a file `.env`.
  cwd: folder,
  env: { PATH, ROSTER_LOG_LEVEL: 'silent' },
  stdio: ['ignore', 'pipe', 'ignore'],
  timeout: timeoutMs,
});
child.stdout.once('data', () => child.kill('SIGTERM'));
await once(child, 'close');
await rm(folder, { recursive: true, force: true });
