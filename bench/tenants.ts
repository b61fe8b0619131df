/**
 * Many organizations: what a start, an idle minute of the jobs and the looks of the operator cost with 10, 1,000 and 10,000
 * of them. Organization number `n` has 100,000 / n^1.25 users (Zipf), so the largest has 100,000 and the last one.
 *
 * Each size is a directory of its own, and all of them are measured in turns: on a busy machine only figures of the same moment can
 * be compared. An idle minute is simulated in this process: each job runs as often as in a minute, on a clock that is advanced. So its
 * statements are counted, and its processor time is exact.
 */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Client } from 'pg';
import { type Directory, openDirectory } from '../src/app/open-directory.ts';
import { readConfig } from '../src/config/config.ts';
import type { Core } from '../src/core/core.ts';
import { readBacklog } from '../src/core/deployment/backlog.ts';
import { listDayBudgets } from '../src/core/deployment/limits.ts';
import { createOrganization, pageOrganizations } from '../src/core/directory/organization-lifecycle.ts';
import { findDossiers } from '../src/core/directory/user-dossier.ts';
import { newUserOf } from '../src/core/directory/user-lifecycle.ts';
import { planErasures } from '../src/core/erasure/erase-users.ts';
import { isRefusal } from '../src/core/errors.ts';
import { newUserId } from '../src/core/ids.ts';
import { SearchIndexer } from '../src/core/search/search-blocks.ts';
import { minuteMs, secondMs } from '../src/core/time.ts';
import { outboxSender } from '../src/gateways/outbox-sender.ts';
import { createJobs } from '../src/jobs/jobs.ts';
import type { Bench } from './bench.ts';
import type { Databases } from './databases.ts';
import { type Figure, figureOf, median } from './figures.ts';
import { note } from './note.ts';
import { personOf } from './people.ts';
import { processorTimeOf, runRoster, startRoster } from './processes.ts';
import { openProcessorClock, type ProcessorClock } from './search.ts';

const sizes = [10, 1_000, 10_000];
const largest = 100_000;
const exponent = 1.25;
const usersAtOnce = 1_000;
/** Organizations that are created at the same time. */
const createdAtOnce = 8;
/** By then the clock is steady, and each organization has had its turn since the start. */
const minutesBefore = 6;
const minutesMeasured = 5;
const organizationsPerPage = 100;
const unknownIds = 20;

type Env = Readonly<Record<string, string>>;

export async function tenants({ fixture, databases, rounds }: Bench): Promise<Figure[]> {
  const made: Made[] = [];
  try {
    for (const size of sizes) {
      note(`making ${size.toLocaleString('en')} organizations`);
      made.push(await make(size, fixture.scratch, databases));
    }
    const measured = made.map((each) => ({ ...each, figures: newSeen() }));
    for (let round = 0; round < rounds; round++) for (const each of measured) await measureCommands(each);
    await measureInside(measured);
    return measured.flatMap(figuresOf);
  } finally {
    for (const { size } of made) await databases.drop(databaseName(size));
  }
}

const databaseName = (size: number): string => `roster_bench_tenants_${process.pid}_${size}`;

/** A directory with so many organizations. */
interface Made {
  readonly size: number;
  readonly env: Env;
  /** A key of the first organization. */
  readonly apiKey: string;
}

/** What was measured, a value for each round. */
interface Seen {
  readonly starts: number[];
  readonly startCosts: number[];
  readonly lists: number[];
  readonly statements: number[];
  readonly ownMs: number[];
  readonly databaseMs: number[];
  /** By the name of the look: the processor time of Roster and of the database. */
  readonly looks: Map<string, number[]>;
}

type Measured = Made & { readonly figures: Seen };

function newSeen(): Seen {
  return {
    ...{ starts: [], startCosts: [], lists: [], statements: [], ownMs: [], databaseMs: [] },
    looks: new Map(),
  };
}

async function make(size: number, scratch: string, databases: Databases): Promise<Made> {
  const database = await databases.open(databaseName(size));
  const env: Env = {
    ROSTER_DATA_DIR: join(scratch, `tenants-${size}`),
    ROSTER_LOG_LEVEL: 'error',
    ...(database === null ? {} : { DATABASE_URL: database }),
  };
  const directory = await openDirectory(readConfig(env));
  try {
    const { core } = directory;
    let apiKey = '';
    for (let first = 0; first < size; first += createdAtOnce) {
      const count = Math.min(createdAtOnce, size - first);
      const created = await Promise.all(
        Array.from({ length: count }, (_, at) => addOrganization(core, first + at + 1)),
      );
      if (first === 0) apiKey = created[0] ?? '';
    }
    await new SearchIndexer(core).complete(null);
    return { size, env, apiKey };
  } finally {
    await directory.close();
  }
}

