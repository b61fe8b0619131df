/** Runs migrations on a SQLite file. */

import type { Migration, MigrationTarget, RunQuery } from '../migrate.ts';
import type { Dialect } from '../sql/dialect.ts';
import { sqliteDialect } from '../sql/dialect.ts';
import type { SqliteConnection } from './connection.ts';
import { beginWriting } from './lock.ts';
import { loadPlannerStatistics, writePlannerStatistics } from './planner.ts';

/** Another process may be migrating a large file. */
const lockWaitMs = 30_000;

export class SqliteMigrationTarget implements MigrationTarget {
  readonly dialect: Dialect = sqliteDialect;
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async version(): Promise<number> {
    const { db } = this.#connection;
    const known = db.prepare(`select 1 from sqlite_schema where name = 'schema_migrations'`).get();
    if (known === undefined) return 0;
    const newest = db
      .prepare<[], { version: number | null }>('select max(version) as version from schema_migrations')
      .get();
    return newest?.version ?? 0;
  }

  async exclusively(work: () => Promise<void>): Promise<void> {
    const { db } = this.#connection;
    await beginWriting(this.#connection, lockWaitMs);
    try {
      await work();
      writePlannerStatistics(db);
      loadPlannerStatistics(db);
      this.#connection.control('commit');
    } catch (error) {
      if (db.inTransaction) this.#connection.control('rollback');
      throw error;
    }
  }

  async inBatch<T>(work: (run: RunQuery) => Promise<T>): Promise<T> {
    const { db } = this.#connection;
    const run: RunQuery = async (query, values) => {
      const statement = db.prepare(query);
      const named = Object.fromEntries(values.map((value, index) => [String(index + 1), value]));
      if (statement.reader) return statement.all(named);
      statement.run(named);
      return [];
    };
    await beginWriting(this.#connection, lockWaitMs);
    try {
      const result = await work(run);
      this.#connection.control('commit');
      return result;
    } catch (error) {
      if (db.inTransaction) this.#connection.control('rollback');
      throw error;
    }
  }

  async execute(statement: string): Promise<void> {
    this.#connection.db.exec(statement);
  }

  async record({ version, name }: Migration, at: number): Promise<void> {
    const { db } = this.#connection;
    db.exec(
      `create table if not exists schema_migrations (
        version integer primary key, name text not null, applied_at integer not null
      ) strict`,
    );
    db.prepare('insert into schema_migrations (version, name, applied_at) values (?, ?, ?)').run(
      version,
      name,
      at,
    );
  }
}
