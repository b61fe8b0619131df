/**
 * Measures, for `npm run torture`, how much readers of a whole list slow another tenant: the median of the other tenant's creations, one at a
 * time, beside 1 and 24 readers that read 100,000 users again and again, against the median without readers, in turns; and
 * its longest wait when 50 readers begin at once. Also shows the delay of the server's event loop. The readers are a process of
 * their own, on loopback. Stops by itself.
 *
 *     node test/torture/streams.ts 100000     the number of users
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../bench/figures.ts';
import { startRoster } from '../../bench/processes.ts';
import { openDirectory } from '../../src/app/open-directory.ts';
import { readConfig } from '../../src/config/config.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { newUserOf } from '../../src/core/directory/user-lifecycle.ts';

const turns = 3;
const turnMs = 3_000;
const readersOf = [1, 24];
const atOnce = 50;
/** Readers at most double the median of another tenant. */
const shareMax = 2;
const insertedAtATime = 1_000;

/** The readers: each reads the whole list, and begins again. */
async function readAgain(port: number, request: string, count: number): Promise<void> {
  let lists = 0;
  const read = async (): Promise<void> => {
    for (;;) {
      const socket = connect(port, '127.0.0.1');
      socket.write(request);
      socket.on('error', () => {});
      socket.resume();
      await once(socket, 'close');
      lists += 1;
    }
  };
  for (let left = count; left > 0; left--) void read();
  process.on('message', () => process.send?.(lists));
}

async function run(users: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-torture-'));
  const env = { ROSTER_DATA_DIR: folder, ROSTER_LOG_LEVEL: 'error' };
  const { core, close } = await openDirectory(readConfig(env));
  const reader = await createOrganization(core, 'torture', 'Reader');
  const other = await createOrganization(core, 'torture', 'Other');
  for (let made = 0; made < users; made += insertedAtATime) {
    const rows = Array.from({ length: insertedAtATime }, (_, at) => ({
      ...newUserOf(reader.app.id, 1),
      externalId: `${made + at}`,
    }));
    await core.work.change(reader.organization.key, (tx) => tx.users.insertAll(rows));
  }
  await close();
  const server = await startRoster({ env, apiKey: other.apiKey });
  const port = new URL(server.url).port;
  const credential = Buffer.from(`${reader.appKey}:`).toString('base64');
  const list = `GET /humanapi/v1/apps/${reader.app.id}/users HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${credential}\r\nConnection: close\r\n\r\n`;

  const create = async (): Promise<number> => {
    const startedAt = performance.now();
    const answer = await fetch(`${server.url}/sonar/v1/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${other.apiKey}`, 'content-type': 'application/json' },
      body: '{}',
    });
    await answer.text();
    if (answer.status !== 201) throw new Error(`a creation is answered with ${answer.status}`);
    return performance.now() - startedAt;
  };
  const measure = async (): Promise<{ all: number[]; loop: { loopP99Ms: number; loopMaxMs: number } }> => {
    server.child.send('begin');
    const all: number[] = [];
    const until = performance.now() + turnMs;
    while (performance.now() < until) {
      all.push(await create());
      await sleep(5);
    }
    server.child.send('end');
    const [loop] = await once(server.child, 'message');
    return { all, loop };
  };
  const besideReaders = async <T>(
    count: number,
    work: () => Promise<T>,
  ): Promise<{ lists: number; found: T }> => {
    const readers = fork(import.meta.filename, ['read', port, list, String(count)]);
    try {
      const found = await work();
      readers.send('?');
      const [lists] = await once(readers, 'message');
      return { lists, found };
    } finally {
      readers.kill();
      await once(readers, 'exit');
    }
  };
  try {
    await measure();
    for (const count of readersOf) {
      const [alone, beside]: [number[], number[]] = [[], []];
      let worst = { loopP99Ms: 0, loopMaxMs: 0 };
      let read = 0;
      for (let turn = 0; turn < turns; turn++) {
        alone.push(median((await measure()).all));
        const { lists, found } = await besideReaders(count, async () => {
          await sleep(1_000);
          return measure();
        });
        beside.push(median(found.all));
        read += lists;
        if (found.loop.loopP99Ms > worst.loopP99Ms) worst = found.loop;
      }
      const share = median(beside) / median(alone);
      if (share > shareMax) process.exitCode = 1;
      process.stdout.write(
        `${share > shareMax ? 'SLOWED' : 'fair  '} ${share.toFixed(2)}  beside ${count} readers: ${median(alone).toFixed(2)} ms alone, ${median(beside).toFixed(2)} ms beside them; ` +
          `event loop p99 ${worst.loopP99Ms.toFixed(1)} ms, at most ${worst.loopMaxMs.toFixed(1)} ms; ${read} lists read\n`,
      );
    }
    const { found } = await besideReaders(atOnce, () => measure());
    process.stdout.write(
      `       ${atOnce} readers begin at once: the longest creation takes ${Math.max(...found.all).toFixed(0)} ms; event loop at most ${found.loop.loopMaxMs.toFixed(1)} ms\n`,
    );
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

const [first = '100000', port = '', request = '', count = ''] = process.argv.slice(2);
if (first === 'read') await readAgain(Number(port), request, Number(count));
else await run(Number(first));