async function addOrganization(core: Core, number: number): Promise<string> {
  const users = Math.max(1, Math.round(largest / number ** exponent));
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

async function measureCommands({ size, env, apiKey, figures }: Measured): Promise<void> {
  const server = await startRoster({ env, apiKey }, '/sonar/v1/users?page=1&per_page=20');
  figures.starts.push(server.startMs);
  figures.startCosts.push(await processorTimeOf(server.child));
  await server.stop();
  const lastPage = String(Math.ceil(size / organizationsPerPage));
  const { output, seconds } = await runRoster({ env }, ['org', 'list', '--page', lastPage]);
  if (output['total'] !== size) throw new Error(`${output['total']} organizations are listed`);
  figures.lists.push(seconds * 1_000);
}

/** Idle minutes and the looks of the operator, in this process, all directories in turns. */
async function measureInside(measured: readonly Measured[]): Promise<void> {
  const opened = await Promise.all(measured.map(openInside));
  const statements = countStatements();
  try {
    for (let minute = 0; minute < minutesBefore + minutesMeasured; minute++) {
      for (const { figures, database, passMinute } of opened) {
        const before = statements.count();
        const cost = await costOf(database, passMinute);
        if (minute < minutesBefore) continue;
        figures.statements.push(statements.count() - before);
        figures.ownMs.push(cost.ownMs);
        figures.databaseMs.push(cost.databaseMs);
      }
    }
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const { size, figures, database, directory } of opened) {
        for (const [name, look] of Object.entries(looksOf(directory.core, size))) {
          const { ownMs, databaseMs } = await costOf(database, look);
          const known = figures.looks.get(name) ?? [];
          // The first one prepares the statements.
          if (repeat > 0) known.push(ownMs + databaseMs);
          figures.looks.set(name, known);
        }
      }
    }
  } finally {
    statements.end();
    for (const { database, directory } of opened) {
      await database.close();
      await directory.close();
    }
  }
}

const repeats = 20;

async function openInside(made: Measured) {
  let aheadMs = 0;
  const clock = { now: () => Date.now() + aheadMs, elapsed: () => performance.now() + aheadMs };
  const { config, secrets } = readConfig(made.env);
  const directory = await openDirectory({ config, secrets, clock });
  const database = await openProcessorClock(made.env['DATABASE_URL']);
  const passMinute = minutePasser(directory, (ms) => {
    aheadMs += ms;
  });
  return { ...made, directory, database, passMinute };
}

/** What the operator looks at without naming an organization, by what it is. */
function looksOf(core: Core, size: number): Readonly<Record<string, () => Promise<unknown>>> {
  const page = { page: Math.ceil(size / organizationsPerPage), size: organizationsPerPage };
  const ids = Array.from({ length: unknownIds }, () => newUserId());
  return {
    'last page of organizations': () => pageOrganizations(core, page),
    'backlog for the metrics': () => readBacklog(core),
    'an email that no organization has': async () => {
      const refusal = await findDossiers(core, 'nobody@example.org').catch((error: unknown) => error);
      if (!isRefusal(refusal, 'not_found')) throw new Error('there is such a user');
    },
    [`plan of ${unknownIds} ids that no organization has`]: () => planErasures(core, ids, null),
    'budgets of the day': () => listDayBudgets(core),
  };
}

async function costOf(
  database: ProcessorClock,
  work: () => Promise<unknown>,
): Promise<{ readonly ownMs: number; readonly databaseMs: number }> {
  const [databaseBefore, before] = [await database.read(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ownMs: (user + system) / 1_000, databaseMs: (await database.read()) - databaseBefore };
}

function figuresOf({ size, env, figures }: Measured): Figure[] {
  const name = `${size.toLocaleString('en')} organizations`;
  return [
    figureOf(name, 'start, to the first answer', {
      unit: 'ms',
      rounds: figures.starts,
      aim: { below: 1_000 },
    }),
    figureOf(name, 'start, processor', { unit: 'ms', rounds: figures.startCosts }),
    figureOf(name, 'idle minute, statements', { rounds: figures.statements }),
    figureOf(name, 'idle minute, processor', { unit: 'ms', rounds: figures.ownMs }),
    ...(env['DATABASE_URL'] === undefined
      ? []
      : [
          figureOf(name, 'idle minute, processor of the database', {
            unit: 'ms',
            rounds: figures.databaseMs,
          }),
        ]),
    ...Array.from(figures.looks, ([look, costs]) =>
      figureOf(name, `${look}, processor`, { unit: 'ms', rounds: [median(costs)] }),
    ),
    figureOf(name, '`roster org list`, the whole command', { unit: 'ms', rounds: figures.lists }),
  ];
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
