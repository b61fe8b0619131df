/**
 * The search of people, in the process itself: a fixed set of queries of every kind, which is drawn from the people of the
 * fixture. Other programs may use the machine, so the processor time of a query stands beside its wall time: that of this
 * process, and that of the processes of PostgreSQL. It needs Linux and a database on this machine.
 */
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { openDirectory } from '../src/app/open-directory.ts';
import { readConfig } from '../src/config/config.ts';
import type { KeyPrincipal } from '../src/core/access/principal.ts';
import type { Core } from '../src/core/core.ts';
import { userView } from '../src/core/directory/user-view.ts';
import { findUsers } from '../src/core/search/find-users.ts';
import { readSearchText } from '../src/core/search/search-query.ts';
import type { SearchFilter } from '../src/core/search/user-search-store.ts';
import type { Bench } from './bench.ts';
import { type Figure, figureOf } from './figures.ts';
import { drawnOf, personOf } from './people.ts';

const queriesOfKind = 40;
const view = userView('id', 'email', 'firstName', 'lastName', 'status');

interface Query {
  readonly text: string;
  readonly filter?: SearchFilter;
  readonly page?: number;
}

type Draw = (count: number) => number;
type Person = ReturnType<typeof personOf>;

/** The kinds of queries. Each gets a drawn person and a source of drawn numbers. */
const kinds: Readonly<Record<string, (person: Person, draw: Draw, users: number) => Query>> = {
  'one letter': (_, draw) => ({ text: String.fromCharCode(97 + draw(26)) }),
  'three letters inside': ({ lastName }, draw) => {
    const name = (lastName ?? '').toLowerCase();
    const at = draw(Math.max(1, name.length - 3)) + 1;
    return { text: name.slice(at, at + 3) };
  },
  'a part of an email': ({ email }) => ({ text: (email ?? '').slice(1, 5) }),
  'a whole email': ({ email }) => ({ text: email ?? '' }),
  'a phone with a leading zero': ({ phoneE164 }) => ({ text: `0${phoneE164?.slice(2) ?? '2125550100'}` }),
  'an external id': ({ externalId }) => ({ text: externalId ?? '' }),
  'two words': ({ firstName, lastName }) => ({ text: `${lastName} ${firstName}` }),
  'the beginnings of two words': ({ firstName, lastName }) => ({
    text: `${firstName?.slice(0, 2)} ${lastName?.slice(0, 3)}`,
  }),
  'filters alone': ({ createdAt }) => ({
    text: '',
    filter: { status: 'inactive', role: 'member', createdUntil: createdAt },
  }),
  'a text and filters': ({ firstName, createdAt }) => ({
    text: (firstName ?? '').slice(0, 3),
    filter: { status: 'pending', role: 'member', createdFrom: createdAt },
  }),
  'the last page': (_, draw, users) => {
    return draw(2) === 0
      ? { text: '', page: Math.ceil(users / 20) }
      : { text: String.fromCharCode(97 + draw(26)), page: 25 };
  },
  'nothing found': (_, draw) => {
    const letters = 'qxzjvw';
    const word = Array.from({ length: 5 }, () => letters[draw(letters.length)]).join('');
    return draw(2) === 0 ? { text: word } : { text: 'ar', filter: { createdFrom: Date.UTC(2100, 0) } };
  },
};

export async function search({ fixture, rounds }: Bench): Promise<Figure[]> {
  const directory = await openDirectory(readConfig(fixture.env));
  const database = await openProcessorClock(fixture.env['DATABASE_URL']);
  try {
    const principal = {
      ...{ kind: 'api_key', door: 'sonar', orgKey: fixture.orgKey, keyId: 'key_bench', role: 'admin' },
    } as KeyPrincipal;
    const measured = new Map<string, Cost[]>(Object.keys(kinds).map((kind) => [kind, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [at, [kind, make]] of Object.entries(kinds).entries()) {
        for (let number = 0; number < queriesOfKind; number++) {
          let drawn = 0;
          const draw: Draw = (count) => drawnOf(number * 31 + at, 100 + drawn++) % count;
          const query = make(personOf(draw(fixture.users)), draw, fixture.users);
          const cost = await costOf(database, () => run(directory.core, principal, query));
          // The first round fills caches and compiles.
          if (round > 0 || rounds === 1) measured.get(kind)?.push(cost);
        }
      }
    }
    return [...measured, ['all', [...measured.values()].flat()] as const].flatMap(([kind, costs]) =>
      [
        ...[0.5, 0.99].map((part) => {
          const name = part === 0.5 ? 'p50' : 'p99';
          return [
            figureOf(kind, name, { unit: 'ms', rounds: [quantile(costs, part, ({ wallMs }) => wallMs)] }),
            figureOf(kind, `${name}, processor`, {
              unit: 'ms',
              rounds: [quantile(costs, part, ({ ownMs, databaseMs }) => ownMs + databaseMs)],
              aim: part === 0.5 ? null : { below: fixture.users > 1_000_000 ? 150 : 20 },
            }),
          ];
        }),
      ].flat(),
    );
  } finally {
    await database.close();
    await directory.close();
  }
}

function run(core: Core, principal: KeyPrincipal, { text, filter = {}, page = 1 }: Query): Promise<unknown> {
  const { query, faults } = readSearchText(text, 'q');
  if (faults.length > 0) throw new Error(`the query ${text} has a fault`);
  return findUsers(core, principal, { query, filter, page: { page, size: 20 }, view });
}

interface Cost {
  readonly wallMs: number;
  /** Of this process, all threads. */
  readonly ownMs: number;
  /** Of the processes of the database; 0 for SQLite, which is in this process. */
  readonly databaseMs: number;
}

async function costOf(database: ProcessorClock, work: () => Promise<unknown>): Promise<Cost> {
  const databaseBefore = await database.read();
  const ownBefore = process.cpuUsage();
  const beganAt = performance.now();
  await work();
  const wallMs = performance.now() - beganAt;
  const own = process.cpuUsage(ownBefore);
  return {
    wallMs,
    ownMs: (own.user + own.system) / 1_000,
    databaseMs: (await database.read()) - databaseBefore,
  };
}

function quantile(costs: readonly Cost[], part: number, of: (cost: Cost) => number): number {
  const sorted = costs.map(of).sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

export interface ProcessorClock {
  /** The processor time of the database's processes so far, in milliseconds. */
  read(): Promise<number>;
  close(): Promise<void>;
}

/** Reads the processor time of all processes of a database on this machine, but for the one that it asks; 0 without an address. */
export async function openProcessorClock(url: string | undefined): Promise<ProcessorClock> {
  if (url === undefined) return { read: async () => 0, close: async () => {} };
  const client = new Client({ connectionString: url });
  await client.connect();
  const statement = `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
  /** By process; one that has ended keeps its time. */
  const times = new Map<number, number>();
  let looks = 0;
  return {
    async read() {
      // Connections stay open, so a look at them now and then is enough.
      if (looks++ % 20 === 0) {
        for (const { pid } of (await client.query<{ pid: number }>(statement)).rows) {
          if (!times.has(pid)) times.set(pid, 0);
        }
      }
      for (const [pid, before] of times) {
        const status = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => '');
        times.set(pid, Math.max(before, Number(status.split(' ')[0]) / 1e6));
      }
      return [...times.values()].reduce((sum, ms) => sum + ms, 0);
    },
    close: () => client.end(),
  };
}
