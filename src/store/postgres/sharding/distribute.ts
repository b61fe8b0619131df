/**
 * Spreads the tables of a database over the machines of a Citus cluster, as `placement.ts` says: reference tables have a
 * copy on each machine, and all others lie with their organization. It looks at what is there and does what is missing, so
 * it may run again at any time, and must run again after a migration that adds a table. Tables with rows are moved.
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
  /** Bytes on this machine of rows from before the table was distributed. */
  readonly left: string;
}

const selectTables = `
  select c.relname as name, case d.partmethod when 'h' then 'distributed' when 'n' then 'reference' end as kind,
    case when d.partmethod = 'h' then column_to_column_name(d.logicalrelid, d.partkey) end as column,
    case when d.logicalrelid is null then 0 else pg_relation_size(c.oid) end as left
  from pg_class c left join pg_dist_partition d on d.logicalrelid = c.oid
  where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname = any ($1)`;

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

/** Does what is missing. Returns the statements, in their order. */
export async function distribute(client: Client, options: DistributeOptions): Promise<readonly string[]> {
  await refuseOther(client);
  // Local tables that refer to a reference table need no place of their own: they are distributed next.
  await client.query('set citus.enable_local_reference_table_foreign_keys = off');
  await client.query('set citus.shard_replication_factor = 1');
  const steps: string[] = [];
  const run = async (sql: string): Promise<void> => {
    steps.push(sql);
    options.onStep?.(sql);
    if (!options.isDryRun) await client.query(sql);
  };
  for (const sql of await missingSettings(client)) await run(sql);
  for (const sql of await movedColumns(client, [...placements.keys()])) await run(sql);
  for (const sql of await missingTables(client)) await run(sql);
  for (const sql of await leftRows(client)) await run(sql);
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

async function missingSettings(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select array_to_string(setconfig, ',') as config, current_database() as name from (select 1) one
      left join pg_db_role_setting on setrole = 0
        and setdatabase = (select oid from pg_database where datname = current_database())`,
  );
  const [found] = rows;
  const known = new Set<string>(String(found?.config ?? '').split(','));
  return Object.entries(databaseSettings)
    .filter(([name, value]) => !known.has(`${name}=${value}`))
    .map(([name, value]) => {
      const alter = `alter database ${quoted(String(found?.name))} set ${name} = ${value}`;
      return `select success, result from run_command_on_all_nodes(${literal(alter)})`;
    });
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

/** Citus keeps the rows of before, hidden. They would outlive an erasure, so they are removed. */
async function leftRows(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<TableRow>(selectTables, [[...placements.keys()]]);
  return rows
    .filter(({ kind, left }) => kind !== null && Number(left) > 0)
    .map(({ name }) => `select truncate_local_data_after_distributing_table(${literal(name)})`);
}
