/**
 * Holds, for `npm run torture`, as many connections from one network as a stranger would: 2,050 bodies that never end, 5,000 idle
 * connections, 3,000 heads that never end, 1,000 connections with 1,500 requests each that wait for no answer, and all of them
 * together. Meanwhile whole requests, from another network and from the same one, must all be answered with 200 within a second. The
 * server may open 2,048 files, as many systems have it: fewer than the stranger has connections. The stranger is a process of its
 * own, on loopback. Stops by itself.
 *
 *     node test/torture/sockets.ts 10     a tenth of these numbers
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRoster } from '../../bench/processes.ts';
import { openDirectory } from '../../src/app/open-directory.ts';
import { readConfig } from '../../src/config/config.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { createApiKey } from '../../src/core/keys/api-key-lifecycle.ts';
import { askFrom, openCrowd } from '../attacks/support/raw-crowd.ts';

/** Any address of 127.0.0.0/8 is this machine; the server trusts 127.0.0.1 as a proxy. */
const strangerNetwork = '127.1.1.1';
const otherNetwork = '127.2.2.2';
const holdMs = 6_000;
const answerMsMax = 1_000;
/** After a burst of connections the system makes a few new ones wait for a second, before the server knows of them. */
const settleMs = 1_000;
const openFilesMax = 2_048;

const post =
  'POST /general/v1/users/passwords/reset HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const crowds = {
  bodies: { count: 2_050, text: `${post}Content-Length: 1000\r\n\r\n{` },
  idle: { count: 5_000, text: 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' },
  heads: { count: 3_000, text: 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ' },
  pipelined: { count: 1_000, text: 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_500) },
} as const;
type CrowdName = keyof typeof crowds;

const batch = 250;

/** The stranger: holds the connections until it is killed. */
async function hold(url: string, name: CrowdName, part: number): Promise<void> {
  const { count, text } = crowds[name];
  for (let left = Math.ceil(count / part); left > 0; left -= batch) {
    await openCrowd(url, { from: strangerNetwork, count: Math.min(batch, left), text });
  }
  process.send?.('ready');
  setInterval(() => {}, 60_000);
}

async function startStranger(url: string, name: CrowdName, part: number): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ['hold', url, name, String(part)]);
  await once(child, 'message');
  return child;
}

/** Sends whole requests for a while; how many were not answered in time with 200, and the longest wait. */
async function watch(
  url: string,
  request: string,
): Promise<{ sent: number; failed: number; worstMs: number }> {
  const seen = { sent: 0, failed: 0, worstMs: 0 };
  const until = performance.now() + holdMs;
  while (performance.now() < until) {
    for (const from of [otherNetwork, strangerNetwork]) {
      const startedAt = performance.now();
      const status = await askFrom(url, from, request);
      const ms = performance.now() - startedAt;
      seen.sent += 1;
      if (status !== 200 || ms > answerMsMax) seen.failed += 1;
      seen.worstMs = Math.max(seen.worstMs, ms);
    }
    await sleep(50);
  }
  return seen;
}

async function run(part: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-torture-'));
  // Without its limit by network, so that each body is waited for.
  const env = { ROSTER_DATA_DIR: folder, ROSTER_LOG_LEVEL: 'error', ROSTER_LIMIT_PASSWORD: '1000000' };
  const directory = await openDirectory(readConfig(env));
  const { organization } = await createOrganization(directory.core, 'torture', 'Default');
  const admin = { organization, role: 'admin', expiresAt: null } as const;
  const { apiKey } = await createApiKey(directory.core, 'torture', admin);
  await directory.close();
  const request = `GET /sonar/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${apiKey}\r\nConnection: close\r\n\r\n`;
  const server = await startRoster({ env, apiKey }, '/healthz', Math.ceil(openFilesMax / part));
  try {
    const names = Object.keys(crowds) as CrowdName[];
    for (const held of [...names.map((name) => [name]), names]) {
      const strangers = await Promise.all(held.map((name) => startStranger(server.url, name, part)));
      await sleep(settleMs);
      const { sent, failed, worstMs } = await watch(server.url, request);
      for (const stranger of strangers) stranger.kill();
      if (failed > 0) process.exitCode = 1;
      const verdict = failed > 0 ? 'FAILS ' : 'served';
      const what = held.map((name) => `${Math.ceil(crowds[name].count / part)} ${name}`).join(', ');
      process.stdout.write(
        `${verdict} ${sent - failed} of ${sent}, at most ${worstMs.toFixed(0)} ms: ${what}\n`,
      );
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

const [first, url = '', name = '', part = '1'] = process.argv.slice(2);
if (first === 'hold') await hold(url, name as CrowdName, Number(part));
else await run(Number(first ?? 1));
