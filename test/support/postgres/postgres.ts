/**
 * PostgreSQL for tests: a real server that all suites of a run share, and a new database for each caller. `npm test`
 * starts one server; a file that runs alone starts its own server on first use. A test that stops or freezes the server
 * starts its own with `startPostgres`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

export interface PostgresServer {
  /** The address, with a database that no test uses. */
  readonly url: string;
  /** Ends the server immediately, as a crash would. */
  stop(): Promise<void>;
  /** Starts it again on the same address and files. */
  start(): Promise<void>;
  /** Suspends all its processes: connections stay open, and the server does not answer. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

export interface OwnDatabase {
  readonly url: string;
  /** Runs statements on a separate connection; returns the rows of the last one. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Removes the database and closes all connections to it. */
  drop(): Promise<void>;
}

/** The variable that passes the address of the shared server to the processes of a run. */
const addressVariable = 'ROSTER_TEST_POSTGRES';

interface ServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly isInBackground?: boolean;
}

/** A server and a hot standby that follows it. */
export interface PostgresPair {
  readonly leader: PostgresServer;
  /** Its `close` does nothing. */
  readonly standby: PostgresServer;
  /** Makes the standby the leader. */
  promote(): Promise<void>;
}

/** Starts a server and its standby for the caller alone. Closing the leader ends both. */
export async function startPair(): Promise<PostgresPair> {
  const { servers, close } = await startServers(['standby']);
  const [leader, standby] = servers;
  if (leader === undefined || standby === undefined) throw new Error('two servers have to start');
  return {
    leader: { ...leader, close },
    standby: { ...standby, close: async () => {} },
    async promote() {
      await queryAt(standby.url, 'select pg_promote()');
    },
  };
}

/** Starts a server for the caller alone. It ends with this process at the latest. */
export async function startPostgres(options: ServerOptions = {}): Promise<PostgresServer> {
  const { servers, close } = await startServers([], options);
  const [server] = servers;
  if (server === undefined) throw new Error('a server has to start');
  return { ...server, close };
}

/** The names are those of further servers, as the program knows them. */
async function startServers(
  names: readonly string[],
  options: ServerOptions = {},
): Promise<{ readonly servers: readonly Omit<PostgresServer, 'close'>[]; close(): Promise<void> }> {
  const program = join(import.meta.dirname, 'postgres-server.ts');
  const child = spawn(process.execPath, [program, ...names], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // The end of its input ends it. A signal to the process group must not.
    detached: true,
    env: { ...process.env, ...options.env },
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the PostgreSQL server of the tests has ended');
    return value;
  };
  const urls: string[] = [];
  for (const _ of ['leader', ...names]) urls.push(await nextLine());
  if (options.isInBackground === true) {
    // No caller closes it, so it must not keep this process alive.
    child.unref();
    for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
  }
  const obey = async (word: string): Promise<void> => {
    child.stdin.write(`${word}\n`);
    await nextLine();
  };
  const servers = urls.map((url, at) => {
    const name = at === 0 ? '' : ` ${names[at - 1]}`;
    return {
      url,
      stop: () => obey(`stop${name}`),
      start: () => obey(`start${name}`),
      freeze: () => obey(`freeze${name}`),
      thaw: () => obey(`thaw${name}`),
    };
  });
  return {
    servers,
    async close() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

/** Starts a server for this process and all processes that it starts. */
export async function serverForRun(): Promise<PostgresServer> {
  const server = await startPostgres();
  process.env[addressVariable] = server.url;
  return server;
}

let shared: Promise<string> | null = null;

/** The address of the shared server. */
export function sharedPostgres(): Promise<string> {
  shared ??= findShared();
  return shared;
}

async function findShared(): Promise<string> {
  if (citus !== undefined) return citus;
  const known = process.env[addressVariable];
  if (known !== undefined) return known;
  const server = await startPostgres({ isInBackground: true });
  return server.url;
}

let made = 0;

/** Creates a database for the caller alone, by default on the shared server; `template` is the one that it copies. */
export async function createDatabase(
  on?: Pick<PostgresServer, 'url'> & { readonly template?: string },
): Promise<OwnDatabase> {
  const server = on?.url ?? (await sharedPostgres());
  const name = `test_${process.pid}_${++made}`;
  if (server === citus) return createShardedDatabase(server, name, on?.template);
  await queryAt(server, `create database ${name} template ${on?.template ?? 'template1'} strategy file_copy`);
  const url = server.replace(/\/\w+$/, `/${name}`);
  return {
    url,
    query: (text, values) => queryAt(url, text, values),
    async drop() {
      await queryAt(server, `drop database ${name} with (force)`);
    },
  };
}

/** The coordinator of a Citus cluster on which all suites run that need PostgreSQL; undefined where there is none. */
export const citus = process.env['ROSTER_TEST_CITUS'];

/** A database of the cluster is a database on each of its machines. The tables of a template are distributed already. */
async function createShardedDatabase(
  coordinator: string,
  name: string,
  template: string | undefined,
): Promise<OwnDatabase> {
  const at = (url: string, database: string): string => url.replace(/\/\w+$/, `/${database}`);
  const machines = await citusMachines(coordinator);
  const from = template === undefined ? '' : ` template ${template} strategy file_copy`;
  for (const machine of machines) await queryAt(machine, `create database ${name}${from}`);
  const url = at(coordinator, name);
  if (template === undefined) {
    for (const machine of machines) await queryAt(at(machine, name), 'create extension citus');
    const [own, ...workers] = machines.map((machine) => new URL(machine));
    await queryAt(url, 'select citus_set_coordinator_host($1, $2)', [own?.hostname, Number(own?.port)]);
    for (const { hostname, port } of workers) {
      await queryAt(url, 'select citus_add_node($1, $2)', [hostname, Number(port)]);
    }
    await queryAt(url, `alter database ${name} set citus.shard_count = 4`);
  }
  return {
    url,
    query: (text, values) => queryAt(url, text, values),
    async drop() {
      for (const machine of machines) await queryAt(machine, `drop database ${name} with (force)`);
    },
  };
}

/** The addresses of the coordinator and of the workers. */
export async function citusMachines(coordinator: string): Promise<readonly string[]> {
  const workers = await queryAt(
    coordinator,
    `select nodename as name, nodeport as port from pg_dist_node where groupid > 0 order by groupid`,
  );
  return [
    coordinator,
    ...workers.map(({ name, port }) => {
      const url = new URL(coordinator);
      url.host = `${name}:${port}`;
      return String(url);
    }),
  ];
}

/** Makes a database one that others may copy: no connection to it is left, and none can be opened. */
export async function closeTemplate(name: string): Promise<void> {
  if (citus === undefined) return;
  for (const machine of await citusMachines(citus)) {
    await queryAt(machine, `alter database ${name} allow_connections false`);
    await queryAt(
      machine,
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${name}'`,
    );
  }
}

/** Runs statements on a connection of their own; returns the rows of the last one. */
export async function queryAt(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // Without values, several statements can be one query, with a result for each.
    const results = [
      await (values.length === 0 ? client.query(text) : client.query(text, [...values])),
    ].flat();
    return results.at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}
