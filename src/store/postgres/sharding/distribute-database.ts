/** Opens the coordinator of a Citus cluster and changes where rows lie. */
import type { Client } from 'pg';
import { parserOf } from '../connection.ts';
import { asDatabaseError } from '../errors.ts';
import { type DistributeOptions, distribute, NotShardedError } from './distribute.ts';
import { type IsolateOptions, IsolationError, isolation } from './isolate.ts';

/** Distributes all tables. Returns the statements, in their order. */
export function distributeDatabase(url: string, options: DistributeOptions): Promise<readonly string[]> {
  return onCoordinator(url, (client) => distribute(client, options));
}

/** Gives an organization a shard of its own. Returns the statements, in their order. */
export function isolateOrganization(
  url: string,
  options: IsolateOptions & Pick<DistributeOptions, 'isDryRun'>,
): Promise<readonly string[]> {
  return onCoordinator(url, async (client) => {
    const statements = await isolation(client, options);
    if (!options.isDryRun) for (const sql of statements) await client.query(sql);
    return statements;
  });
}

async function onCoordinator<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { Client } = await import('pg');
  const client = new Client({
    connectionString: url,
    fallback_application_name: 'roster',
    types: { getTypeParser: parserOf },
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw error instanceof NotShardedError || error instanceof IsolationError
      ? error
      : asDatabaseError(error);
  } finally {
    await client.end();
  }
}
