/**
 * The database connections of one process. Changes and reads use different connections, so that a change which reads
 * outside its transaction never waits for itself. Without a pooler in between, single reads share two connections, many
 * in one round (`rounds.ts`); the other read connections serve snapshots and bulk reads.
 *
 * A connection that breaks is dropped, and a new one is opened when it is needed, so a database that comes back is used
 * immediately. Waiting for a connection or for an answer is always limited. When the server does not answer on one
 * connection, or takes no changes any more, the other connections to it are dropped too, and the leader is looked for
 * (`hosts.ts`).
 */
import type { Client, ClientConfig, Pool, PoolClient } from 'pg';
import { errorCodeOf } from '../../core/error-code.ts';
import type { Statement, Values } from '../sql/statement.ts';
import { loadClient } from './client.ts';
import {
  answeredAt,
  PostgresConnection,
  type PostgresTimeouts,
  parserOf,
  prepareClient,
} from './connection.ts';
import { asDatabaseError, ConnectionLostError, isConnectionEnding, readOnlyServer } from './errors.ts';
import { DatabaseHosts, type FoundHost } from './hosts.ts';
import { ReadRounds } from './reads/rounds.ts';
import { lookMs, MachineWatch } from './sharding/machine-watch.ts';

export interface PoolOptions {
  /** The address of the database; see `DatabaseAddress`. */
  readonly url: string;
  /** The largest number of connections of this process; at least 4. */
  readonly size: number;
  readonly timeouts: PostgresTimeouts;
}

export interface SetOptions {
  readonly hosts: DatabaseHosts;
  readonly timeouts: PostgresTimeouts;
  /** Learns that the database is on several machines, and tells which of them are away. */
  readonly machines?: MachineWatch;
}

/** A connection that only the caller uses, until the caller returns it. */
export interface Lease {
  readonly connection: PostgresConnection;
  /** Whether the server of the connection is still the one that is used. */
  isCurrent(): boolean;
  /** Returns the connection. One that is broken, or in an unknown state, is closed. */
  end(isBroken: boolean): void;
}

const sharedReaders = 2;
const idleMs = 60_000;
/** How long closing may take. */
const closeMs = 1_000;

export class PostgresPool {
  readonly changes: ConnectionSet;
  readonly reads: ConnectionSet;
  /** The machines behind the server. Where there are some, it uses a connection of its own. */
  readonly machines: MachineWatch;
  readonly #shared: SharedReader[];
  readonly #looks: ConnectionSet;

  constructor({ url, size, timeouts }: PoolOptions) {
    const forChanges = Math.floor(size / 2);
    const hosts = new DatabaseHosts({ url, role: 'leader', connectMs: timeouts.connectMs });
    this.#looks = new ConnectionSet({ hosts, timeouts: { ...timeouts, statementMs: lookMs } }, 1);
    this.machines = new MachineWatch({
      connections: this.#looks,
      onSilence: (since) => hosts.leaveCurrent(since),
    });
    const { machines } = this;
    this.changes = new ConnectionSet({ hosts, timeouts, machines }, forChanges);
    this.reads = new ConnectionSet({ hosts, timeouts, machines }, size - forChanges);
    this.#shared = Array.from({ length: sharedReaders }, () => new SharedReader(this.reads));
  }

