/**
 * Spreads the tables of a database over the machines of a Citus cluster, as `placement.ts` says: reference tables have a
 * copy on each machine, and all others lie with their organization. It looks at what is there and does what is missing, so
 * it may run again at any time. A migration distributes the tables that it adds (`sharded-migration.ts`). Tables with rows are moved.
 *
 * Which machine a shard lies on is left to the operator and to Citus' rebalancer.
 */
import type { Client } from 'pg';
import { placements } from '../../schema/placement.ts';
import { movedColumns } from './column-order.ts';
import { literal, quoted } from './sql-text.ts';

export interface DistributeOptions {
  /** Only says what would be done. */
  readonly isDryRun: boolean;
  readonly onStep?: (sql: string) => void;
}

/** The database is not on the coordinator of a Citus cluster, or lacks its tables. */
export class NotShardedError extends Error {
  override readonly name = 'NotShardedError';
}

interface TableRow {
  readonly name: string;
  readonly kind: string | null;
  readonly column: string | null;
  /** Bytes on this machine. Those of a distributed table are of rows from before it was distributed. */
  readonly left: string;
}

const selectTables = `
  select c.relname as name, case d.partmethod when 'h' then 'distributed' when 'n' then 'reference' end as kind,
    case when d.partmethod = 'h' then column_to_column_name(d.logicalrelid, d.partkey) end as column,
    pg_relation_size(c.oid) as left
  from pg_class c left join pg_dist_partition d on d.logicalrelid = c.oid
  where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname = any ($1)
  order by c.relname`;

/** The tables that a table refers to. */
const selectReferences = `
  select (select relname from pg_class where oid = conrelid) as child,
    (select relname from pg_class where oid = confrelid) as parent
  from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace`;

/**
 * What Citus needs to know of Roster's statements. Machines plan them by an index, as Roster itself asks for on its own
 * connections, and no machine waits for statements that concern other rows of the same table.
 */
const databaseSettings: Readonly<Record<string, string>> = {
  enable_seqscan: 'off',
  jit: 'off',
  'citus.all_modifications_commutative': 'on',
};

const selectSettings = `
  select coalesce((select array_to_string(setconfig, ',') from pg_db_role_setting where setrole = 0
    and setdatabase = (select oid from pg_database where datname = current_database())), '')`;

/** Does what is missing. Returns the statements, in their order. */
export async function distribute(client: Client, options: DistributeOptions): Promise<readonly string[]> {
  await refuseOther(client);
  // Local tables that refer to a reference table need no place of their own: they are distributed next.
  await client.query('set citus.enable_local_reference_table_foreign_keys = off');
  await client.query('set citus.shard_replication_factor = 1');
  // A table with rows that refers to a copied one, also through others, is moved over one connection to each machine.
  await client.query(`set citus.multi_shard_modify_mode = 'sequential'`);
  const steps: string[] = [];
  const run = async (sql: string): Promise<void> => {
    steps.push(sql);
    options.onStep?.(sql);
    if (!options.isDryRun) refuseFailed((await client.query(sql)).rows);
  };
  for (const sql of await missingSettings(client)) await run(sql);
  for (const sql of await movedColumns(client, [...placements.keys()])) await run(sql);
  for (const sql of await missingTables(client)) await run(sql);
  for (const sql of await missingCopies(client)) await run(sql);
  for (const sql of await leftRows(client, options)) await run(sql);
  return steps;
}

export async function refuseOther(client: Client): Promise<void> {
  const extension = await client.query(`select from pg_extension where extname = 'citus'`);
  if (extension.rowCount === 0) {
    throw new NotShardedError('the database has no extension `citus`: create it on every machine first');
  }
  const { rows } = await client.query(
    `select (select groupid from pg_dist_local_group) as machine,
      (select count(*) from pg_dist_node where noderole = 'primary' and shouldhaveshards) as machines`,
  );
  if (Number(rows[0]?.machine) !== 0)
    throw new NotShardedError('this machine is not the coordinator: name the coordinator in DATABASE_URL');
  if (Number(rows[0]?.machines) === 0)
    throw new NotShardedError('no machine takes shards: add the machines with `citus_add_node` first');
}

/** The answer of a machine to a command that all of them run. */
interface MachineAnswer {
  readonly machine?: string;
  /** Undefined in the rows of other statements. */
  readonly success?: string;
  readonly result?: string;
}

