/**
 * Reads on a standby, for callers who may be answered from a copy. Each asks the leader for its position in the log first, and the
 * standby answers only when it has replayed the log up to there. So it has every change that was acknowledged before the
 * read, in whichever process. Where it has not in time, is away, is no standby of the leader, or follows another history, the
 * leader answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresDialect } from '../../sql/dialect.ts';
import type { Executor } from '../../sql/executor.ts';
import type { PostgresConnection, PostgresTimeouts } from '../connection.ts';
import { ConnectionLostError } from '../errors.ts';
import { DatabaseHosts, WrongRoleError } from '../hosts.ts';
import { ConnectionSet, type Lease } from '../pool.ts';
import { SnapshotExecutor } from './read-executor.ts';
import { ReadRounds } from './rounds.ts';

export interface StandbyOptions {
  /** The address of the standbys. */
  readonly url: string;
  /** The largest number of connections to them. */
  readonly size: number;
  readonly timeouts: PostgresTimeouts;
  /** Connections to the leader. */
  readonly leader: ConnectionSet;
  /** Gets the cause, once for each outage. */
  readonly onOutage: (error: unknown) => void;
}

/** How long a read waits for the standby to catch up. */
const waitMaxMs = 500;
const lookMs = 10;
/** A standby that could not be reached is not tried again for this long. */
const awayMs = 5_000;

interface Position {
  readonly at: string;
  readonly timeline: number;
  /** The cluster and the database in it. A standby has those of its leader. */
  readonly identity: string;
}

/** The server of `DATABASE_READ_URL` has another database. */
class ForeignStandbyError extends Error {
  override readonly name = 'ForeignStandbyError';
}

export class StandbyReads {
  readonly #leader: ConnectionSet;
  readonly #standbys: ConnectionSet;
  readonly #onOutage: (error: unknown) => void;
  #awayUntil = 0;
  #isAway = false;
  readonly #answered = { standby: 0, leader: 0 };

  constructor({ url, size, timeouts, leader, onOutage }: StandbyOptions) {
    const hosts = new DatabaseHosts({ url, role: 'standby', connectMs: timeouts.connectMs });
    this.#leader = leader;
    this.#onOutage = onOutage;
    this.#standbys = new ConnectionSet({ hosts, timeouts }, size);
  }

  /** Runs the reads on a standby; null where the leader must answer. Throws what `work` throws, except for outages. */
  async read<T>(work: (view: Executor) => Promise<T>): Promise<{ readonly value: T } | null> {
    const answer = await this.#try(work);
    this.#answered[answer === null ? 'leader' : 'standby'] += 1;
    return answer;
  }

  /** How many reads a standby has answered, and how many were left to the leader, since the start. */
  get answered(): { readonly standby: number; readonly leader: number } {
    return { ...this.#answered };
  }

  close(): Promise<void> {
    return this.#standbys.close();
  }

  async #try<T>(work: (view: Executor) => Promise<T>): Promise<{ readonly value: T } | null> {
    if (performance.now() < this.#awayUntil) return null;
    const position = await positionOf(this.#leader);
    if (position === null) return null;
    try {
      const answer = await readOn(await this.#standbys.lease(), position, work);
      this.#isAway = false;
      return answer;
    } catch (error) {
      if (!isOfServer(error)) throw error;
      this.#awayUntil = performance.now() + awayMs;
      if (!this.#isAway) this.#onOutage(error);
      this.#isAway = true;
      return null;
    }
  }
}

/** Whether the standby has failed, and the reader has not refused. An account that may read less there fails too. */
function isOfServer(error: unknown): boolean {
  return postgresDialect.isOutage(error) || (error instanceof Error && 'severity' in error);
}

const selectIdentity = `(select system_identifier || ' ' || oid from pg_control_system(), pg_database
  where datname = current_database()) as identity`;

/** The end of what the leader has on its disk: all that it has acknowledged. Null where it cannot be asked. */
async function positionOf(leader: ConnectionSet): Promise<Position | null> {
  try {
    // A pooler may ask another server than the one that was found to be the leader.
    const [row] = await leader.use((connection) =>
      connection.ask<{ at: string; timeline: string; identity: string }>(
        `select pg_current_wal_flush_lsn()::text as at, left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline,
          ${selectIdentity} where not pg_is_in_recovery()`,
      ),
    );
    if (row === undefined) return null;
    return { at: row.at, timeline: Number.parseInt(row.timeline, 16), identity: row.identity };
  } catch (error) {
    if (postgresDialect.isOutage(error)) return null;
    throw error;
  }
}

async function readOn<T>(
  { connection, end }: Lease,
  position: Position,
  work: (view: Executor) => Promise<T>,
): Promise<{ readonly value: T } | null> {
  let isBroken = true;
  try {
    if (!(await inTime(hasReplayed(connection, position)))) {
      isBroken = false;
      return null;
    }
    await connection.beginSnapshot();
    const value = await work(new SnapshotExecutor(new ReadRounds(connection)));
    await connection.control('commit');
    isBroken = false;
    return { value };
  } finally {
    // A connection in an unknown state is closed.
    end(isBroken);
  }
}

/** A standby that does not answer at all keeps a read waiting for less than a statement may take. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const silence = new AbortController();
  try {
    return await Promise.race([
      answer,
      sleep(2 * waitMaxMs, null, { signal: silence.signal }).then(() => {
        throw new ConnectionLostError(new Error('the standby did not answer in time'));
      }),
    ]);
  } finally {
    silence.abort();
    answer.catch(() => {});
  }
}

/**
 * Waits for the standby, for a bounded time. A pooler may ask another server than the one that then reads. The timeline tells a
 * standby that has followed a former leader further than the present one: its positions mean nothing here. What the standby
 * receives is shown to roles that may read all statistics; for others it learns of a new timeline with the next checkpoint.
 */
async function hasReplayed(
  connection: PostgresConnection,
  { at, timeline, identity }: Position,
): Promise<boolean> {
  if (!connection.isDirect) return false;
  const deadline = performance.now() + waitMaxMs;
  for (;;) {
    const [row] = await connection.ask<{ has: number; follows: number; timeline: number; identity: string }>(
      `select (pg_last_wal_replay_lsn() >= '${at}'::pg_lsn)::int as has, pg_is_in_recovery()::int as follows,
        coalesce((select received_tli from pg_stat_wal_receiver), timeline_id) as timeline, ${selectIdentity}
        from pg_control_checkpoint()`,
    );
    if (row?.identity !== identity) throw new ConnectionLostError(new ForeignStandbyError());
    if (row.follows === 0)
      throw new ConnectionLostError(new WrongRoleError('the server is no standby any more'));
    if (row.timeline !== timeline) return false;
    if (row.has === 1) return true;
    if (performance.now() >= deadline) return false;
    await sleep(lookMs);
  }
}
