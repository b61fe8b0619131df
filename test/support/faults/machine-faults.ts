/**
 * Faults of the machine under load, each followed by the law (`law.ts`). Each has a number of rounds: one or two in
 * `npm test`, many in `npm run torture -- machine-faults`. A file that runs them imports `own-mounts.ts` first.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../cli/command-host.ts';
import { makeFolder, removeFolder, type Serving, serve } from '../../cli/program.ts';
import { makeSmallDisk, makeSmallFolder } from '../machine/small-disk.ts';
import { createDatabase, type OwnDatabase, startPostgres } from '../postgres/postgres.ts';
import { startWorkers } from '../server/workers.ts';
import { checkLaw } from './law.ts';
import { type Load, startLoad } from './load.ts';

const secret = { ROSTER_SECRET: 'a-secret-of-folders-whose-machine-fails' };
const quiet = { ...secret, ROSTER_LOG_LEVEL: 'silent' };

type Database = 'SQLite' | 'PostgreSQL';

/** Runs the rounds of a fault; returns what was promised meanwhile. */
export type Fault = (rounds: number) => Promise<string>;

/** By name. */
export const machineFaults: Readonly<Record<string, Fault>> = {
  'kills-sqlite': (rounds) => kills('SQLite', rounds),
  'kills-postgresql': (rounds) => kills('PostgreSQL', rounds),
  'killed-workers': killedWorkers,
  'full-disk-sqlite': (rounds) => fullDisk('SQLite', rounds),
  'full-folder-sqlite': (rounds) => fullFolder('SQLite', rounds),
  'full-folder-postgresql': (rounds) => fullFolder('PostgreSQL', rounds),
  'postgres-outages': postgresOutages,
  soak,
};

/** Different in each round, and the same in each run: 100 to 900 ms. */
function momentOf(round: number): number {
  return 100 + ((round * 377) % 800);
}

/** Waits until the load has been acknowledged some more, and then for the moment of the round. */
async function underLoad(load: Load, round: number): Promise<void> {
  const most = performance.now() + 20_000;
  const enough = load.created.size + 10;
  while (load.created.size < enough && performance.now() < most) await sleep(5);
  await sleep(momentOf(round) / 4);
}

async function withDatabase<T>(database: Database, work: (settings: Settings) => Promise<T>): Promise<T> {
  const own: OwnDatabase | null = database === 'SQLite' ? null : await createDatabase();
  try {
    return await work({ ...quiet, ...(own && { DATABASE_URL: own.url }) });
  } finally {
    await own?.drop();
  }
}

/** Starts the load at the first server of a folder. */
function loadAt(server: Pick<Serving, 'url' | 'output'>): Load {
  return startLoad(server.url, server.output.text('apiKey'));
}

async function kills(database: Database, rounds: number): Promise<string> {
  const folder = await makeFolder();
  try {
    return await withDatabase(database, async (settings) => {
      let server = await serve(folder, settings);
      const load = loadAt(server);
      for (let round = 0; round < rounds; round += 1) {
        load.url = server.url;
        await underLoad(load, round);
        load.url = null;
        await server.stop('SIGKILL');
        if (round + 1 < rounds) server = await serve(folder, settings);
      }
      await load.stop();
      return checkLaw(folder, settings, load, { waits: database === 'SQLite' });
    });
  } finally {
    await removeFolder(folder);
  }
}

async function killedWorkers(rounds: number): Promise<string> {
  const folder = await makeFolder();
  try {
    const workers = await startWorkers(folder, 2, secret);
    const load = loadAt(workers);
    for (let round = 0; round < rounds; round += 1) {
      await underLoad(load, round);
      const line = await workers.open().catch(() => null);
      // Both may be away for a moment.
      if (line === null) continue;
      line.close();
      process.kill(line.pid, 'SIGKILL');
    }
    await load.stop();
    await workers.stop('SIGTERM');
    return await checkLaw(folder, quiet, load);
  } finally {
    await removeFolder(folder);
  }
}

/** Fills and frees the disk of a folder, while a server works on it. */
async function fill(
  disk: { readonly path: string; fill(leftBytes?: number): void; free(): void; remove(): void },
  settings: Settings,
  rounds: number,
): Promise<string> {
  const server = await serve(disk.path, settings);
  const load = loadAt(server);
  for (let round = 0; round < rounds; round += 1) {
    await underLoad(load, round);
    // Now and then a few blocks are left.
    disk.fill((round % 3) * 8_192);
    await sleep(momentOf(round));
    disk.free();
  }
  await underLoad(load, rounds);
  await load.stop();
  await server.stop('SIGTERM');
  return checkLaw(disk.path, settings, load);
}

/** The database is on the disk too. */
async function fullDisk(database: Database, rounds: number): Promise<string> {
  const disk = makeSmallDisk(128 * 1024);
  try {
    return await withDatabase(database, (settings) => fill(disk, settings, rounds));
  } finally {
    disk.remove();
  }
}

/** The database has room. */
async function fullFolder(database: Database, rounds: number): Promise<string> {
  const disk = makeSmallFolder(64 * 1024);
  try {
    return await withDatabase(database, (settings) => fill(disk, settings, rounds));
  } finally {
    disk.remove();
  }
}

/** Each round restarts PostgreSQL, suspends it for longer than a statement may take, and ends its connections. */
async function postgresOutages(rounds: number): Promise<string> {
  const folder = await makeFolder();
  const postgres = await startPostgres();
  try {
    const database = await createDatabase(postgres);
    const limits = { ROSTER_DATABASE_CONNECT_SECONDS: '1', ROSTER_DATABASE_STATEMENT_SECONDS: '1' };
    const settings = { ...quiet, ...limits, DATABASE_URL: database.url };
    const server = await serve(folder, settings);
    const load = loadAt(server);
    for (let round = 0; round < rounds; round += 1) {
      await sleep(momentOf(round));
      await postgres.stop();
      await sleep(momentOf(round) / 2);
      await postgres.start();
      await sleep(momentOf(round));
      await postgres.freeze();
      await sleep(1_200);
      await postgres.thaw();
      await sleep(momentOf(round));
      await database.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      await sleep(500);
    }
    await load.stop();
    await server.stop('SIGTERM');
    // A change without an answer may be there or not; the law allows for both. A claim without an answer ends with its lease.
    return await checkLaw(folder, settings, load, { waits: false });
  } finally {
    await postgres.close();
    await removeFolder(folder);
  }
}

/** Load alone: a second for each round. */
async function soak(rounds: number): Promise<string> {
  const folder = await makeFolder();
  try {
    const server = await serve(folder, quiet);
    const load = loadAt(server);
    await sleep(rounds * 1_000);
    await load.stop();
    await server.stop('SIGTERM');
    return await checkLaw(folder, quiet, load);
  } finally {
    await removeFolder(folder);
  }
}
