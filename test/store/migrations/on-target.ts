/** Runs code of a migration on the database of a test. */
import { join } from 'node:path';
import type { MigrationTarget } from '../../../src/store/migrate.ts';
import { withMigrationTarget } from '../../../src/store/postgres/migration.ts';
import { SqliteConnection } from '../../../src/store/sqlite/connection.ts';
import { SqliteMigrationTarget } from '../../../src/store/sqlite/migration.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import type { OwnStore } from '../harness.ts';

/** Runs `work` with a target for migrations of the store's database. */
export async function onTarget(
  own: OwnStore,
  work: (target: MigrationTarget) => Promise<void>,
): Promise<void> {
  if (own.location.startsWith('postgres:')) {
    await withMigrationTarget({ url: own.location, connectMs: 3_000 }, work);
    return;
  }
  const sizes = { isReadOnly: false, cacheKib: 1_024, mmapBytes: 0 };
  const connection = new SqliteConnection(join(own.location, databaseFile), sizes);
  try {
    await work(new SqliteMigrationTarget(connection));
  } finally {
    connection.close();
  }
}
