/**
 * Where the rows of each table lie in a database that is spread over machines. All rows of an organization lie on one
 * machine, because every table is placed by the organization. Two kinds of tables are placed in another way:
 *
 * Reference tables have a copy on each machine. They are small and rarely written, and they are read before the
 * organization is known. The messages to one mailbox or number are counted over all organizations, so these rows are
 * placed by what they count.
 */
import { tables } from './personal-data.ts';

export type TableName = keyof typeof tables;

/** `reference`: a copy on each machine; else the column by whose value a row is placed. */
export type Placement = 'reference' | 'org_key' | 'subject';

const exceptions: Partial<Record<TableName, Placement>> = {
  organizations: 'reference',
  apps: 'reference',
  api_keys: 'reference',
  schema_migrations: 'reference',
  message_hits: 'subject',
};

/** The placement of each table. */
export const placements: ReadonlyMap<string, Placement> = new Map(
  Object.keys(tables).map((name) => [name, exceptions[name as TableName] ?? 'org_key']),
);
