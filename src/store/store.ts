/**
 * The store of a deployment, and what opening one takes. Which database is behind it makes no difference to those
 * who use it.
 */
import type { Maintenance } from '../core/deployment/maintenance.ts';
import type { Remains } from '../core/erasure/remains.ts';
import type { Topic } from '../core/topic.ts';
import type { UnitOfWork } from '../core/unit-of-work.ts';
import type { CountShape } from './counts/count-change.ts';
import type { PostgresTimeouts } from './postgres/connection.ts';

export interface StoreOptions {
  /** Told after each commit which kinds of rows it added that a job waits for. */
  readonly onCommitted?: (topics: ReadonlySet<Topic>) => void;
  /** Told after each commit how many changes shared it, and how long the commit itself took. */
  readonly onWritten?: (changes: number, ms: number) => void;
  /** Told how long each copying of SQLite's log into the file took. */
  readonly onCheckpoint?: (ms: number) => void;
  /** Told once for each outage why requests were refused with `unavailable`. The error names no data. */
  readonly onOutage?: (error: unknown) => void;
  /** How long a change waits for what another transaction holds, in milliseconds. */
  readonly lockWaitMs?: number;
  /** For tests, which want small ranges. */
  readonly countShape?: CountShape;
}

export interface FileStoreOptions extends StoreOptions {
  /** The folder that holds the database file; it exists and can be written. */
  readonly dataDir: string;
  /** Whether very much will be written in a row. */
  readonly isBulk?: boolean;
}

export interface PostgresStoreOptions extends StoreOptions {
  /** Names server, database, user and password: `postgres://user:password@host:5432/database`. */
  readonly databaseUrl: string;
  /** Most connections of this process; at least 4. */
  readonly poolSize?: number;
  /** How long a connection and a statement may take. */
  readonly timeouts?: Pick<PostgresTimeouts, 'connectMs' | 'statementMs'>;
}

/** The store of a deployment. */
export interface Store extends UnitOfWork, Maintenance {
  /** What erasures look into. */
  readonly remains: Remains;
  /** Brings the schema up to date; how many migrations ran. Nothing else works on a new file before. */
  migrate(): Promise<number>;
  /** Resolves where the database answers and has the schema of this program. */
  ping(): Promise<void>;
  /** Waits for the changes under way and closes all connections. */
  close(): Promise<void>;
}
