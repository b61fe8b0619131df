import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, removeFolder, serve } from './program.ts';

const mebibyte = 1024 * 1024;
const idleMax = 120 * mebibyte;
/** A start leaves more garbage than this. */
const garbageMin = 10 * mebibyte;

/** Resident memory of a process in bytes, from the operating system. */
function residentOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
}

test('an idle server frees the memory that its start used, and then uses less than 120 MiB', async () => {
  const folder = await makeFolder();
  // The first start in a new checkout transforms the sources, and keeps the TypeScript parser in memory.
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
