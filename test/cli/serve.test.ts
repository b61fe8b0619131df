/** `roster serve` in processes of its own: the first start, later ones, the end, and every reason not to begin. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import {
  endStarted,
  makeFolder,
  readJson,
  refused,
  removeFolder,
  roster,
  rosterJson,
  serve,
  start,
  statusOf,
} from './program.ts';

const shell = promisify(execFile);

let folder: string;

before(async () => {
  folder = await makeFolder();
});

after(() => removeFolder(folder));

/** Starts `roster serve` for a person, and resolves with what it says until it is ready. */
async function serveForPerson(dataDir: string) {
  const child = start(dataDir, ['serve'], { PORT: '0' });
  child.stderr.resume();
  const said: string[] = [];
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said.push(String(chunk));
    if (said.join('').endsWith('\n\n')) break;
  }
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  return {
    said: () => said.join(''),
    async stop() {
      child.kill('SIGINT');
      const [exitCode] = await once(child, 'close');
      return exitCode;
    },
  };
}

after(endStarted);

describe('the first start', () => {
  test('shows address, reference and credentials, and a curl line for each API that works when pasted', async () => {
    const server = await serveForPerson(folder);
    const banner = server.said();
    const lines = banner.split('\n').filter((line) => line.trim().startsWith('curl '));
    assert.equal(lines.length, 4);
    for (const line of lines) {
      const args = [
        '-c',
        `${line.trim()} --silent --show-error --output /dev/null --write-out '%{http_code}'`,
      ];
      const { stdout } = await shell('sh', args);
      assert.match(stdout, /^2\d\d$/, line);
    }
    const [, url = ''] = /Address +(http:\/\/localhost:\d+)\n/.exec(banner) ?? [];
    assert.ok(banner.includes(`${url}/docs\n`));
    assert.equal((await fetch(`${url}/docs`)).status, 200);
    assert.ok(banner.includes(folder));
    assert.match(banner, /ready in \d+ ms/);
    assert.match(banner, /never again/);
    assert.match(
      banner,
      /\n {2}export API_KEY=sk_live_\S+ APP_ID=\w{40} APP_KEY=\w{40} CLIENT_SECRET=\w{40}\n/,
    );
    assert.ok(!banner.includes('\u001b'), 'no colours where there is no terminal');
    assert.equal(await server.stop(), 0);
    assert.equal(server.said(), banner, 'standard output has the banner and nothing else');
  });

  test('later ones are short and show no credential', async () => {
    const server = await serveForPerson(folder);
    assert.match(server.said(), /Address +http:\/\/localhost:\d+\n/);
    assert.doesNotMatch(server.said(), /sk_live_|[0-9a-f]{40}|curl/);
    assert.equal(await server.stop(), 0);
  });

  test('gives a program the same as init does, with address and time', async () => {
    const fresh = await makeFolder();
    try {
      const server = await serve(fresh);
      const { said, url } = server;
      const names = ['url', 'reference', 'readyMs', 'organization', 'app', 'apiKey'];
      assert.deepEqual(said.names(), names);
      assert.equal(said.at('organization.name'), 'Default');
      assert.equal(await statusOf(`${url}/sonar/v1/users`, said.text('apiKey')), 200);
      const { exitCode, stderr } = await server.stop('SIGTERM');
      assert.deepEqual([exitCode, stderr], [0, '']);
    } finally {
      await removeFolder(fresh);
    }
  });

  test('is ready within a second of the start of the process', async () => {
    // On a machine that is busy with other tests one start in several has to do.
    const times: number[] = [];
    while (times.length < 5 && !times.some((ms) => ms < 1_000)) {
      const fresh = await makeFolder();
      const spawnedAt = performance.now();
      const server = await serve(fresh);
      const outsideMs = performance.now() - spawnedAt;
      const readyMs = Number(server.said.at('readyMs'));
      assert.ok(readyMs > outsideMs / 4 && readyMs <= outsideMs, `${readyMs} of ${outsideMs}`);
      times.push(readyMs);
      await server.stop('SIGTERM');
      await removeFolder(fresh);
    }
    assert.ok(
      times.some((ms) => ms < 1_000),
      times.join(', '),
    );
  });

  test('of two servers on one fresh folder exactly one initialises, and its keys work at both', async () => {
    const fresh = await makeFolder();
    try {
      const servers = await Promise.all([serve(fresh), serve(fresh)]);
      const winners = servers.filter(({ said }) => said.at('apiKey') !== undefined);
      assert.equal(winners.length, 1);
      const key = winners[0]?.said.text('apiKey') ?? '';
      for (const { url } of servers) assert.equal(await statusOf(`${url}/sonar/v1/users`, key), 200);
      await Promise.all(servers.map((server) => server.stop('SIGTERM')));
      assert.equal((await rosterJson(fresh, ['org', 'list'])).list().length, 1);
    } finally {
      await removeFolder(fresh);
    }
  });

  test('of several inits on one fresh folder exactly one wins', async () => {
    const fresh = await makeFolder();
    try {
      const ended = await Promise.all([1, 2, 3].map(() => roster(fresh, ['init', '--json'])));
      assert.deepEqual(ended.map(({ exitCode }) => exitCode).sort(), [0, 1, 1]);
      for (const { exitCode, stdout, stderr } of ended) {
        if (exitCode === 0) assert.equal(readJson(stdout).at('organization.name'), 'Default');
        else assert.match(stderr, /^roster: .* is initialised.*\n$/);
      }
      assert.equal((await rosterJson(fresh, ['org', 'list'])).list().length, 1);
    } finally {
      await removeFolder(fresh);
    }
  });
});

