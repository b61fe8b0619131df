/**
 * Stops a server under load, for `npm run torture`: as one process, and one worker after the other of two, on SQLite and on
 * PostgreSQL. Clients with every habit ask all the time. No connection may be reset, no request may stay without an answer, and
 * each creation that was made must have been answered. While workers are exchanged, no new connection may be lost either; a single
 * process that stops loses a few that come in the turn in which it closes its socket. Stops by itself.
 *
 *     node test/torture/stops.ts 20     twenty stops and twenty exchanges of both workers, on each database
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { Settings } from '../cli/command-host.ts';
import { endStarted, makeFolder, removeFolder, rosterJson, start } from '../cli/program.ts';
import { findPort } from '../support/machine/port.ts';
import { createDatabase, serverForRun } from '../support/postgres/postgres.ts';
import { faultsOf, type Habit, type SteadyClients, startClients } from '../support/server/steady-clients.ts';
import { until } from '../support/server/workers.ts';

const rounds = Number(process.argv[2] ?? 20);
const habits: readonly Habit[] = [
  ...Array.from({ length: 16 }, () => ({})),
  ...Array.from({ length: 4 }, () => ({ together: 4 })),
  ...Array.from({ length: 4 }, () => ({ halvesMs: 60 })),
  ...Array.from({ length: 4 }, () => ({ pauseMs: 40 })),
  ...Array.from({ length: 4 }, () => ({ isNewEach: true })),
];
/** So many answers show that all clients are under way. */
const answersBetween = 200;

interface Running {
  /** The processes that serve now. */
  readonly serving: ReadonlySet<number>;
  readonly pid: number;
  /** Sends the signal; resolves with the exit code when the program has ended. */
  stop(): Promise<number | null>;
}

async function run(folder: string, settings: Settings, words: readonly string[] = []): Promise<Running> {
  const child = start(folder, ['serve', ...words], { ROSTER_LOG_LEVEL: 'info', ...settings });
  child.stdout.resume();
  const serving = new Set<number>();
  createInterface(child.stderr).on('line', (line) => {
    if (line.includes('"request"')) return;
    if (line.includes('cut off')) process.stdout.write(`${line}\n`);
    const [, pid] = /"pid":(\d+)/.exec(line) ?? [];
    if (line.includes('"the server has started"')) serving.add(Number(pid));
    if (line.includes('"the server has stopped"')) serving.delete(Number(pid));
  });
  const ended = once(child, 'close');
  return {
    ...{ serving, pid: child.pid ?? 0 },
    async stop() {
      child.kill('SIGTERM');
      const [exitCode] = await ended;
      return exitCode;
    },
  };
}

async function underWay(clients: SteadyClients): Promise<void> {
  const { answered } = clients.met;
  await until(() => clients.met.answered > answered + answersBetween);
  await sleep(Math.random() * 100);
}

async function attack(
  name: string,
  settings: Settings,
  countUsers: (folder: string) => Promise<number>,
): Promise<void> {
  const folder = await makeFolder();
  const made = await rosterJson(folder, ['init'], settings);
  const bearer = made.text('apiKey');
  const port = await findPort();
  const head = `Host: x\r\nAuthorization: Bearer ${bearer}\r\n`;
  const post = `POST /sonar/v1/users HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
  const get = `GET /sonar/v1/users?limit=5 HTTP/1.1\r\n${head}\r\n`;
  let asked = 0;
  const request = ({ halvesMs = 0 }: Habit): string => {
    asked += 1;
    return halvesMs > 0 || asked % 2 === 0 ? post : get;
  };
  const all = { ...settings, PORT: String(port) };
  let created = 0;
  const tell = async (what: string, clients: SteadyClients, exits: readonly unknown[]): Promise<void> => {
    const met = await clients.stop();
    created += met.created;
    const odd = exits.filter((code) => code !== 0).length;
    const faults = [faultsOf(met), odd > 0 ? `${odd} exits` : ''].filter((each) => each !== '').join(', ');
    if (faults !== '') process.exitCode = 1;
    const { answered, returned, refused, newResets } = met;
    process.stdout.write(
      `${faults === '' ? 'kept  ' : 'FAILS '} ${what}, ${name}: ${faults || 'nothing lost'}; ${answered} answers, ${returned} returned, ${refused} refused, ${newResets} reset before their first answer\n`,
    );
  };

  let clients = startClients(port, habits, request);
  const exits: (number | null)[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = await run(folder, all);
    await underWay(clients);
    exits.push(await server.stop());
  }
  let server = await run(folder, all);
  await underWay(clients);
  await tell(`${rounds} stops`, clients, exits);
  await server.stop();

  server = await run(folder, all, ['--workers', '2']);
  await until(() => server.serving.size === 2);
  clients = startClients(port, habits, request);
  for (let round = 0; round < rounds; round++) {
    for (const pid of [...server.serving]) {
      await underWay(clients);
      process.kill(pid, 'SIGTERM');
      await until(() => !server.serving.has(pid) && server.serving.size === 2);
    }
  }
  await underWay(clients);
  const { refused, newResets } = clients.met;
  if (refused + newResets > 0) process.exitCode = 1;
  process.stdout.write(
    `${refused + newResets > 0 ? 'FAILS ' : 'kept  '} ${refused + newResets} new connections were lost in ${rounds} exchanges, ${name}\n`,
  );
  await tell(`${rounds} exchanges of both workers and a stop`, clients, [await server.stop()]);
  const users = await countUsers(folder);
  if (users !== created) process.exitCode = 1;
  const verdict = users === created ? 'kept  ' : 'FAILS ';
  process.stdout.write(`${verdict} ${users} users for ${created} creations that were answered, ${name}\n`);
  await removeFolder(folder);
}

const postgres = await serverForRun();
try {
  await attack('SQLite', {}, async (folder) => {
    const file = new Sqlite(join(folder, 'roster.db'), { readonly: true });
    const users = file.prepare('select count(*) from users').pluck().get();
    file.close();
    return Number(users);
  });
  const database = await createDatabase();
  await attack('PostgreSQL', { DATABASE_URL: database.url }, async () => {
    const [row] = await database.query('select count(*) as users from users');
    return Number(row?.['users']);
  });
  await database.drop();
} finally {
  endStarted();
  await postgres.close();
}
