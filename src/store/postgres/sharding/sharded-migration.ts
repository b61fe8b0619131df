/**
 * Runs the statements of a migration on a database whose tables are distributed. Citus passes changes of tables on to
 * all machines. A new table is created on one machine, and no such table can refer to a distributed one. So it is created
 * without these references, distributed, and then refers to them.
 */
import { placements } from '../../schema/placement.ts';
import { placing } from './distribute.ts';

/** Whether the database has Citus at all, as 0 or 1; and how many of its tables are distributed. */
export const askCitus = `select case when to_regclass('pg_dist_partition') is null then 0 else 1 end as citus`;
export const countDistributed = 'select count(*) as tables from pg_dist_partition';

/** Statements run one after the other on each machine, so that a new table and its references are seen by all of them. */
export const inSequence = `
  set local citus.multi_shard_modify_mode = 'sequential';
  set local citus.enable_local_reference_table_foreign_keys = off`;

const newTable = /^\s*create table (\w+) \(/;
/** A reference to a table whose rows lie with their organization. */
const reference = /,\s*(foreign key \([\w, ]+\) references (\w+) \([\w, ]+\))/g;

/** The statements to run in place of a statement. */
export function shardedStatements(sql: string): readonly string[] {
  const [, table] = newTable.exec(sql) ?? [];
  if (table === undefined || !placements.has(table)) return [sql];
  const references: string[] = [];
  const bare = sql.replace(reference, (text, clause: string, parent: string) => {
    if (placements.get(parent) === 'reference') return text;
    references.push(`alter table ${table} add ${clause}`);
    return '';
  });
  return [bare, placing(table), ...references];
}
