/** Finds the machines of a Citus cluster that cannot be reached. On another database it asks nothing. */
import type { ConnectionSet } from '../pool.ts';

const selectAway = `
  select nodename || ':' || nodeport as name from pg_dist_node
  where isactive and noderole = 'primary' and groupid <> (select groupid from pg_dist_local_group)
    and not citus_check_connection_to_node(nodename, nodeport)
  order by 1`;

export class MachineWatch {
  readonly #connections: ConnectionSet;
  #isSharded = true;
  #away: readonly string[] = [];

  constructor(connections: ConnectionSet) {
    this.#connections = connections;
  }

  /** Never rejects: while the database itself is away, it returns what was found last. */
  async findAway(): Promise<readonly string[]> {
    if (!this.#isSharded) return [];
    try {
      await this.#connections.use(async (connection) => {
        this.#isSharded = connection.isSharded;
        if (!connection.isSharded) return;
        this.#away = (await connection.ask<{ name: string }>(selectAway)).map(({ name }) => name);
      });
    } catch {
      // The outage is told by the requests and by the health of the process.
    }
    return this.#away;
  }
}
