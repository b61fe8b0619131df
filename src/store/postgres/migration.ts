/**
 * The PostgreSQL side of a migration: a connection of its own without time limits. Of several processes, one holds the
 * lock and the others wait for it. The lock belongs to the transaction, so that it also works through a pooler.
 */
import type { Client } from 'pg';
import { type Migration, type MigrationTarget, NewerSchemaError, type RunQuery } from '../migrate.ts';
import { type Dialect, postgresDialect } from '../sql/dialect.ts';
import { loadClient } from './client.ts';
import { isCancelledWait, parserOf } from './connection.ts';
import { asDatabaseError, UnknownOutcomeError } from './errors.ts';
import { findLeader } from './hosts.ts';
import { askCitus, countDistributed, inSequence, shardedStatements } from './sharding/sharded-migration.ts';

/** The name that a migration locks. */
export const migrationLock = 'roster migrations';

export class PostgresMigrationTarget implements MigrationTarget {
  readonly dialect: Dialect = postgresDialect;
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async version(): Promise<number> {
    // Read as rows: a look-up by name may still see the catalog from before another process's migration.
    const known = await this.#client.query(
      `select from pg_tables where tablename = 'schema_migrations' and schemaname = any (current_schemas(false))`,
    );
    if (known.rowCount === 0) return 0;
    const newest = await this.#client.query('select max(version) as version from schema_migrations');
    return newest.rows[0]?.version ?? 0;
  }

  async inBatch<T>(work: (run: RunQuery) => Promise<T>): Promise<T> {
    let result: T | undefined;
    const run: RunQuery = async (query, values) => (await this.#client.query(query, [...values])).rows;
    await this.exclusively(async () => {
      result = await work(run);
    });
    return result as T;
  }

  async exclusively(work: () => Promise<void>): Promise<void> {
    await this.#client.query('begin isolation level read committed');
    try {
      await this.#client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [migrationLock]);
      await work();
      await commitTo(this.#client);
    } catch (error) {
      await this.#client.query('rollback');
      throw error;
    }
  }

  async execute(statement: string): Promise<void> {
    const statements = (await this.#isDistributed()) ? shardedStatements(statement) : [statement];
    for (const each of statements) await this.#client.query(each);
  }

  /** Asked in each transaction of a migration: the tables may be distributed at any time. */
  async #isDistributed(): Promise<boolean> {
    const { rows } = await this.#client.query(askCitus);
    if (rows[0]?.citus !== 1) return false;
    const { rows: counts } = await this.#client.query(countDistributed);
    if (Number(counts[0]?.tables) === 0) return false;
    await this.#client.query(inSequence);
    return true;
  }

  async record({ version, name }: Migration, at: number): Promise<void> {
    const { integer, text } = postgresDialect.types;
    await this.#client.query(
      `create table if not exists schema_migrations (
        version ${integer} primary key, name ${text} not null, applied_at ${integer} not null
      )`,
    );
    await this.#client.query(
      'insert into schema_migrations (version, name, applied_at) values ($1, $2, $3)',
      [version, name, at],
    );
  }
}

/** Commits. Throws an `UnknownOutcomeError` where the synchronous standby has not confirmed it. */
export async function commitTo(client: Client): Promise<void> {
  let isUnconfirmed = false;
  const see = (notice: Parameters<typeof isCancelledWait>[0]): void => {
    isUnconfirmed ||= isCancelledWait(notice);
  };
  client.on('notice', see);
  try {
    await client.query('commit');
  } finally {
    client.off('notice', see);
  }
  if (isUnconfirmed) throw new UnknownOutcomeError('the standby has not confirmed a commit');
}

/** The oldest release that Roster is tested with. */
const oldestMajor = 16;

/** The server is older than Roster supports. */
export class OldServerError extends Error {
  override readonly name = 'OldServerError';
  constructor(version: number) {
    super(`the server is PostgreSQL ${majorOf(version)}, and Roster needs ${oldestMajor} or newer`);
  }
}

/** Asks the server for its `server_version_num`, such as 160004. Throws an `OldServerError` where it is too old. */
export async function refuseOldServer(client: Pick<Client, 'query'>): Promise<void> {
  const { rows } = await client.query(`select current_setting('server_version_num') as version`);
  const version = Number(rows[0]?.version);
  if (majorOf(version) < oldestMajor) throw new OldServerError(version);
}

function majorOf(version: number): number {
  return Math.floor(version / 10_000);
}

/** Connects to the database and runs `work` with it as the target. */
export async function withMigrationTarget<T>(
  { url, connectMs }: { readonly url: string; readonly connectMs: number },
  work: (target: PostgresMigrationTarget) => Promise<T>,
): Promise<T> {
  const Client = await loadClient();
  const client = new Client({
    connectionString: await findLeader({ url, connectMs }),
    fallback_application_name: 'roster',
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    types: { getTypeParser: parserOf },
  });
  // The pending queries of a broken connection are rejected. Nothing else needs to know.
  client.on('error', () => {});
  try {
    await client.connect();
    await refuseOldServer(client);
    return await work(new PostgresMigrationTarget(client));
  } catch (error) {
    throw error instanceof NewerSchemaError || error instanceof OldServerError
      ? error
      : asDatabaseError(error);
  } finally {
    await client.end();
  }
}
