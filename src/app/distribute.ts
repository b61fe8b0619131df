/** Distributes the tables of a PostgreSQL directory over the machines of a Citus cluster. */
import { ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import { NotShardedError } from '../store/postgres/sharding/distribute.ts';
import { distributeDatabase } from '../store/postgres/sharding/distribute-database.ts';

export interface DistributeDirectoryOptions {
  readonly databaseUrl: string;
  /** Only says what would be done. */
  readonly isDryRun: boolean;
}

/**
 * Returns the statements that ran, or would.
 *
 * @throws {ConfigError} if the database is not the coordinator of a cluster, or has no tables.
 */
export async function distributeDirectory({
  databaseUrl,
  ...options
}: DistributeDirectoryOptions): Promise<readonly string[]> {
  try {
    return await distributeDatabase(databaseUrl, options);
  } catch (error) {
    if (error instanceof NotShardedError) {
      throw new ConfigError([
        { name: settings.databaseUrl.name, problem: `cannot be distributed: ${error.message}` },
      ]);
    }
    throw error;
  }
}
