/** What Roster sets on its connections, or in its transactions where a pooler is in between. */
/** Time limits, in milliseconds. */
export interface PostgresTimeouts {
  readonly connectMs: number;
  readonly statementMs: number;
  /** How long a statement waits for a row or a name that another transaction has locked. */
  readonly lockMs: number;
}

/**
 * How the server plans on a direct connection. It plans a statement once, for any values, and by an index where one
 * serves, also while a table is small: the plan is still used when the table has grown. It never compiles plans (`jit`).
 * That takes longer than running any of them, and the server's high estimate for a `limit` would make it do so for
 * every page.
 */
export const planning = 'set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off';

/** Citus finds the machine of a statement by its values, so it plans the statement for them each time. */
const shardedPlanning = planning.replace('force_generic_plan', 'force_custom_plan');

/** With Citus. Only what is set for a transaction passes from the server on to the machines of its rows. */
export const passesOn = `citus.propagate_set_commands = 'local'`;

/** With Citus. The server gives up a machine that does not answer before Roster gives up the server. */
export function planningOnMachines({ connectMs }: PostgresTimeouts): string {
  return `${shardedPlanning}; set ${passesOn}; set citus.node_connection_timeout = ${connectMs}`;
}

/** The limits that the server itself enforces, so that a process which stands still blocks no other. */
export function limits(set: 'set' | 'set local', { statementMs, lockMs }: PostgresTimeouts): string {
  return [
    `${set} statement_timeout = ${statementMs}`,
    `${set} lock_timeout = ${lockMs}`,
    `${set} idle_in_transaction_session_timeout = ${statementMs}`,
  ].join('; ');
}

export function commitsWait(set: 'set' | 'set local', durability: string): string {
  return `${set} synchronous_commit = ${durability}`;
}

/**
 * What a commit waits for. A server, a database or an account may have a setting with which a commit is acknowledged that a crash or
 * a fail-over loses; one that waits for more is kept. Sent also where it is the same, because the server's own may change.
 */
export function durabilityOf(found: string): string {
  return found === 'remote_write' || found === 'remote_apply' ? found : 'on';
}
