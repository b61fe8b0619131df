/**
 * Brings the schema up to date. Migrations are only added, never changed. Each runs once, in a transaction of its own that
 * also records it (what changes rows by code runs before that, in batches that may be repeated), so a process that is killed leaves the schema of one version or of the next. Of several processes that
 * start at the same time, one runs the migrations and the others find them done. A database that a newer Roster has
 * migrated is refused, because this program does not know its schema.
 */
import type { Dialect } from './sql/dialect.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  /**
   * Changes rows by code before the statements, in batches. Each batch is a transaction, so a stop leaves some of them
   * done and the version of before. It must give the same result when it is repeated, also by several processes.
   */
  prepare?(target: MigrationTarget): Promise<void>;
  statements(dialect: Dialect): readonly string[];
}

/** Runs one query with the values of `$1`, `$2` …, and returns its rows. */
export type RunQuery = (sql: string, values: readonly (string | number)[]) => Promise<readonly unknown[]>;

/** Recorded in a database while a directory is moved to it. Higher than any schema version, so no program serves it. */
export const moveVersion = 1_000_000;

/** What a migration needs from a database. */
export interface MigrationTarget {
  readonly dialect: Dialect;
  /** The newest version that is recorded; 0 if there is no record yet. */
  version(): Promise<number>;
  /** Runs `work` in one transaction that no other process can enter at the same time. */
  exclusively(work: () => Promise<void>): Promise<void>;
  /** Runs `work` in a transaction that changes rows and no tables. No other process can change the same rows. */
  inBatch<T>(work: (run: RunQuery) => Promise<T>): Promise<T>;
  execute(sql: string): Promise<void>;
  record(migration: Migration, at: number): Promise<void>;
}

/** The database was migrated by a newer Roster, or a move to it has not ended. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
  constructor(found: number, known: number) {
    super(
      found === moveVersion
        ? 'a directory is being moved to the database: run `roster move` again to resume and end it'
        : `the database has schema version ${found}, but this program knows only up to ${known}: ` +
            'it was used by a newer Roster',
    );
  }
}

/** Runs the missing migrations of `known`. Returns how many that were. `at` is recorded as their time. */
export async function migrate(
  target: MigrationTarget,
  at: number,
  known: readonly Migration[],
): Promise<number> {
  let applied = 0;
  let found = await target.version();
  refuseNewer(found, known);
  for (const migration of known) {
    // Asked again only where one is missing: nearly every start finds them all done.
    if (found < migration.version) found = await target.version();
    if (found >= migration.version) continue;
    await migration.prepare?.(target);
    await target.exclusively(async () => {
      // Another process may have run it between the look and the lock.
      if ((await target.version()) >= migration.version) return;
      for (const sql of migration.statements(target.dialect)) await target.execute(sql);
      await target.record(migration, at);
      applied++;
    });
  }
  return applied;
}

function refuseNewer(found: number, known: readonly Migration[]): void {
  if (found > known.length) throw new NewerSchemaError(found, known.length);
}
