/** `roster serve` with several worker processes: the start, the end, and workers that crash. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { slowTest as test } from '../support/effort.ts';
import { faultsOf, startClients } from '../support/server/steady-clients.ts';
import { isAlive, startWorkers, until } from '../support/server/workers.ts';
import { endStarted, makeFolder, readJson, refused, removeFolder, rosterJson } from './program.ts';

const count = 2;

/** Runs `work` with a temporary folder. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await makeFolder();
  try {
    await work(folder);
  } finally {
    await removeFolder(folder);
  }
}

after(endStarted);

describe('several workers', () => {
  test('start like one process: they print the same, once, and create one organization', () =>
    inFolder(async (folder) => {
      const workers = await startWorkers(folder, count);
      const names = ['url', 'reference', 'readyMs', 'console', 'organization', 'app', 'apiKey'];
      assert.deepEqual(workers.output.names(), names);
      const lines = await workers.lines();
      for (const line of lines) {
        const { status } = await line.call('GET /sonar/v1/users', { bearer: workers.output.text('apiKey') });
        assert.equal(status, 200);
        assert.notEqual(line.pid, workers.pid, 'the supervisor serves nothing');
      }
      assert.equal((await rosterJson(folder, ['org', 'list'])).at('total'), 1);
      const { exitCode, stdout, stderr } = await workers.stop('SIGTERM');
      assert.match(stderr, /"the demo provider is off"/);
      assert.equal(exitCode, 0);
      assert.equal(stdout.trimEnd().split('\n').length, 1);
      assert.deepEqual(
        lines.filter(({ pid }) => isAlive(pid)),
        [],
      );
    }));

  test('a change that a killed worker acknowledged is kept; the worker is replaced, and the others go on', (context) =>
    inFolder(async (folder) => {
      const workers = await startWorkers(folder, count);
      const [victim] = await workers.lines();
      assert.ok(victim !== undefined);
      const bearer = workers.output.text('apiKey');
      const acknowledged = new Set<string>();
      let isOver = false;
      context.after(() => {
        isOver = true;
      });
      let refusedConnections = 0;

      async function create(client: number): Promise<void> {
        let line = await workers.open();
        for (let made = 0; !isOver; made++) {
          const reference = `${client}-${made}`;
          try {
            const json = { reference_id: reference };
            if ((await line.call('POST /sonar/v1/users', { bearer, json })).status === 201) {
              acknowledged.add(reference);
            }
          } catch (error) {
            if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')
              refusedConnections++;
            line.close();
            line = await workers.open();
          }
        }
        line.close();
      }

      const load = Promise.all(Array.from({ length: 6 }, (_, client) => create(client)));
      await until(() => acknowledged.size > 100);
      process.kill(victim.pid, 'SIGKILL');
      const atDeath = acknowledged.size;
      const pids = (await workers.lines()).map(({ pid }) => pid);
      assert.ok(!pids.includes(victim.pid));
      assert.ok(acknowledged.size > atDeath);
      isOver = true;
      await load;
      assert.equal(refusedConnections, 0, 'a worker accepted every connection');
      const told = workers.log().filter((each) => each.at('msg') === 'a worker has ended');
      assert.deepEqual(
        told.map((each) => [each.at('worker'), each.at('signal')]),
        [[victim.pid, 'SIGKILL']],
      );

      const appKey = workers.output.text('app.appKey');
      const headers = { authorization: `Basic ${Buffer.from(`${appKey}:`).toString('base64')}` };
      const path = `/humanapi/v1/apps/${workers.output.text('app.appId')}/users`;
      const users = readJson(await (await fetch(workers.url + path, { headers })).text());
      const present = new Set(users.list().map((_, index) => users.text(`${index}.externalId`)));
      assert.deepEqual(
        [...acknowledged].filter((reference) => !present.has(reference)),
        [],
      );
      assert.equal((await workers.stop('SIGTERM')).exitCode, 0);
    }));

  test('one that gets a signal serves until another one listens on its socket, so no connection is lost', () =>
    inFolder(async (folder) => {
      const workers = await startWorkers(folder, count);
      const [victim] = await workers.lines();
      assert.ok(victim !== undefined);
      const habits = [{}, {}, { together: 3 }, { halvesMs: 20 }, { isNewEach: true }, { isNewEach: true }];
      const request = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
      const clients = startClients(Number(new URL(workers.url).port), habits, () => request);
      await until(() => clients.met.answered > 50);
      process.kill(victim.pid, 'SIGTERM');
      await until(() => !isAlive(victim.pid));
      const met = await clients.stop();
      assert.deepEqual([faultsOf(met), met.newResets, met.refused], ['', 0, 0]);
      // The lines of different processes come in any order.
      const timesOf = (text: string): readonly number[] =>
        workers.log().flatMap((each) => (each.at('msg') === text ? [Date.parse(each.text('time'))] : []));
      await until(() => timesOf('the server has started').length > count);
      await until(() => timesOf('the server stops').length > 0);
      assert.ok(Math.max(...timesOf('the server has started')) <= Math.min(...timesOf('the server stops')));
      assert.deepEqual(timesOf('a worker has ended'), []);
      assert.equal((await workers.stop('SIGTERM')).exitCode, 0);
    }));

  test('finish their requests and end together', () =>
    inFolder(async (folder) => {
      const workers = await startWorkers(folder, count);
      const lines = await workers.lines();
      const { port } = new URL(workers.url);
      const body = '{"email":"ida@example.com"}';
      const head = `POST /general/v1/users/email_has_account HTTP/1.1\r\nHost: x\r\nContent-Type: application/json`;
      const sockets = Array.from({ length: count }, () => connect(Number(port), '127.0.0.1'));
      for (const socket of sockets) socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n`);
      await sleep(300);
      // A terminal also sends the signal to every process of the group.
      for (const { pid } of lines) process.kill(pid, 'SIGINT');
      const ended = workers.stop('SIGINT');
      await sleep(200);
      await assert.rejects(fetch(`${workers.url}/healthz`));
      for (const socket of sockets) {
        socket.write(body);
        const [answer] = await once(socket, 'data');
        assert.match(String(answer), /^HTTP\/1\.1 200 /);
        socket.destroy();
      }
      assert.equal((await ended).exitCode, 0);
    }));

  test('do not outlive their supervisor', () =>
    inFolder(async (folder) => {
      const workers = await startWorkers(folder, count);
      const lines = await workers.lines();
      await workers.stop('SIGKILL');
      await until(() => lines.every(({ pid }) => !isAlive(pid)));
    }));

  test('that cannot start are reported in one line, and the supervisor ends with exit code 1', () =>
    inFolder(async (folder) => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const address = other.address();
      assert.ok(typeof address === 'object' && address !== null);
      const settings = { ROSTER_WORKERS: String(count), PORT: String(address.port) };
      const { exitCode, lines } = await refused(folder, ['serve'], settings);
      other.close();
      assert.equal(exitCode, 1);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0] ?? '', new RegExp(`^roster: PORT ${address.port} is in use`));
      const misspelt = await refused(folder, ['serve'], { ROSTER_WORKERS: 'many' });
      assert.deepEqual([misspelt.exitCode, misspelt.lines.length], [1, 1]);
      assert.match(misspelt.lines[0] ?? '', /^roster: ROSTER_WORKERS must be/);
    }));

  test('that crash again and again are given up, with a message of one line', () =>
    inFolder(async (folder) => {
      const workers = await startWorkers(folder, count);
      const lines = await workers.lines();
      const database = new Sqlite(join(folder, 'roster.db'));
      database.exec("insert into schema_migrations (version, name, applied_at) values (9999, 'later', 0)");
      database.close();
      for (const { pid } of lines) process.kill(pid, 'SIGKILL');
      await until(() => !isAlive(workers.pid));
      const { exitCode, stderr } = await workers.stop('SIGTERM');
      assert.equal(exitCode, 1);
      // The last worker may report its own end after it.
      assert.match(stderr, /\nroster: no worker stays up: the log says why\n/);
      assert.match(stderr, /\nroster: .*newer Roster\n/);
    }));
});
