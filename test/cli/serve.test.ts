/** `roster serve` in separate processes: the first start, later starts, the end, and every reason to refuse a start. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import { until } from '../support/server/workers.ts';
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

/** Starts `roster serve` with output for people, and resolves when it is ready. */
async function serveForPerson(dataDir: string) {
  const child = start(dataDir, ['serve'], { PORT: '0' });
  child.stderr.resume();
  const output: string[] = [];
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output.push(String(chunk));
    if (output.join('').endsWith('\n\n')) break;
  }
  child.stdout.on('data', (chunk) => output.push(String(chunk)));
  return {
    output: () => output.join(''),
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
    const banner = server.output();
    const lines = banner.split('\n').filter((line) => line.trim().startsWith('curl '));
    assert.equal(lines.length, 4);
    // An interactive zsh takes a comment for a command.
    assert.doesNotMatch(banner, /^\s*#/m);
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
      /\n {2}export API_KEY=roster_\S+ APP_ID=\w{40} APP_KEY=\w{40} CLIENT_SECRET=\w{40}\n/,
    );
    assert.ok(!banner.includes('\u001b'), 'no colours where there is no terminal');
    assert.equal(await server.stop(), 0);
    assert.equal(server.output(), banner, 'standard output has the banner and nothing else');
  });

  test('is followed by starts with a short message and no credential', async () => {
    const server = await serveForPerson(folder);
    assert.match(server.output(), /Address +http:\/\/localhost:\d+\n/);
    assert.doesNotMatch(server.output(), /roster_|[0-9a-f]{40}|curl/);
    assert.equal(await server.stop(), 0);
  });

  test('prints the JSON of init with address and time', async () => {
    const fresh = await makeFolder();
    try {
      const server = await serve(fresh);
      const { output, url } = server;
      const names = ['url', 'reference', 'readyMs', 'console', 'organization', 'app', 'apiKey'];
      assert.deepEqual(output.names(), names);
      assert.equal(output.at('organization.name'), 'Default');
      assert.equal(await statusOf(`${url}/sonar/v1/users`, output.text('apiKey')), 200);
      const { exitCode, stderr } = await server.stop('SIGTERM');
      assert.deepEqual([exitCode, stderr], [0, '']);
    } finally {
      await removeFolder(fresh);
    }
  });

  test('is ready after less than a second of processor time', async () => {
    // The time by the clock depends on the other tests that run; the benchmark `start` measures it.
    const times: number[] = [];
    while (times.length < 5 && !times.some((ms) => ms < 1_000)) {
      const fresh = await makeFolder();
      const spawnedAt = performance.now();
      const server = await serve(fresh);
      const outsideMs = performance.now() - spawnedAt;
      const readyMs = Number(server.output.at('readyMs'));
      assert.ok(readyMs > outsideMs / 4 && readyMs <= outsideMs, `${readyMs} of ${outsideMs}`);
      times.push((await processorMsOf(server.pid)) ?? readyMs);
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
      const winners = servers.filter(({ output }) => output.at('apiKey') !== undefined);
      assert.equal(winners.length, 1);
      const key = winners[0]?.output.text('apiKey') ?? '';
      for (const { url } of servers) assert.equal(await statusOf(`${url}/sonar/v1/users`, key), 200);
      await Promise.all(servers.map((server) => server.stop('SIGTERM')));
      assert.equal((await rosterJson(fresh, ['org', 'list'])).at('total'), 1);
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
      assert.equal((await rosterJson(fresh, ['org', 'list'])).at('total'), 1);
    } finally {
      await removeFolder(fresh);
    }
  });
});

