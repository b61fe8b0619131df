import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, removeFolder, serve } from './program.ts';

const mebibyte = 1024 * 1024;
const idleMax = 120 * mebibyte;
/** What a start leaves behind is more than that. */
const garbageMin = 10 * mebibyte;

/** Resident memory of a process in bytes, as its system tells it. */
function residentOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
}

test('a server with nothing to do gives back what its start has taken, and keeps under 120 MiB', async () => {
  const folder = await makeFolder();
  // The first start in a checkout that was never started reads the program's sources, and keeps what reads them.
  await (await serve(folder)).stop('SIGTERM');
  const server = await serve(folder);
  let [most, now] = [0, Number.POSITIVE_INFINITY];
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline && (now > idleMax || most - now < garbageMin)) {
    await sleep(50);
    now = residentOf(server.pid);
    most = Math.max(most, now);
  }
  await server.stop('SIGTERM');
  await removeFolder(folder);
  assert.ok(most - now >= garbageMin, `${most} bytes at most, ${now} in the end`);
  assert.ok(now <= idleMax, `${now} bytes`);
});
