/**
 * Requests at full rate, one kind after the other, as a share of the rate of a bare `node:http` server that answers a
 * constant body of the same size. Each round measures both, so that other work on the machine affects both equally.
 */
import type { Bench } from './bench.ts';
import { type Aim, type Figure, figureOf } from './figures.ts';
import { anyUser } from './fixture.ts';
import type { LoadJob, LoadResult, Targets } from './load.ts';
import { load, startBare, startRoster } from './processes.ts';

const connections = 32;
const pageSize = 20;

interface Kind {
  readonly name: string;
  readonly aim: Aim | null;
  readonly method: LoadJob['method'];
  /** Requests so far, also in earlier rounds, so that a deletion never takes the same user twice. */
  targets(done: number): Targets;
  readonly body?: string;
  /** A request whose answer has the size that the bare server answers with. */
  readonly sample: string;
}

const usersPath = '/sonar/v1/users';

export async function readById(bench: Bench): Promise<Figure[]> {
  const { ids } = bench.fixture;
  const targets: Targets = { prefix: `${usersPath}/usr_`, ids, order: 'draw' };
  const sample = `${usersPath}/usr_${await anyUser(bench.fixture)}`;
  return contest(bench, [
    { name: 'read by id', aim: { atLeast: 0.6 }, method: 'GET', targets: () => targets, sample },
  ]);
}

/** All pages are measured in the same rounds, because the report compares them with each other. */
export async function list(bench: Bench): Promise<Figure[]> {
  const lastPage = Math.ceil(bench.fixture.users / pageSize);
  const page = (name: string, number: number, aim: Aim | null): Kind => {
    const path = `${usersPath}?page=${number}&per_page=${pageSize}`;
    return { name, aim, method: 'GET', targets: () => ({ paths: [path] }), sample: path };
  };
  const kinds = [
    page('list 20, first page', 1, { atLeast: 0.25 }),
    page('list 20, middle page', Math.ceil(lastPage / 2), null),
    page('list 20, last page', lastPage, null),
  ];
  return contest(bench, kinds);
}

export async function create(bench: Bench): Promise<Figure[]> {
  const kind: Kind = {
    name: 'create',
    aim: { atLeast: 0.25 },
    method: 'POST',
    targets: () => ({ paths: [usersPath] }),
    body: '{"reference_id":"made-#"}',
    sample: `${usersPath}/usr_${await anyUser(bench.fixture)}`,
  };
  return contest(bench, [kind]);
}

/** The users in random order, each of them once. */
export async function remove(bench: Bench): Promise<Figure[]> {
  const { ids } = bench.fixture;
  const kind: Kind = {
    name: 'delete',
    aim: { atLeast: 0.15 },
    method: 'DELETE',
    targets: (done) => ({ prefix: `${usersPath}/usr_`, ids, order: { eachFrom: done } }),
    sample: `${usersPath}/usr_${await anyUser(bench.fixture)}`,
  };
  return contest(bench, [kind]);
}

async function contest(bench: Bench, kinds: readonly Kind[]): Promise<Figure[]> {
  const { fixture, rounds, seconds, generator } = bench;
  const server = await startRoster(fixture);
  const { url } = server;
  const headers = { authorization: `Bearer ${fixture.apiKey}` };
  const size = (await (await fetch(url + kinds[0]?.sample, { headers })).text()).length;
  const bare = await startBare(size);
  const same = { connections, seconds, headers };
  const theirs: LoadResult[] = [];
  const ours = new Map<Kind, LoadResult[]>(kinds.map((kind) => [kind, []]));
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    const job: LoadJob = { ...same, method: 'GET', targets: { paths: ['/'] }, url: bare.url };
    theirs.push(await load(job, generator));
    for (const [{ method, targets, body }, results] of ours) {
      const typed = body === undefined ? {} : { 'content-type': 'application/json' };
      const job: LoadJob = {
        ...same,
        headers: { ...headers, ...typed },
        method,
        url,
        targets: targets(done),
        ...(body === undefined ? {} : { body }),
      };
      const result = await load(job, generator);
      if (result.failed > 0) throw new Error(`${result.failed} requests failed`);
      results.push(result);
      done += result.sent;
    }
  }
  await bare.stop();
  await server.stop();
  const shares = (results: readonly LoadResult[], others: readonly LoadResult[]): number[] =>
    results.map(({ perSecond }, round) => perSecond / (others[round]?.perSecond ?? Number.NaN));
  const [first] = ours.values();
  return [...ours].flatMap(([{ name, aim }, results], at) => [
    figureOf(name, 'share of the bare server', { rounds: shares(results, theirs), aim }),
    ...(at === 0 || first === undefined
      ? []
      : [
          figureOf(name, 'share of the first page', {
            rounds: shares(results, first),
            aim: { atLeast: 0.9 },
          }),
        ]),
    figureOf(name, 'requests/s', { rounds: results.map((each) => each.perSecond) }),
    figureOf(name, 'bare server, requests/s', { rounds: theirs.map((each) => each.perSecond) }),
    figureOf(name, 'core used by the generator, with the bare server', {
      rounds: theirs.map((each) => each.generatorShare),
    }),
    figureOf(name, 'p50', { unit: 'ms', rounds: results.map((each) => each.p50Ms) }),
    figureOf(name, 'p99', { unit: 'ms', rounds: results.map((each) => each.p99Ms) }),
  ]);
}