describe('the end', () => {
  const head = 'GET /healthz HTTP/1.1\r\nHost: x\r\n';

  test('waits for a request that is still arriving, and accepts no new ones', async () => {
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

  test('writes the counts of the reads that were just answered', async () => {
    const own = await makeFolder();
    const server = await serve(own);
    const key = server.output.text('apiKey');
    for (let reads = 0; reads < 7; reads += 1) {
      assert.equal(await statusOf(`${server.url}/sonar/v1/users`, key), 200);
    }
    assert.equal((await server.stop('SIGTERM')).exitCode, 0);
    const listed = await rosterJson(own, ['audit', 'list', '--action', 'user.listed']);
    assert.equal(listed.at('events.0.times'), 7);
    await removeFolder(own);
  });

  test('is immediate at a second signal', async () => {
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

  test('is graceful if one control-C arrives twice, directly and through npm', async () => {
    const server = await serve(folder);
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    // A request that is still arriving keeps the process alive until the second signal.
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
  test('is JSON lines on standard error, also for an unknown setting and for an uncaught fault', async () => {
    const secret = 'ida@example.com';
    const fault = `process.on('SIGUSR2', () => { throw new TypeError('${secret}') })`;
    const server = await serve(folder, {
      NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(fault)}"`,
      ROSTER_LOG_LEVEL: 'info',
      ROSTER_SPARE: 'outbox',
    });
    const { exitCode, stderr } = await server.stop('SIGUSR2');
    assert.equal(exitCode, 1);
    const lines = stderr.trimEnd().split('\n').map(readJson);
    assert.equal(lines.length, 3);
    // The last line is written synchronously, and may come before an earlier one that is still buffered.
    const line = (message: string) => lines.find((each) => each.text('msg') === message);
    const started = line('the server has started');
    assert.equal(started?.at('address'), server.url);
    assert.equal(started?.at('database'), folder);
    assert.match(started?.text('version') ?? '', /^\d+\.\d+\.\d+$/);
    assert.equal(line('unknown settings')?.at('names'), 'ROSTER_SPARE');
    assert.equal(line('unknown settings')?.at('level'), 40);
    assert.equal(line('the process ends on a fault')?.at('kind'), 'TypeError');
    assert.ok(!stderr.includes(secret));
  });

  test('says why the server stops, and that it has stopped', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = await serve(folder, { ROSTER_LOG_LEVEL: 'info' });
      const { stderr } = await server.stop(signal);
      const [, stops, stopped, ...more] = stderr.trimEnd().split('\n').map(readJson);
      assert.deepEqual([stops?.at('msg'), stops?.at('reason')], ['the server stops', signal]);
      assert.deepEqual([stopped?.at('msg'), more.length], ['the server has stopped', 0]);
    }
  });

  test('is text for a person on a terminal, or if the settings say so', async () => {
    const server = await serve(folder, { ROSTER_LOG_LEVEL: 'info', ROSTER_LOG_FORMAT: 'text' });
    const { stderr } = await server.stop('SIGTERM');
    assert.match(
      stderr,
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}the server has started address=http:\S+ database=\S+ version=/,
    );
    assert.match(stderr, /INFO {2}the server stops reason=SIGTERM\n.*the server has stopped\n$/);
    // `script` runs a command on a terminal, and writes what it shows.
    const words = `'${process.execPath}' '${join(import.meta.dirname, '../../bin/roster')}' serve --port 0 --data '${folder}'`;
    const terminal = spawn('script', ['-qec', words, '/dev/null'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const shown: string[] = [];
    terminal.stdout.on('data', (chunk) => shown.push(String(chunk)));
    await until(() => shown.join('').includes('Address'));
    // Control-C.
    terminal.stdin.write('\u0003');
    await until(() => /INFO {2}the server stops reason=SIGINT\r\n/.test(shown.join('')));
    await once(terminal, 'close');
    assert.match(shown.join(''), /INFO {2}the server has started/);
  });
});

describe('a refused start', () => {
  test('reports a port in use in one line', async () => {
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

  test('that fails for its port leaves the credentials to the next start', async () => {
    const fresh = await makeFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    assert.ok(typeof address === 'object' && address !== null);
    assert.equal((await refused(fresh, ['serve', '--port', String(address.port)])).exitCode, 1);
    other.close();
    const server = await serve(fresh);
    assert.ok(server.output.text('apiKey'));
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
      'production without its required settings',
      { NODE_ENV: 'production' },
      [/ROSTER_SECRET /, /ROSTER_SMS /, /ROSTER_EMAIL /, /ROSTER_PUBLIC_URL /],
    ],
    [
      'a misspelt setting',
      { ROSTER_SMSS: 'outbox' },
      [/^roster: ROSTER_SMSS is not a setting: did you mean ROSTER_SMS\?$/],
    ],
  ];
  for (const [title, settings, lines] of faults) {
    test(`for ${title} has a line for each fault, exit code 1, no stack trace`, async () => {
      const result = await refused(folder, ['serve'], { PORT: '0', ...settings });
      assert.equal(result.exitCode, 1);
      assert.equal(result.lines.length, lines.length, result.lines.join('\n'));
      for (const [index, line] of lines.entries()) assert.match(result.lines[index] ?? '', line);
    });
  }

  test('reports a folder that is not writable in one line', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const { exitCode, lines } = await refused(join(file, 'data'), ['serve']);
    assert.equal(exitCode, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^roster: ROSTER_DATA_DIR cannot be used: .*a-file\/data: not a directory$/);
  });

  test('reports a database of a newer Roster, or a file that is no database, in one line', async () => {
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
    assert.match(
      none.lines[0] ?? '',
      /^roster: ROSTER_DATA_DIR cannot be used: .*not a database: `roster check` says what is damaged$/,
    );
  });
});

/** The processor time of a process so far, its own and the system's for it; null where the system does not tell. */
async function processorMsOf(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // After the name in parentheses: `utime` and `stime` are the 12th and 13th of the rest, in hundredths of a second.
  const [user = '0', system = '0'] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}
