/**
 * The benchmarks: the rates of Roster, and the memory that it needs. Servers, commands and load run in separate processes,
 * all security is on, and the report has the medians of the rounds.
 *
 *   npm run bench -- [--users N] [--only WORK,…] [--rounds N] [--seconds N] [--keep FOLDER] [--postgres]
 *     [--generator socket|autocannon] [--json]
 *
 * With `--postgres` the directory is in a PostgreSQL server: the one that `DATABASE_URL` names, or one that is started
 * for the run. With `--keep` it is created once and later runs use it again; a measurement works on a copy.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { noDatabases, openDatabases } from './databases.ts';
import { type Figure, tableOf } from './figures.ts';
import { withFixture } from './fixture.ts';
import { login } from './login.ts';
import { note } from './note.ts';
import { overload } from './overload.ts';
import { create, list, readById, remove } from './requests.ts';
import { search } from './search.ts';
import { start } from './start.ts';
import { stream } from './stream.ts';
import { tenants } from './tenants.ts';
import { exportUsers, importUsers } from './transfer.ts';

/** In this order: work that changes nothing comes first, and work that writes much to the disk comes last. */
const works: Readonly<Record<string, (bench: Bench) => Promise<Figure[]>>> = {
  start,
  stream,
  export: exportUsers,
  read: readById,
  list,
  search,
  login,
  create,
  overload,
  delete: remove,
  import: importUsers,
  tenants,
};

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    only: { type: 'string', default: Object.keys(works).join(',') },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    keep: { type: 'string' },
    generator: { type: 'string', default: 'socket' },
    postgres: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const only = new Set(values.only.split(',').filter((name) => name !== ''));
const unknown = [...only].filter((name) => !(name in works));
if (unknown.length > 0) throw new Error(`unknown work: ${unknown.join(', ')}`);
const generator = values.generator === 'autocannon' ? 'autocannon' : 'socket';
/** This work makes a directory of its own. */
const needsNoUsers = [...only].every((name) => name === 'tenants');
const users = needsNoUsers && values.keep === undefined ? 0 : Number(values.users);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const databases = values.postgres ? await openDatabases() : noDatabases;
try {
  const figures = await withFixture({ users, keep: values.keep ?? null, databases }, async (fixture) => {
    const found: Figure[] = [];
    for (const [name, work] of Object.entries(works)) {
      if (!only.has(name)) continue;
      note(`measuring: ${name}`);
      found.push(...(await work({ fixture, databases, rounds, seconds, generator })));
    }
    return found;
  });
  const report = {
    machine: machine(),
    date: new Date().toISOString(),
    database: databases.kind,
    users,
    rounds,
    secondsEach: seconds,
    generator,
    figures,
  };
  const about = `${report.machine}; ${databases.kind}, ${users.toLocaleString('en')} users, ${rounds} rounds`;
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${about}\n\n${tableOf(figures)}`);
} finally {
  await databases.close();
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return `${availableParallelism()} × ${model}, Node ${process.version}, ${process.platform} ${process.arch}`;
}