describe('the end', () => {
  const head = 'GET /healthz HTTP/1.1\r\nHost: x\r\n';

  test('waits for a request that is on its way in, and takes no new ones', async () => {
    const server = await serve(folder);
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    const body = '{"email":"ida@example.com"}';
    const path = '/general/v1/users/email_has_account';
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await sleep(200);
    const ended = server.stop('SIGTERM');
    await sleep(200);
    await assert.rejects(fetch(`${server.url}/healthz`));
    socket.write(body);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 200 /);
    assert.equal((await ended).exitCode, 0);
    socket.destroy();
  });

  test('comes at once at a second signal', async () => {
    const server = await serve(folder);
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(head);
    await sleep(200);
    const ended = server.stop('SIGINT');
    await sleep(500);
    process.kill(server.pid, 'SIGINT');
    assert.equal((await ended).exitCode, 130);
    socket.destroy();
  });

  test('is graceful where one control-C arrives twice, directly and through npm', async () => {
    const server = await serve(folder);
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    // A request on its way in keeps the process from being gone before the second one.
    socket.write(`${head}Content-Length: 1\r\n`);
    await sleep(200);
    process.kill(server.pid, 'SIGINT');
    const ended = server.stop('SIGINT');
    await sleep(100);
    socket.end('\r\n');
    assert.equal((await ended).exitCode, 0);
  });
});

describe('the log', () => {
  test('is JSON lines on standard error, from a misspelt setting to a fault that nobody caught', async () => {
    const secret = 'ida@example.com';
    const fault = `process.on('SIGUSR2', () => { throw new TypeError('${secret}') })`;
    const server = await serve(folder, {
      NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(fault)}"`,
      ROSTER_LOG_LEVEL: 'info',
      ROSTER_SMSS: 'outbox',
    });
    const { exitCode, stderr } = await server.stop('SIGUSR2');
    assert.equal(exitCode, 1);
    const lines = stderr.trimEnd().split('\n').map(readJson);
    assert.equal(lines.length, 2);
    // The last line is written at once, and may overtake one that is on its way to the file.
    const line = (message: string) => lines.find((each) => each.text('msg') === message);
    assert.equal(line('unknown settings')?.at('names'), 'ROSTER_SMSS');
    assert.equal(line('the process ends on a fault')?.at('kind'), 'TypeError');
    assert.ok(!stderr.includes(secret));
  });
});

describe('a start that cannot be', () => {
  test('a port in use is told in one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    assert.ok(typeof address === 'object' && address !== null);
    const { exitCode, lines } = await refused(folder, ['serve', '--port', String(address.port)]);
    other.close();
    assert.equal(exitCode, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', new RegExp(`^roster: PORT ${address.port} is in use`));
  });

  test('a start that fails for its port leaves the credentials to the next one', async () => {
    const fresh = await makeFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    assert.ok(typeof address === 'object' && address !== null);
    assert.equal((await refused(fresh, ['serve', '--port', String(address.port)])).exitCode, 1);
    other.close();
    const server = await serve(fresh);
    assert.ok(server.said.text('apiKey'));
    await server.stop('SIGTERM');
    await removeFolder(fresh);
  });

  const faults: readonly (readonly [
    title: string,
    settings: Readonly<Record<string, string>>,
    lines: RegExp[],
  ])[] = [
    [
      'a host of another machine',
      { HOST: '203.0.113.7' },
      [/^roster: HOST 203\.0\.113\.7 is not an address/],
    ],
    [
      'several faulty settings',
      { PORT: 'many', ROSTER_SMS: 'pigeon', ROSTER_SECRET: 'short' },
      [/^roster: PORT must be/, /^roster: ROSTER_SECRET must be/, /^roster: ROSTER_SMS must be/],
    ],
    [
      'production without what it needs',
      { NODE_ENV: 'production' },
      [/^roster: ROSTER_SECRET /, /^roster: ROSTER_SMS /, /^roster: ROSTER_EMAIL /],
    ],
  ];
  for (const [title, settings, lines] of faults) {
    test(`${title}: a line for each, exit 1, no stack trace`, async () => {
      const told = await refused(folder, ['serve'], { PORT: '0', ...settings });
      assert.equal(told.exitCode, 1);
      assert.equal(told.lines.length, lines.length, told.lines.join('\n'));
      for (const [index, line] of lines.entries()) assert.match(told.lines[index] ?? '', line);
    });
  }

  test('a folder that cannot be written is told in one line', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const { exitCode, lines } = await refused(join(file, 'data'), ['serve']);
    assert.equal(exitCode, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^roster: ROSTER_DATA_DIR cannot be used: .*a-file\/data: not a directory$/);
  });

  test('a database of a newer Roster, or no database at all, is told in one line', async () => {
    const fresh = await makeFolder();
    const file = join(fresh, 'roster.db');
    await rosterJson(fresh, ['migrate']);
    const database = new Sqlite(file);
    database.exec("insert into schema_migrations (version, name, applied_at) values (9999, 'later', 0)");
    database.close();
    const newer = await refused(fresh, ['serve']);
    await writeFile(file, 'This is not a database, and long enough for somebody to look at it. '.repeat(20));
    const none = await refused(fresh, ['serve']);
    await removeFolder(fresh);
    for (const { exitCode, lines } of [newer, none]) assert.deepEqual([exitCode, lines.length], [1, 1]);
    assert.match(newer.lines[0] ?? '', /^roster: ROSTER_DATA_DIR cannot be used: .*newer Roster$/);
    assert.match(none.lines[0] ?? '', /^roster: ROSTER_DATA_DIR cannot be used: .*not a database$/);
  });
});
