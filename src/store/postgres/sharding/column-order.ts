/**
 * The order of columns that Citus needs to split a shard (seen with 14.0.1). It copies the rows of the shard without generated and dropped
 * columns, and finds the organization in the copy by the number of its column in the machine's own entry of the table. A generated or
 * dropped column before it leads to another column: the split ends with `cannot find shard interval`, or rows come into a shard where
 * they are not looked for.
 */
import type { Client } from 'pg';
import { literal, quoted } from './sql-text.ts';

interface GeneratedRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly expression: string;
  /** The statements that create the indexes with the column, as JSON. */
  readonly indexes: string;
  /** Whether the machines have entries of the table already, as 0 or 1. */
  readonly distributed: number;
}

/** The generated columns that stand before the organization. */
const selectGenerated = `
  select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
    pg_get_expr(d.adbin, d.adrelid) as expression,
    array_to_json(array(select pg_get_indexdef(i.indexrelid) from pg_index i
      where i.indrelid = c.oid and a.attnum = any (i.indkey) order by i.indexrelid))::text as indexes,
    (select count(*) from pg_dist_partition where logicalrelid = c.oid) as distributed
  from pg_class c
    join pg_attribute k on k.attrelid = c.oid and k.attname = 'org_key'
    join pg_attribute a on a.attrelid = c.oid and a.attnum between 1 and k.attnum and a.attgenerated = 's'
    join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname = any ($1)`;

/** The statements that move these columns behind all others, with their indexes, as one transaction. */
export async function movedColumns(client: Client, tables: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<GeneratedRow>(selectGenerated, [tables]);
  return rows.flatMap(({ table, column, type, expression, indexes, distributed }) => [
    'begin',
    `alter table ${quoted(table)} drop column ${quoted(column)}, ` +
      `add column ${quoted(column)} ${type} generated always as (${expression}) stored`,
    ...JSON.parse(indexes),
    'commit',
    // Makes the entries of the other machines anew, without dropped columns.
    ...(distributed === 0 ? [] : ['select start_metadata_sync_to_all_nodes()']),
  ]);
}

/** A table as its machine knows it, and the table of its shard. */
interface ShardNames {
  readonly entry: string;
  readonly shard: string;
}

/** The shards beside a shard, and itself. */
const selectBeside = `
  select beside.logicalrelid::text as entry, shard_name(beside.logicalrelid, beside.shardid) as shard
  from pg_dist_shard own join pg_dist_partition p using (logicalrelid)
    join pg_dist_partition other using (colocationid)
    join pg_dist_shard beside on beside.logicalrelid = other.logicalrelid and beside.shardminvalue = own.shardminvalue
  where own.shardid = $1`;

/** Asks a machine for the tables whose shards are copied with the organization in another place than in the entry. */
const selectWrong = (names: readonly ShardNames[]): string => `
  select string_agg(entry, ', ' order by entry)
  from (values ${names.map(({ entry, shard }) => `(${literal(entry)}, ${literal(shard)})`).join(', ')}) as pair (entry, shard)
  where (select attnum from pg_attribute where attrelid = to_regclass(entry) and attname = 'org_key') is distinct from (
    select count(*) from pg_attribute a join pg_attribute k on k.attrelid = a.attrelid and k.attname = 'org_key'
    where a.attrelid = to_regclass(shard) and a.attnum between 1 and k.attnum and not a.attisdropped and a.attgenerated = '')`;

/**
 * The tables of a shard, and of those beside it, that Citus would split in a wrong way on the machine with the number `node`; empty where
 * there are none, and null where the machine does not answer.
 */
export async function wrongTables(
  client: Client,
  { id, node }: { readonly id: string; readonly node: number },
): Promise<string | null> {
  const { rows: names } = await client.query<ShardNames>(selectBeside, [id]);
  const { rows } = await client.query<{ result: string }>(
    'select result from run_command_on_all_nodes($1) where nodeid = $2 and success',
    [selectWrong(names), node],
  );
  return rows[0]?.result ?? null;
}
