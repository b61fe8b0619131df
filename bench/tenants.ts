/**
 * Many organizations: what a start, an idle minute of the jobs and the lists of the operator cost with 10, 1,000 and 10,000
 * of them. Organization number `n` has 100,000 / n^1.25 users (Zipf), so the largest has 100,000 and the last one.
 *
 * An idle minute is simulated in this process: each job runs as often as in a minute, on a clock that is advanced. So its
 * statements are counted, and its processor time is exact on a busy machine.
 */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Client } from 'pg';
import { type Directory, openDirectory } from '../src/app/open-directory.ts';
import { readConfig } from '../src/config/config.ts';
import type { Core } from '../src/core/core.ts';
import { readBacklog } from '../src/core/deployment/backlog.ts';
import { createOrganization, pageOrganizations } from '../src/core/directory/organization-lifecycle.ts';
import { newUserOf } from '../src/core/directory/user-lifecycle.ts';
import { SearchIndexer } from '../src/core/search/search-blocks.ts';
import { minuteMs, secondMs } from '../src/core/time.ts';
import { outboxSender } from '../src/gateways/outbox-sender.ts';
import { createJobs } from '../src/jobs/jobs.ts';
import type { Bench } from './bench.ts';
import { type Figure, figureOf, median } from './figures.ts';
import { note } from './note.ts';
import { personOf } from './people.ts';
import { processorTimeOf, runRoster, startRoster } from './processes.ts';
import { openProcessorClock } from './search.ts';

const sizes = [10, 1_000, 10_000];
const largest = 100_000;
const exponent = 1.25;
const usersAtOnce = 1_000;
/** Organizations that are created at the same time. */
const createdAtOnce = 8;
/** By then the clock is steady, and each organization has had its turn since the start. */
const minutesBefore = 6;
const minutesMeasured = 3;

type Env = Readonly<Record<string, string>>;

export async function tenants({ fixture, databases, rounds }: Bench): Promise<Figure[]> {
  const database = await databases.open(databaseName);
  try {
    const env: Env = {
      ROSTER_DATA_DIR: join(fixture.scratch, 'tenants'),
      ROSTER_LOG_LEVEL: 'error',
      ...(database === null ? {} : { DATABASE_URL: database }),
    };
    const figures: Figure[] = [];
    let made: Made = { organizations: 0, users: 0, apiKey: '' };
    for (const size of sizes) {
      made = await grow(env, made, size);
      note(
        `measuring ${size.toLocaleString('en')} organizations with ${made.users.toLocaleString('en')} users`,
      );
      figures.push(...(await measure(env, made, rounds)));
    }
    return figures;
  } finally {
    await databases.drop(databaseName);
  }
}

const databaseName = `roster_bench_tenants_${process.pid}`;

interface Made {
  readonly organizations: number;
  readonly users: number;
  /** A key of the first organization. */
  readonly apiKey: string;
}

/** Creates organizations with their users until there are so many. */
async function grow(env: Env, from: Made, size: number): Promise<Made> {
  const directory = await openDirectory(readConfig(env));
  try {
    const { core } = directory;
    let { users, apiKey } = from;
    for (let first = from.organizations; first < size; first += createdAtOnce) {
      const numbers = Array.from(
        { length: Math.min(createdAtOnce, size - first) },
        (_, at) => first + at + 1,
      );
      const created = await Promise.all(
        numbers.map(async (number) => {
          const count = Math.max(1, Math.round(largest / number ** exponent));
          return { count, key: await addOrganization(core, number, count) };
        }),
      );
      for (const { count } of created) users += count;
      if (first === 0) apiKey = created[0]?.key ?? '';
    }
    await new SearchIndexer(core).complete(null);
    return { organizations: size, users, apiKey };
  } finally {
    await directory.close();
  }
}

async function addOrganization(core: Core, number: number, users: number): Promise<string> {
  const { organization, app, apiKey } = await createOrganization(core, 'bench', `Clinic ${number}`);
  for (let first = 0; first < users; first += usersAtOnce) {
    const some = Array.from({ length: Math.min(usersAtOnce, users - first) }, (_, at) => ({
      ...newUserOf(app.id, core.clock.now()),
      ...personOf(first + at),
    }));
    await core.work.change(organization.key, (tx) => tx.users.insertAll(some));
  }
  return apiKey;
}