  /**
   * Returns the rows of one read, over a shared connection where that is possible. A read whose connection turns out to
   * be broken is sent once more over another.
   */
  async read<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    try {
      return await this.#tryRead(statement, values);
    } catch (error) {
      const isLost = isConnectionEnding(error) && !(error instanceof ConnectionLostError && error.isTimeout);
      if (!isLost) throw error;
      return this.#tryRead(statement, values);
    }
  }

  async close(): Promise<void> {
    for (const reader of this.#shared) await reader.close();
    await Promise.all([this.changes.close(), this.reads.close(), this.#looks.close()]);
  }

  async #tryRead<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    let idlest: SharedReader | undefined;
    for (const reader of this.#shared) {
      if (idlest === undefined || reader.inFlight < idlest.inFlight) idlest = reader;
    }
    return (await idlest?.open()) === true && idlest !== undefined
      ? idlest.rows(statement, values)
      : this.reads.use((connection) => connection.rows(statement, values));
  }
}

/** The connections to one host. They are all dropped when the host is left. */
interface Connections {
  readonly host: FoundHost;
  readonly pool: Pool;
  readonly clients: Set<PoolClient>;
  readonly leased: Set<PoolClient>;
  /** Resolves when the host is left. */
  readonly left: PromiseWithResolvers<null>;
}

/** A limited number of connections, opened when needed. */
export class ConnectionSet {
  readonly #options: SetOptions;
  readonly #size: number;
  #current: Connections | null = null;
  #isClosed = false;
  /** The connections to hosts that were left, until the last one is returned. */
  readonly #former = new Set<Promise<void>>();
  /** All that are not ended. */
  readonly #open = new Set<Connections>();

  constructor(options: SetOptions, size: number) {
    this.#options = options;
    this.#size = size;
    options.hosts.onLeft((host, since) => {
      if (this.#current?.host.term === host.term) this.#retire(this.#current, since);
    });
  }

  /** How many connections are in use and idle, and how many callers wait for one. */
  get measurements(): { readonly inUse: number; readonly idle: number; readonly waiting: number } {
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = this.#current?.pool ?? {};
    return { inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  /** Leases a connection. Throws a `ConnectionLostError` if none is available in time. */
  async lease(): Promise<Lease> {
    const { hosts, timeouts } = this.#options;
    const deadline = performance.now() + timeouts.connectMs;
    for (;;) {
      const connections = await this.#connectionsTo(await hosts.find());
      try {
        const client = await this.#connect(connections);
        if (client !== null) return this.#leaseOf(client, connections);
      } catch (error) {
        if (hosts.isAlone || saysNothing(error)) throw asDatabaseError(error);
        hosts.leave(connections.host);
        if (performance.now() >= deadline) throw asDatabaseError(error);
      }
    }
  }

  /** Leases a connection for statements without a transaction. */
  async use<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const { connection, end } = await this.lease();
    let isBroken = true;
    try {
      const result = await work(connection);
      isBroken = false;
      return result;
    } finally {
      end(isBroken);
    }
  }

  /** Waits until connections in use are returned, and cuts those that do not end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const current = this.#current;
    if (current === null && this.#former.size === 0) return;
    const ended = Promise.all([current?.pool.end(), ...this.#former]);
    const timer = setTimeout(() => {
      for (const { clients } of this.#open) for (const client of clients) cut(client);
    }, closeMs);
    await ended;
    clearTimeout(timer);
  }

  #leaseOf(client: PoolClient, { host, leased }: Connections): Lease {
    const { hosts, timeouts, machines } = this.#options;
    leased.add(client);
    const connection = new PostgresConnection(client, timeouts, () => machines?.outage ?? null);
    if (connection.isSharded) machines?.noteSharded();
    return {
      connection,
      isCurrent: () => hosts.isCurrent(host),
      end(isBroken) {
        leased.delete(client);
        const isLeft = !hosts.isCurrent(host);
        client.release(isBroken || isLeft);
        // A server that waits for another machine does not answer the goodbye.
        if (isBroken || isLeft) cut(client);
      },
    };
  }

  /** Null where the host was left meanwhile. */
  async #connect({ pool, left }: Connections): Promise<PoolClient | null> {
    const connecting = pool.connect();
    const client = await Promise.race([connecting, left.promise]);
    if (client === null) {
      connecting.then(
        (late) => late.release(true),
        () => {},
      );
    }
    return client;
  }

  async #connectionsTo(host: FoundHost): Promise<Connections> {
    if (this.#current !== null) return this.#current;
    const [pg, PostgresClient] = await Promise.all([import('pg'), loadClient()]);
    if (this.#isClosed) throw new ConnectionLostError(new Error('the store is closed'));
    this.#current ??= this.#connectionsOf(host, pg, PostgresClient);
    return this.#current;
  }

  #connectionsOf(host: FoundHost, pg: typeof import('pg'), PostgresClient: typeof Client): Connections {
    const { timeouts, hosts } = this.#options;
    const watch = {
      onSilence: (since: number) => hosts.leave(host, since),
      onError: (error: unknown) => {
        if (errorCodeOf(error) === readOnlyServer) hosts.leave(host);
      },
    };
    /** The pool's own limit is how long a caller waits for a connection in use. */
    class HostClient extends PostgresClient {
      constructor(config?: ClientConfig) {
        super({ ...config, connectionTimeoutMillis: hosts.hostMs });
      }
    }
    const pool = new pg.Pool({
      Client: HostClient,
      connectionString: host.url,
      fallback_application_name: 'roster',
      max: this.#size,
      idleTimeoutMillis: idleMs,
      connectionTimeoutMillis: timeouts.connectMs,
      keepAlive: true,
      pipeline: true,
      types: { getTypeParser: parserOf },
      onConnect: (client) => prepareClient(client as PoolClient, timeouts, { role: hosts.role, watch }),
    });
    const clients = new Set<PoolClient>();
    pool.on('connect', (client) => {
      clients.add(client);
      // The pending queries of a broken connection are rejected. Nothing else needs to know.
      client.on('error', () => {});
    });
    pool.on('remove', (client) => clients.delete(client));
    pool.on('error', () => {});
    const connections: Connections = {
      ...{ host, pool, clients },
      leased: new Set(),
      left: Promise.withResolvers<null>(),
    };
    this.#open.add(connections);
    return connections;
  }

  /**
   * Drops the connections that no caller uses, and those that have been silent for as long as the one that was given up.
   * The others end when they are returned.
   */
  #retire(connections: Connections, since: number | null): void {
    const { pool, clients, leased, left } = connections;
    this.#current = null;
    left.resolve(null);
    for (const client of clients) {
      const isSilent = since !== null && answeredAt(client) < since;
      if (isSilent || !leased.has(client)) cut(client);
    }
    const ended = pool.end().finally(() => {
      this.#former.delete(ended);
      this.#open.delete(connections);
    });
    this.#former.add(ended);
  }
}

/**
 * Whether the error says nothing of the host: no connection became free in time, for which the library has no code, or the server
 * has answered with a refusal that another host would give too, such as a wrong password.
 */
function saysNothing(error: unknown): boolean {
  if (error instanceof Error && error.message === 'timeout exceeded when trying to connect') return true;
  return error instanceof Error && 'severity' in error && !isConnectionEnding(error);
}

function cut(client: PoolClient): void {
  client.connection.stream.destroy();
}

interface SharedLease extends Lease {
  readonly rounds: ReadRounds;
}

/** A connection that many reads share. */
class SharedReader {
  inFlight = 0;
  readonly #set: ConnectionSet;
  #lease: Promise<SharedLease> | null = null;
  /** There is a pooler in between, which might give statements without a transaction to different servers. */
  #isPooled = false;

  constructor(set: ConnectionSet) {
    this.#set = set;
  }

  /** Connects if needed. Returns false if the connection cannot be shared. */
  async open(): Promise<boolean> {
    if (this.#isPooled) return false;
    const opening = this.#get();
    try {
      const { connection, isCurrent } = await opening;
      if (!isCurrent()) {
        await this.#drop(opening);
        return this.open();
      }
      this.#isPooled = !connection.isDirect;
    } catch (error) {
      await this.#drop(opening);
      throw error;
    }
    if (this.#isPooled) await this.close();
    return !this.#isPooled;
  }

  /** Runs a read. The caller has just called `open`. */
  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    const lease = this.#get();
    this.inFlight++;
    try {
      return await (await lease).rounds.rows(statement, values);
    } catch (error) {
      if (isConnectionEnding(error)) await this.#drop(lease);
      throw error;
    } finally {
      this.inFlight--;
    }
  }

  async close(): Promise<void> {
    const lease = this.#lease;
    this.#lease = null;
    await lease?.then(
      ({ end }) => end(false),
      () => {},
    );
  }

  #get(): Promise<SharedLease> {
    this.#lease ??= this.#set
      .lease()
      .then((lease) => ({ ...lease, rounds: new ReadRounds(lease.connection) }));
    return this.#lease;
  }

  /** Closes a broken connection. Of several reads that find it broken, the first one does it. */
  async #drop(broken: Promise<SharedLease>): Promise<void> {
    if (this.#lease !== broken) return;
    this.#lease = null;
    await broken.then(
      ({ end }) => end(true),
      () => {},
    );
  }
}
