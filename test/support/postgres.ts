/**
 * PostgreSQL for tests: a real server, shared by all suites of a run, and a fresh database for whoever asks. Within
 * `npm test` there is one server; a file that runs alone starts one of its own at the first question. A test that
 * stops or freezes the server starts its own with `startPostgres`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

export interface PostgresServer {
  /** The address, with a database that belongs to nobody. */
  readonly url: string;
  /** Ends the server at once, as a crash would. */
  stop(): Promise<void>;
  /** Starts it again on the same address and files. */
  start(): Promise<void>;
  /** Stops all its processes where they are: connections stay open, and nothing answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

export interface OwnDatabase {
  readonly url: string;
  /** Runs statements beside whatever is tested; the rows of the last. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Removes the database; connections to it are cut. */
  drop(): Promise<void>;
}

/** The address of the run's server, for the processes of the run. */
const addressVariable = 'ROSTER_TEST_POSTGRES';

/** A server of one's own. It ends with this process at the latest. */
export async function startPostgres(
  options: { readonly env?: Readonly<Record<string, string>>; readonly isInBackground?: boolean } = {},
): Promise<PostgresServer> {
  const program = join(import.meta.dirname, 'postgres-server.ts');
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // The end of the input is what ends it; a signal to the group of this process shall not.
    detached: true,
    env: { ...process.env, ...options.env },
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the PostgreSQL server of the tests has ended');
    return value;
  };
  const url = await nextLine();
  if (options.isInBackground === true) {
    // Nobody closes it: it must not keep this process from ending.
    child.unref();
    for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
  }
  const obey = async (word: string): Promise<void> => {
    child.stdin.write(`${word}\n`);
    await nextLine();
  };
  return {
    url,
    stop: () => obey('stop'),
    start: () => obey('start'),
    freeze: () => obey('freeze'),
    thaw: () => obey('thaw'),
    async close() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

/** A server for this process and every one that it starts. */
export async function serverForRun(): Promise<PostgresServer> {
  const server = await startPostgres();
  process.env[addressVariable] = server.url;
  return server;
}

let shared: Promise<string> | null = null;

/** The address of the server that everybody shares. */
export function sharedPostgres(): Promise<string> {
  shared ??= findShared();
  return shared;
}

async function findShared(): Promise<string> {
  const known = process.env[addressVariable];
  if (known !== undefined) return known;
  const server = await startPostgres({ isInBackground: true });
  return server.url;
}

let made = 0;

/** A database that nobody else uses, on the shared server unless another is named. */
export async function createDatabase(on?: Pick<PostgresServer, 'url'>): Promise<OwnDatabase> {
  const server = on?.url ?? (await sharedPostgres());
  const name = `test_${process.pid}_${++made}`;
  await command(server, `create database ${name}`);
  const url = server.replace(/\/\w+$/, `/${name}`);
  return {
    url,
    query: (text, values) => command(url, text, values),
    async drop() {
      await command(server, `drop database ${name} with (force)`);
    },
  };
}

async function command(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // Without values several statements are one query, with a result for each.
    const results = [
      await (values.length === 0 ? client.query(text) : client.query(text, [...values])),
    ].flat();
    return results.at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}
