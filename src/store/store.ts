/** The store of a deployment, and the options to open it. It behaves in the same way on both databases. */
import type { Maintenance } from '../core/deployment/maintenance.ts';
import type { Remains } from '../core/erasure/remains.ts';
import type { MessageOutcome } from '../core/messaging/budget-store.ts';
import type { Topic } from '../core/topic.ts';
import type { UnitOfWork } from '../core/unit-of-work.ts';
import type { CountShape } from './counts/count-change.ts';

export interface StoreOptions {
  /** Called after each commit that added rows for jobs, with their topics. */
  readonly onCommitted?: (topics: ReadonlySet<Topic>) => void;
  /** Called after each commit that queued or dropped messages. */
  readonly onMessages?: (outcomes: readonly MessageOutcome[]) => void;
  /** Called after each commit with the number of changes that shared it, and how long the commit itself took. */
  readonly onWritten?: (changes: number, ms: number) => void;
  /** Called after each checkpoint, which copies SQLite's write-ahead log into the file, with its duration. */
  readonly onCheckpoint?: (ms: number) => void;
  /** Called once for each outage with its cause. During an outage requests are refused with `unavailable`. The error contains no data. */
  readonly onOutage?: (error: unknown) => void;
  /** Called once for each outage of the standbys with its cause. The leader answers in their place. */
  readonly onStandbyOutage?: (error: unknown) => void;
  /** Called when a damaged page was met, with a line for each damaged page of the file that was found since, without data. */
  readonly onDamage?: (problems: readonly string[]) => void;
  /** How long a change waits for a lock of another transaction, in milliseconds. */
  readonly lockWaitMs?: number;
  /** For tests, which use small ranges. */
  readonly countShape?: CountShape;
}

export interface FileStoreOptions extends StoreOptions {
  /** The folder of the database file. It exists and is writable. */
  readonly dataDir: string;
  /** Whether the caller is going to write a large number of rows in succession. */
  readonly isBulk?: boolean;
}

export interface PostgresStoreOptions extends StoreOptions {
  /** With server, database, user and password: `postgres://user:password@host:5432/database`. */
  readonly databaseUrl: string;
  /** The standbys of the database, for reads that may be late; by default the leader answers them. */
  readonly readUrl?: string | null;
  /** The largest number of connections of this process; at least 4. */
  readonly poolSize?: number;
  /** How long a connection and a statement may take. */
  readonly timeouts?: { readonly connectMs: number; readonly statementMs: number };
}

/** What is wrong with a database as a whole, for the health of a server. */
export interface StoreCondition {
  /**
   * `lost`: the files that are open were removed or replaced, so changes are refused. `read_only`: their disk takes no
   * writes. A database on a server has no files here.
   */
  readonly files: 'sound' | 'lost' | 'read_only';
  /** Whether a damaged page was met since the start. */
  readonly isDamaged: boolean;
  /** Machines of a distributed database that cannot be reached. The organizations on them are refused. */
  readonly awayMachines?: readonly string[];
}

/** The store of a deployment. */
export interface Store extends UnitOfWork, Maintenance {
  /** What erasures look into. */
  readonly remains: Remains;
  /** Brings the schema up to date. Returns how many migrations ran. A new file must be migrated before any other call. */
  migrate(): Promise<number>;
  /** Resolves if the database answers and has the schema of this program. */
  ping(): Promise<void>;
  /** Looks at the files. Never rejects. */
  condition(): Promise<StoreCondition>;
  /** Makes due again what processes of the same folder had claimed that have ended. On PostgreSQL their leases run out. */
  freeClaims(now: number): Promise<void>;
  /** Waits for the changes that are running and closes all connections. */
  close(): Promise<void>;
}