async function measure(env: Env, { organizations, apiKey }: Made, rounds: number): Promise<Figure[]> {
  const name = `${organizations.toLocaleString('en')} organizations`;
  const starts: number[] = [];
  const startCosts: number[] = [];
  const lists: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = await startRoster({ env, apiKey }, '/sonar/v1/users?page=1&per_page=20');
    starts.push(server.startMs);
    startCosts.push(await processorTimeOf(server.child));
    await server.stop();
    const lastPage = String(Math.ceil(organizations / 100));
    const { output, seconds } = await runRoster({ env }, ['org', 'list', '--page', lastPage]);
    if (output['total'] !== organizations) throw new Error(`${output['total']} organizations are listed`);
    lists.push(seconds * 1_000);
  }
  const seen = await inProcess(env);
  return [
    figureOf(name, 'start, to the first answer', { unit: 'ms', rounds: starts, aim: { below: 1_000 } }),
    figureOf(name, 'start, processor', { unit: 'ms', rounds: startCosts }),
    figureOf(name, 'idle minute, statements', { rounds: seen.statements }),
    figureOf(name, 'idle minute, processor', { unit: 'ms', rounds: seen.ownMs }),
    ...(env['DATABASE_URL'] === undefined
      ? []
      : [figureOf(name, 'idle minute, processor of the database', { unit: 'ms', rounds: seen.databaseMs })]),
    figureOf(name, 'last page of organizations, processor', { unit: 'ms', rounds: seen.pageMs }),
    figureOf(name, 'backlog for the metrics, processor', { unit: 'ms', rounds: seen.backlogMs }),
    figureOf(name, '`roster org list`, the whole command', { unit: 'ms', rounds: lists }),
  ];
}

interface Seen {
  readonly statements: readonly number[];
  readonly ownMs: readonly number[];
  readonly databaseMs: readonly number[];
  readonly pageMs: readonly number[];
  readonly backlogMs: readonly number[];
}

async function inProcess(env: Env): Promise<Seen> {
  let aheadMs = 0;
  const clock = { now: () => Date.now() + aheadMs, elapsed: () => performance.now() + aheadMs };
  const { config, secrets } = readConfig(env);
  const directory = await openDirectory({ config, secrets, clock });
  const database = await openProcessorClock(env['DATABASE_URL']);
  const statements = countStatements();
  try {
    const passMinute = minutePasser(directory, (ms) => {
      aheadMs += ms;
    });
    for (let minute = 0; minute < minutesBefore; minute++) await passMinute();
    const seen = { statements: [] as number[], ownMs: [] as number[], databaseMs: [] as number[] };
    for (let minute = 0; minute < minutesMeasured; minute++) {
      const [before, databaseBefore, own] = [statements.count(), await database.read(), process.cpuUsage()];
      await passMinute();
      seen.ownMs.push(processorMs(own));
      seen.statements.push(statements.count() - before);
      seen.databaseMs.push((await database.read()) - databaseBefore);
    }
    const { core } = directory;
    return {
      ...seen,
      pageMs: await costs(() => pageOrganizations(core, { page: 100, size: 100 })),
      backlogMs: await costs(() => readBacklog(core)),
    };
  } finally {
    statements.end();
    await database.close();
    await directory.close();
  }
}

const repeats = 20;

/** The processor time of a call, a few times. */
async function costs(call: () => Promise<unknown>): Promise<number[]> {
  await call();
  const found: number[] = [];
  for (let at = 0; at < repeats; at++) {
    const before = process.cpuUsage();
    await call();
    found.push(processorMs(before));
  }
  return [median(found)];
}

function processorMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** A function that runs each job as often as in a minute. */
function minutePasser({ core }: Directory, advance: (ms: number) => void): () => Promise<void> {
  const fault = (event: string, error: unknown): void => {
    throw new Error(event, { cause: error });
  };
  const journal = { note: () => {}, warn: () => {}, fault };
  const senders = { sms: outboxSender, email: outboxSender };
  const concurrency = { sms: 32, email: 16 };
  const jobs = createJobs({ core, journal, senders, outbox: outboxSender, concurrency });
  return async () => {
    for (let second = 0; second < minuteMs / secondMs; second++) {
      advance(secondMs);
      for (const job of jobs) if ((second * secondMs) % job.pauseMs < secondMs) await job.run();
    }
  };
}

/** Counts the statements that this process sends to either database. */
function countStatements(): { count(): number; end(): void } {
  let count = 0;
  const database = new Sqlite(':memory:');
  const prepared = Object.getPrototypeOf(database.prepare('select 1'));
  database.close();
  const ends = [
    ...['get', 'all', 'run', 'iterate'].map((name) => watch(prepared, name)),
    watch(Client.prototype, 'query'),
  ];
  function watch(target: object, name: string): () => void {
    const original: unknown = Reflect.get(target, name);
    if (typeof original !== 'function') throw new Error(`there is no ${name}`);
    Reflect.set(target, name, function (this: unknown, ...args: unknown[]): unknown {
      count += 1;
      return Reflect.apply(original, this, args);
    });
    return () => Reflect.set(target, name, original);
  }
  return {
    count: () => count,
    end() {
      for (const end of ends) end();
    },
  };
}
