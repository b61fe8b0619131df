/** Opens the database of a Citus cluster and distributes its tables. */
import { parserOf } from '../connection.ts';
import { asDatabaseError } from '../errors.ts';
import { type DistributeOptions, distribute, NotShardedError } from './distribute.ts';

/** Returns the statements, in their order. */
export async function distributeDatabase(
  url: string,
  options: DistributeOptions,
): Promise<readonly string[]> {
  const { Client } = await import('pg');
  const client = new Client({
    connectionString: url,
    fallback_application_name: 'roster',
    types: { getTypeParser: parserOf },
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await distribute(client, options);
  } catch (error) {
    throw error instanceof NotShardedError ? error : asDatabaseError(error);
  } finally {
    await client.end();
  }
}
