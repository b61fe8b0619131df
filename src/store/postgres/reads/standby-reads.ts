/**
 * Reads on a standby, for callers who may be answered from a copy. Each asks the leader for its position in the log first, and the
 * standby answers only when it has replayed the log up to there. So it has every change that was acknowledged before the
 * read, in whichever process. Where it has not in time, is away, or follows another history than the leader, the leader
 * answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresDialect } from '../../sql/dialect.ts';
import type { Executor } from '../../sql/executor.ts';
import type { PostgresConnection, PostgresTimeouts } from '../connection.ts';
import { ConnectionLostError } from '../errors.ts';
import { DatabaseHosts } from '../hosts.ts';
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
}

/** How long a read waits for the standby to catch up. */
const waitMaxMs = 500;
const lookMs = 10;
/** A standby that could not be reached is not tried again for this long. */
const awayMs = 5_000;

interface Position {
  readonly at: string;
  readonly timeline: number;
}

export class StandbyReads {
  readonly #leader: ConnectionSet;
  readonly #standbys: ConnectionSet;
  #awayUntil = 0;
  readonly #answered = { standby: 0, leader: 0 };

  constructor({ url, size, timeouts, leader }: StandbyOptions) {
    const hosts = new DatabaseHosts({ url, role: 'standby', connectMs: timeouts.connectMs });
    this.#leader = leader;
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
    try {
      const position = await this.#leader.use(positionOf);
      const lease = await this.#standbys.lease();
      return await readOn(lease, position, work);
    } catch (error) {
      if (!postgresDialect.isOutage(error)) throw error;
      this.#awayUntil = performance.now() + awayMs;
      return null;
    }
  }
}

/** The end of what the leader has on its disk: all that it has acknowledged. */
async function positionOf(connection: PostgresConnection): Promise<Position> {
  const [row] = await connection.ask<{ at: string; timeline: string }>(
    'select pg_current_wal_flush_lsn()::text as at, left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline',
  );
  return { at: row?.at ?? '', timeline: Number.parseInt(row?.timeline ?? '', 16) };
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
async function hasReplayed(connection: PostgresConnection, { at, timeline }: Position): Promise<boolean> {
  if (!connection.isDirect) return false;
  const deadline = performance.now() + waitMaxMs;
  for (;;) {
    const [row] = await connection.ask<{ has: number | null; timeline: number }>(
      `select (pg_last_wal_replay_lsn() >= '${at}'::pg_lsn)::int as has,
        coalesce((select received_tli from pg_stat_wal_receiver), timeline_id) as timeline from pg_control_checkpoint()`,
    );
    if (row?.timeline !== timeline) return false;
    if (row.has === 1) return true;
    if (performance.now() >= deadline) return false;
    await sleep(lookMs);
  }
}
