/** Opens the coordinator of a Citus cluster and changes where rows lie. */
import type { Client } from 'pg';
import { loadClient } from '../client.ts';
import { parserOf } from '../connection.ts';
import { asDatabaseError } from '../errors.ts';
import { findLeader } from '../hosts.ts';
import { migrationLock } from '../migration.ts';
import { type DistributeOptions, distribute, NotShardedError } from './distribute.ts';
import { type IsolateOptions, IsolationError, isolation } from './isolate.ts';

/** How long the search for the coordinator, and a connection to it, may take. */
const connectMs = 10_000;

/**
 * Distributes all tables. Returns the statements, in their order. One run follows another, and the migrations, which take the same lock:
 * it belongs to the session, and a run that is killed leaves it when its last statement has ended.
 */
export function distributeDatabase(url: string, options: DistributeOptions): Promise<readonly string[]> {
  return onCoordinator(url, async (client) => {
    if (!options.isDryRun) {
      await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [migrationLock]);
    }
    return distribute(client, options);
  });
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
  const PostgresClient = await loadClient();
  const client = new PostgresClient({
    connectionString: await findLeader({ url, connectMs }),
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    fallback_application_name: 'roster',
    types: { getTypeParser: parserOf },
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await refusePooler(client);
    return await work(client);
  } catch (error) {
    throw error instanceof NotShardedError || error instanceof IsolationError
      ? error
      : asDatabaseError(error);
  } finally {
    await client.end();
  }
}

/** Behind a pooler no setting and no lock belongs to the caller. The pooler invents the number of the server process. */
async function refusePooler(client: Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  if ('processID' in client && client.processID === rows[0]?.pid) return;
  throw new NotShardedError('there is a pooler in between: name the coordinator itself in DATABASE_URL');
}
