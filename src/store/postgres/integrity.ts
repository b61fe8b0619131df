/**
 * The damage that PostgreSQL itself has noticed: pages whose checksum was wrong when they were read, and indexes that were
 * left incomplete. To read every page is left to tools of the server, such as `pg_amcheck`.
 */
import type { PostgresConnection } from './connection.ts';

interface Findings {
  readonly pages: number;
  readonly indexes: string | null;
}

const findings = `
  select
    coalesce((select checksum_failures from pg_stat_database where datname = current_database()), 0) as pages,
    (select string_agg(indexrelid::regclass::text, ', ') from pg_index where not indisvalid) as indexes`;

/** Returns a line for each problem. */
export async function integrityProblems(connection: PostgresConnection): Promise<string[]> {
  const [found] = await connection.ask<Findings>(findings);
  const problems: string[] = [];
  if (found === undefined) return problems;
  if (found.pages > 0) problems.push(`pages whose checksum was wrong: ${found.pages}`);
  if (found.indexes !== null) problems.push(`indexes that are not valid: ${found.indexes}`);
  return problems;
}