/** A machine that could not run a command answers with a row, and is no error of the statement. */
function refuseFailed(answers: readonly MachineAnswer[]): void {
  for (const { machine, success, result } of answers) {
    if (success === 'f') throw new NotShardedError(`a machine has refused (${machine}): ${result}`);
  }
}

/** Runs a command on the coordinator and all workers. */
function onAllMachines(command: string): string {
  return `select nodename || ':' || nodeport as machine, success, result from run_command_on_all_nodes(${literal(command)}) left join pg_dist_node using (nodeid)`;
}

/** Asked of each machine: one that was added later has none of the settings. */
async function missingSettings(client: Client): Promise<readonly string[]> {
  const { rows: answers } = await client.query<MachineAnswer>(onAllMachines(selectSettings));
  refuseFailed(answers);
  const known = answers.map(({ result }) => new Set(String(result).split(',')));
  const { rows } = await client.query<{ name: string }>('select current_database() as name');
  const database = quoted(String(rows[0]?.name));
  // One statement, because a machine tells only how the first one ended. Citus would pass it on to machines that run it already.
  return Object.entries(databaseSettings)
    .filter(([name, value]) => !known.every((settings) => settings.has(`${name}=${value}`)))
    .map(([name, value]) =>
      onAllMachines(
        `do $do$ begin set local citus.enable_ddl_propagation = off; alter database ${database} set ${name} = ${value}; end $do$`,
      ),
    );
}

/** Reference tables come first; then each table after those that it refers to. */
async function missingTables(client: Client): Promise<readonly string[]> {
  const names = [...placements.keys()];
  const { rows } = await client.query<TableRow>(selectTables, [names]);
  const found = new Map(rows.map((row) => [row.name, row]));
  if (!found.has('users'))
    throw new NotShardedError('the database has no tables: run `roster migrate` first');
  const references = (await client.query<{ child: string; parent: string }>(selectReferences)).rows;
  const steps: string[] = [];
  const placed = new Set<string>();
  const place = (name: string): void => {
    if (placed.has(name) || !found.has(name)) return;
    placed.add(name);
    for (const { child, parent } of references) if (child === name) place(parent);
    const step = stepFor(name, found.get(name));
    if (step !== null) steps.push(step);
  };
  for (const name of names) if (placements.get(name) === 'reference') place(name);
  place('users');
  for (const name of names) place(name);
  return steps;
}

function stepFor(name: string, found: TableRow | undefined): string | null {
  const placement = placements.get(name);
  if (found !== undefined && found.kind !== null) {
    const column = found.kind === 'reference' ? 'reference' : found.column;
    if (column === placement) return null;
    throw new NotShardedError(
      `the table ${name} is distributed in another way: undo it with \`undistribute_table\``,
    );
  }
  return placing(name);
}

/** The statement that distributes a table which is not distributed yet. */
export function placing(name: string): string {
  const placement = placements.get(name);
  if (placement === 'reference') return `select create_reference_table(${literal(name)})`;
  const beside = name === 'users' || placement !== 'org_key' ? 'none' : 'users';
  return `select create_distributed_table(${literal(name)}, ${literal(String(placement))}, colocate_with => '${beside}')`;
}

/** A machine that was added later has no copies of the reference tables until it is asked to make them. */
async function missingCopies(client: Client): Promise<readonly string[]> {
  const { rowCount } = await client.query(
    `select from pg_dist_partition join pg_dist_shard s using (logicalrelid), pg_dist_node n
      where repmodel = 't' and n.isactive and n.noderole = 'primary' and not exists
        (select from pg_dist_placement p where p.shardid = s.shardid and p.groupid = n.groupid)`,
  );
  return rowCount === 0 ? [] : [`select replicate_reference_tables('block_writes')`];
}

/** Citus keeps the rows of before, hidden. They would outlive an erasure, so they are removed. A dry run distributes no table. */
async function leftRows(client: Client, { isDryRun }: DistributeOptions): Promise<readonly string[]> {
  const { rows } = await client.query<TableRow>(selectTables, [[...placements.keys()]]);
  return rows
    .filter(({ kind, left }) => (kind !== null || isDryRun) && Number(left) > 0)
    .map(({ name }) => `select truncate_local_data_after_distributing_table(${literal(name)})`);
}
