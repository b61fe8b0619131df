/**
 * Gives an organization a shard of its own in a Citus cluster, and brings that shard to a machine. Without blocking, Citus copies the rows
 * by logical replication while they change, and holds the changes of the shard back for the last step only. It may run again: what is
 * done is not done twice.
 */
import type { Client } from 'pg';
import { wrongTables } from './column-order.ts';
import { refuseOther } from './distribute.ts';

/** The organization cannot get a shard of its own, or not in this way. */
export class IsolationError extends Error {
  override readonly name = 'IsolationError';
}

export interface IsolateOptions {
  /** The id of the organization. */
  readonly organization: string;
  /** The machine of the shard, as `host:port`; null for the machine that it is on. */
  readonly to: string | null;
  /** Holds all changes of the shard back until it is copied, for a cluster without logical replication. */
  readonly blocksWrites: boolean;
}

/** The shard of an organization, with the hashes that lie in it. */
interface ShardRow {
  readonly id: string;
  readonly min: number;
  readonly max: number;
  /** The number of its machine. */
  readonly node: number;
  /** The hash of the organization. */
  readonly hash: number;
}

const selectShard = `
  select s.shardid::text as id, s.shardminvalue::integer as min, s.shardmaxvalue::integer as max, n.nodeid as node,
    worker_hash(o.org_key) as hash
  from organizations o
    join pg_dist_shard s on s.shardid = get_shard_id_for_distribution_column('users', o.org_key)
    join pg_dist_placement using (shardid)
    join pg_dist_node n using (groupid)
  where o.id = $1 and n.noderole = 'primary'`;

const selectMachines = `
  select nodeid as node, nodename || ':' || nodeport as name from pg_dist_node
  where noderole = 'primary' and isactive and shouldhaveshards order by 2`;

/**
 * Finds the statements to run one after the other, each as a transaction of its own. There are none where nothing is left to do.
 *
 * @throws {IsolationError} with what is missing, in words.
 * @throws {NotShardedError} if the database is not the coordinator of a cluster.
 */
export async function isolation(
  client: Client,
  { organization, to, blocksWrites }: IsolateOptions,
): Promise<readonly string[]> {
  await refuseOther(client);
  const { rowCount: users } = await client.query(
    `select from pg_dist_partition where logicalrelid = to_regclass('users') and partmethod = 'h'`,
  );
  if (users === 0) throw new IsolationError('the tables are not distributed: run `roster distribute` first');
  const { rows: shards } = await client.query<ShardRow>(selectShard, [organization]);
  const [shard] = shards;
  if (shard === undefined) throw new IsolationError('there is no organization with this id');
  const { rows: machines } = await client.query<{ node: number; name: string }>(selectMachines);
  const target = to === null ? shard.node : machines.find(({ name }) => name === to)?.node;
  const isOwn = shard.min === shard.max;
  if (target === undefined || (target === shard.node && !isOwn && !blocksWrites)) {
    const others = machines.filter(({ node }) => node !== shard.node).map(({ name }) => name);
    throw new IsolationError(`name another machine with \`--to\`: ${others.join(' or ')}`);
  }
  if (isOwn) return target === shard.node ? [] : [moving(shard.id, shard.node, target, blocksWrites)];
  const wrong = await wrongTables(client, shard);
  if (wrong === null) throw new IsolationError('the machine of the organization does not answer');
  if (wrong !== '') {
    throw new IsolationError(
      `Citus would split ${wrong} in a wrong way there: run \`roster distribute\`, and move shard ${shard.id} off the coordinator`,
    );
  }
  return splitting(shard, target, blocksWrites);
}

/**
 * The rest of the shard stays where it is. Without blocking it goes along and comes back: Citus hangs where a part stays on the machine of
 * the shard and one of its rows changes at the beginning (https://github.com/citusdata/citus/issues/6790).
 */
export function splitting(shard: ShardRow, target: number, blocksWrites: boolean): readonly string[] {
  const { id, min, max, node, hash } = shard;
  const parts = [
    { from: min, to: hash - 1 },
    { from: hash, to: hash },
    { from: hash + 1, to: max },
  ].filter(({ from, to }) => from <= to);
  const points = parts.slice(0, -1).map(({ to }) => `'${to}'`);
  const nodes = parts.map(({ from }) => (from === hash || !blocksWrites ? target : node));
  const split = `select citus_split_shard_by_split_points(${id}, array[${points.join(', ')}], array[${nodes.join(', ')}], ${modeOf(blocksWrites)})`;
  if (blocksWrites) return [split];
  const rest = parts.filter(({ from }) => from !== hash);
  return [
    split,
    ...rest.map(({ from, to }) => `${moving('shardid', target, node, false)} ${ofUsers(from, to)}`),
  ];
}

function ofUsers(min: number, max: number): string {
  return `from pg_dist_shard where logicalrelid = 'users'::regclass and (shardminvalue, shardmaxvalue) = ('${min}', '${max}')`;
}

function moving(shard: string, from: number, to: number, blocksWrites: boolean): string {
  return `select citus_move_shard_placement(${shard}, ${from}, ${to}, ${modeOf(blocksWrites)})`;
}

function modeOf(blocksWrites: boolean): string {
  return blocksWrites ? `'block_writes'` : `'auto'`;
}
