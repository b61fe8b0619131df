/**
 * The database connections of one process. Changes and reads use different connections, so that a change which reads
 * outside its transaction never waits for itself. Without a pooler in between, single reads share two connections, many
 * in one round (`rounds.ts`); the other read connections serve snapshots and bulk reads.
 *
 * A connection that breaks is dropped, and a new one is opened when it is needed, so a database that comes back is used
 * immediately. Waiting for a connection or for an answer is always limited.
 */
import type { Pool, PoolClient } from 'pg';
import type { Statement, Values } from '../sql/statement.ts';
import { PostgresConnection, type PostgresTimeouts, parserOf, prepareClient } from './connection.ts';
import { asDatabaseError, ConnectionLostError, isConnectionEnding } from './errors.ts';
import { ReadRounds } from './reads/rounds.ts';

export interface PoolOptions {
  readonly url: string;
  /** The largest number of connections of this process; at least 4. */
  readonly size: number;
  readonly timeouts: PostgresTimeouts;
}

/** A connection that only the caller uses, until the caller returns it. */
export interface Lease {
  readonly connection: PostgresConnection;
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
  readonly #shared: SharedReader[];

  constructor(options: PoolOptions) {
    const forChanges = Math.floor(options.size / 2);
    this.changes = new ConnectionSet(options, forChanges);
    this.reads = new ConnectionSet(options, options.size - forChanges);
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
    await Promise.all([this.changes.close(), this.reads.close()]);
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

/** A limited number of connections, opened when needed. */
export class ConnectionSet {
  readonly #options: PoolOptions;
  readonly #size: number;
  readonly #clients = new Set<PoolClient>();
  #pool: Promise<Pool> | null = null;
  #opened: Pool | null = null;

  constructor(options: PoolOptions, size: number) {
    this.#options = options;
    this.#size = size;
  }

  /** How many connections are in use and idle, and how many callers wait for one. */
  get measurements(): { readonly inUse: number; readonly idle: number; readonly waiting: number } {
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = this.#opened ?? {};
    return { inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  /** Leases a connection. Throws a `ConnectionLostError` if none is available in time. */
  async lease(): Promise<Lease> {
    this.#pool ??= this.#open();
    let client: PoolClient;
    try {
      client = await (await this.#pool).connect();
    } catch (error) {
      throw asDatabaseError(error);
    }
    return {
      connection: new PostgresConnection(client, this.#options.timeouts),
      end: (isBroken) => client.release(isBroken),
    };
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
    const pool = await this.#pool;
    if (pool === null) return;
    const ended = pool.end();
    const timer = setTimeout(() => this.#cut(), closeMs);
    await ended;
    clearTimeout(timer);
  }

  #cut(): void {
    for (const client of this.#clients) client.connection.stream.destroy();
  }

  async #open(): Promise<Pool> {
    // Loaded here, because a deployment on SQLite does not need it.
    const { Pool } = await import('pg');
    const { url, timeouts } = this.#options;
    const pool = new Pool({
      connectionString: url,
      fallback_application_name: 'roster',
      max: this.#size,
      idleTimeoutMillis: idleMs,
      connectionTimeoutMillis: timeouts.connectMs,
      keepAlive: true,
      pipeline: true,
      types: { getTypeParser: parserOf },
      onConnect: (client) => prepareClient(client as PoolClient, timeouts),
    });
    pool.on('connect', (client) => {
      this.#clients.add(client);
      // The pending queries of a broken connection are rejected. Nothing else needs to know.
      client.on('error', () => {});
    });
    pool.on('remove', (client) => this.#clients.delete(client));
    pool.on('error', () => {});
    this.#opened = pool;
    return pool;
  }
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
      const { connection } = await opening;
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
