/** Distributes the tables of a PostgreSQL directory over the machines of a Citus cluster, or moves one organization there. */
import { ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import { errorCodeOf } from '../core/error-code.ts';
import { NotShardedError } from '../store/postgres/sharding/distribute.ts';
import { distributeDatabase, isolateOrganization } from '../store/postgres/sharding/distribute-database.ts';
import type { IsolateOptions } from '../store/postgres/sharding/isolate.ts';
import { databaseFault } from './open-database.ts';

export { IsolationError } from '../store/postgres/sharding/isolate.ts';

export interface DistributeDirectoryOptions {
  readonly databaseUrl: string;
  /** Only says what would be done. */
  readonly isDryRun: boolean;
  /** Only gives this organization a shard of its own. */
  readonly isolate?: IsolateOptions;
}

/**
 * Returns the statements that ran, or would.
 *
 * @throws {ConfigError} if the database is not the coordinator of a cluster, has no tables, or cannot be used.
 * @throws {IsolationError} if the organization cannot get a shard of its own.
 */
export async function distributeDirectory({
  databaseUrl,
  isDryRun,
  isolate,
}: DistributeDirectoryOptions): Promise<readonly string[]> {
  try {
    return isolate === undefined
      ? await distributeDatabase(databaseUrl, { isDryRun })
      : await isolateOrganization(databaseUrl, { ...isolate, isDryRun });
  } catch (error) {
    if (error instanceof NotShardedError) {
      throw new ConfigError([
        { name: settings.databaseUrl.name, problem: `cannot be distributed: ${error.message}` },
      ]);
    }
    throw errorCodeOf(error) === '' ? error : databaseFault(settings.databaseUrl.name, error);
  }
}
