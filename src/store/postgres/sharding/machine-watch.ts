/**
 * Knows which machines of a Citus cluster cannot be reached, and which organizations are on them. On another database it
 * asks nothing.
 *
 * It looks when it is asked to: regularly by the health of the server, and by a statement that has failed. While a machine is
 * away it looks again by itself, so that its organizations are served again soon after it is back.
 *
 * A machine that is frozen answers nothing, and a connection to it that is open already looks sound. So each look has a short
 * limit, and after a silence it is repeated over a new connection. The coordinator itself waits for such a machine without an
 * end, even with a time limit; so no statement is sent that would need it.
 */
import type { OrgKey } from '../../../core/ids.ts';
import { secondMs } from '../../../core/time.ts';
import { ConnectionLostError } from '../errors.ts';
import type { Outage } from './outage.ts';

/** Connections to the server. */
export interface Connections {
  use<T>(work: (connection: ServerConnection) => Promise<T>): Promise<T>;
}

interface ServerConnection {
  control(text: string): Promise<void>;
  ask<R>(text: string): Promise<R[]>;
}

export interface MachineWatchOptions {
  /** One connection, which a silent machine may block. */
  readonly connections: Connections;
  /** Called when a machine is found silent: connections without an answer since then wait for it. */
  readonly onSilence: (since: number) => void;
}

/** How long a machine may take to answer a new connection, in milliseconds. The statement that asks has a little more. */
const answerMs = 2 * secondMs;
export const lookMs = answerMs + 500;
/** While a machine is away, what is known of it is no older than this and a look. */
const knownMs = 2 * secondMs;
/** A look that took longer has met a silent machine. A connection without an answer for as long waits for it. */
const silentMs = secondMs;

interface Machine {
  readonly group: number;
  readonly host: string;
  readonly port: number;
}

const selectMachines = `
  select groupid as group, nodename as host, nodeport as port from pg_dist_node
  where isactive and noderole = 'primary' and groupid <> (select groupid from pg_dist_local_group)
  order by nodename, nodeport`;

/** 1 for the organizations of machines that are away. */
const selectPlaces = (groups: readonly number[]): string => `
  select org_key as "orgKey", (groupid = any ('{${groups.join()}}'))::int as "isAway"
  from (
    select org_key, get_shard_id_for_distribution_column('users', org_key) as shardid
    from (select 0::bigint as org_key union all select org_key from organizations) known
  ) placed join pg_dist_placement using (shardid)
  order by org_key`;

export class MachineWatch {
  readonly #options: MachineWatchOptions;
  #isSharded = false;
  #outage: Outage | null = null;
  #looking: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #lookedAt = 0;

  constructor(options: MachineWatchOptions) {
    this.#options = options;
  }

  /** The tables are spread over machines, as a connection has found. */
  noteSharded(): void {
    this.#isSharded = true;
  }

  /** Null in normal times. */
  get outage(): Outage | null {
    const isOld = this.#outage !== null && performance.now() - this.#lookedAt > knownMs;
    if (isOld && this.#looking === null) void this.look();
    return this.#outage;
  }

  /** Looks now. Never rejects: while the database itself is away, what was found last stays. */
  look(): Promise<void> {
    if (!this.#isSharded) return Promise.resolve();
    // A look that has begun already may have asked the machine before it went away.
    this.#next ??= (this.#looking ?? Promise.resolve()).then(() => {
      this.#next = null;
      this.#looking = this.#look().finally(() => {
        this.#looking = null;
      });
      return this.#looking;
    });
    return this.#next;
  }

  async #look(): Promise<void> {
    const since = performance.now();
    try {
      const away = await this.#findAway();
      const known = this.#outage?.machines.join() ?? '';
      if (namesOf(away).join() === known) return;
      this.#outage = away.length === 0 ? null : await this.#outageOf(away);
      const hasWaited = performance.now() - since > silentMs;
      if (away.length > 0 && hasWaited) this.#options.onSilence(performance.now() - silentMs);
    } catch {
      // The outage of the database is told by the requests and by the health of the process.
    } finally {
      this.#lookedAt = performance.now();
    }
  }

  async #findAway(): Promise<readonly Machine[]> {
    const { connections } = this.#options;
    const machines = await connections.use((connection) => connection.ask<Machine>(selectMachines));
    const away: Machine[] = [];
    for (const machine of machines) {
      const answers = (await this.#answers(machine)) ?? (await this.#answers(machine));
      if (answers !== true) away.push(machine);
    }
    return away;
  }

  /** Null where the answer did not come in time: the connection is dropped then. Throws if the database itself is away. */
  async #answers({ host, port }: Machine): Promise<boolean | null> {
    try {
      return await this.#options.connections.use(async (connection) => {
        await connection.control(`set citus.node_connection_timeout = ${answerMs}`);
        const check = `select citus_check_connection_to_node('${host.replaceAll("'", "''")}', ${port})::int as answers`;
        const [row] = await connection.ask<{ answers: number }>(check);
        return row?.answers === 1;
      });
    } catch (error) {
      if (error instanceof ConnectionLostError) throw error;
      return null;
    }
  }

  async #outageOf(away: readonly Machine[]): Promise<Outage> {
    const groups = away.map(({ group }) => group);
    const select = selectPlaces(groups);
    const places = await this.#options.connections.use((connection) =>
      connection.ask<{ orgKey: OrgKey; isAway: number }>(select),
    );
    const reachable = places.filter(({ isAway }) => isAway === 0).map(({ orgKey }) => orgKey);
    return {
      machines: namesOf(away),
      groups,
      away: new Set(places.filter(({ isAway }) => isAway === 1).map(({ orgKey }) => orgKey)),
      reachable: `{${reachable.join()}}`,
      elsewhere: reachable[0] ?? null,
    };
  }
}

function namesOf(machines: readonly Machine[]): readonly string[] {
  return machines.map(({ host, port }) => `${host}:${port}`);
}
