/**
 * The benchmarks: how many requests of each kind Roster answers in a second, as a share of a bare `node:http`
 * server that answers a constant of the same size. Servers and load are processes of their own; each round
 * measures both, one after the other, and medians of the rounds are told.
 *
 *   npm run bench -- [--users N] [--rounds N] [--seconds N] [--postgres] [--json]
 *
 * With `--postgres` the directory is in a PostgreSQL server that is started for it, every commit forced to the disk.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDatabase, startPostgres } from '../test/support/postgres.ts';
import { type Fixture, makeFixture } from './fixture.ts';
import type { LoadJob, LoadResult } from './load.ts';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    postgres: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const users = Number(values.users);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const connections = 32;
const pageSize = 20;
/** Longer than a process that has become idle takes to notice. */
const restMs = 3_000;

interface Work {
  readonly name: string;
  /** The least share of the bare server that is aimed at; null where there is no aim. */
  readonly target: number | null;
  readonly job: Omit<LoadJob, 'url' | 'connections' | 'seconds'>;
  /** One request of this kind, whose answer's size the bare server takes over. */
  readonly samplePath: string;
}

interface Outcome {
  readonly work: string;
  readonly perSecond: number;
  readonly barePerSecond: number;
  readonly share: number;
  readonly target: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const postgres = values.postgres ? await startPostgres({ env: { ROSTER_POSTGRES_FSYNC: 'on' } }) : null;
if (postgres !== null) process.env['DATABASE_URL'] = (await createDatabase(postgres)).url;

note(`making a directory of ${users.toLocaleString('en')} users`);
const fixture = await makeFixture(users);
const children: ChildProcess[] = [];
try {
  const roster = await startRoster(fixture);
  const outcomes: Outcome[] = [];
  for (const work of worksOf(fixture)) outcomes.push(await measure(work, roster.url));
  const report = {
    machine: await machine(),
    users,
    rounds,
    secondsEach: seconds,
    connections,
    startMs: roster.startMs,
    idleMebibytes: roster.idleMebibytes,
    outcomes,
  };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : tableOf(report));
} finally {
  for (const child of children) child.kill('SIGTERM');
  await rm(fixture.dataDir, { recursive: true });
  await postgres?.close();
}

/** What is measured. Deletions come last, for they take the users away. */
function worksOf({ credentials, userIds }: Fixture): readonly Work[] {
  const headers = { authorization: `Bearer ${credentials.apiKey}` };
  const lastPage = Math.ceil(userIds.length / pageSize);
  const page = (number: number): string => `/sonar/v1/users?page=${number}&per_page=${pageSize}`;
  const byId = userIds.map((id) => `/sonar/v1/users/usr_${id}`);
  const reading = (name: string, target: number | null, paths: readonly string[]): Work => ({
    name,
    target,
    samplePath: paths[0] ?? '/',
    job: { method: 'GET', paths, order: 'draw', headers },
  });
  return [
    reading('read by id', 0.6, byId),
    reading('list 20, first page', 0.25, [page(1)]),
    reading('list 20, middle page', null, [page(Math.max(1, Math.floor(lastPage / 2)))]),
    reading('list 20, last page', null, [page(Math.max(1, lastPage - 1))]),
    {
      name: 'create',
      target: 0.25,
      samplePath: byId[0] ?? '/',
      job: {
        method: 'POST',
        paths: ['/sonar/v1/users'],
        order: 'each',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{"reference_id":"made-#"}',
      },
    },
    {
      name: 'delete',
      target: 0.15,
      samplePath: byId[0] ?? '/',
      job: { method: 'DELETE', paths: byId.toReversed(), order: 'each', headers },
    },
  ];
}

async function measure(work: Work, url: string): Promise<Outcome> {
  note(`measuring: ${work.name}`);
  const headers = work.job.headers;
  const size = (await (await fetch(url + work.samplePath, { headers })).text()).length;
  const bare = await startBare(size);
  const ours: LoadResult[] = [];
  const theirs: LoadResult[] = [];
  let paths = work.job.paths;
  for (let round = 0; round < rounds; round++) {
    const { body: _, ...bareJob } = work.job;
    theirs.push(await load({ ...bareJob, method: 'GET', paths, url: bare.url, connections, seconds }));
    const result = await load({ ...work.job, paths, url, connections, seconds });
    ours.push(result);
    // What was deleted in this round is not there for the next.
    if (work.job.method === 'DELETE') paths = paths.slice(result.answered + connections);
  }
  bare.child.kill('SIGTERM');
  const perSecond = median(ours.map((each) => each.perSecond));
  const barePerSecond = median(theirs.map((each) => each.perSecond));
  return {
    work: work.name,
    perSecond: Math.round(perSecond),
    barePerSecond: Math.round(barePerSecond),
    share: median(ours.map((each, round) => each.perSecond / (theirs[round]?.perSecond ?? Number.NaN))),
    target: work.target,
    p50Ms: median(ours.map((each) => each.p50Ms)),
    p99Ms: median(ours.map((each) => each.p99Ms)),
    failed: ours.reduce((sum, each) => sum + each.failed, 0),
  };
}

async function load(job: LoadJob): Promise<LoadResult> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/load.ts`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(job));
  return JSON.parse(await text(child.stdout));
}

async function startBare(size: number): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/bare-server.ts`, String(size)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [port] = await once(createInterface(child.stdout), 'line');
  return { child, url: `http://127.0.0.1:${port}` };
}

/** The served program as its users start it; times are from the spawn to the first answer. */
async function startRoster({
  dataDir,
}: Fixture): Promise<{ url: string; startMs: number; idleMebibytes: number }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['bin/roster', 'serve'], {
    cwd: `${import.meta.dirname}/..`,
    env: { ...process.env, PORT: '0', ROSTER_DATA_DIR: dataDir, ROSTER_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface(child.stdout)) {
    const port = /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    const url = `http://127.0.0.1:${port}`;
    await fetch(`${url}/healthz`);
    const startMs = Math.round(performance.now() - startedAt);
    // What the start has left behind is collected once there is nothing to do.
    await sleep(restMs);
    return { url, startMs, idleMebibytes: await residentMebibytes(child.pid) };
  }
  throw new Error('the server ended before it was ready');
}

/** Resident memory of a process; not a number where there is no `/proc`. */
async function residentMebibytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function machine(): Promise<string> {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return `${cpus().length} × ${model}, Node ${process.version}, ${process.platform} ${process.arch}`;
}

function tableOf(report: {
  machine: string;
  startMs: number;
  idleMebibytes: number;
  outcomes: readonly Outcome[];
}): string {
  const rows = report.outcomes.map((each) =>
    [
      each.work.padEnd(22),
      String(each.perSecond).padStart(8),
      String(each.barePerSecond).padStart(8),
      each.share.toFixed(2).padStart(6),
      (each.target === null ? '' : each.target.toFixed(2)).padStart(6),
      each.p50Ms.toFixed(1).padStart(7),
      each.p99Ms.toFixed(1).padStart(7),
      String(each.failed).padStart(6),
    ].join(' '),
  );
  const head = `${'work'.padEnd(22)} ${'per s'.padStart(8)} ${'bare'.padStart(8)}  share    aim  p50 ms  p99 ms failed`;
  return [
    report.machine,
    `${users.toLocaleString('en')} users, ${rounds} rounds of ${seconds} s, ${connections} connections`,
    `start to first answer ${report.startMs} ms, idle memory ${report.idleMebibytes} MiB`,
    '',
    head,
    ...rows,
    '',
  ].join('\n');
}
