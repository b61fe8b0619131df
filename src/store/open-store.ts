/** Opens the store: a PostgreSQL database (`postgres/`) or one SQLite file (`sqlite/`). */
import { PostgresStore } from './postgres/postgres-store.ts';
import { SqliteStore } from './sqlite/sqlite-store.ts';
import type { FileStoreOptions, PostgresStoreOptions, Store } from './store.ts';

/**
 * Opens the file, making it where there is none; throws what SQLite says where that fails. Of a PostgreSQL database
 * nothing is asked before it is needed.
 */
export function openStore(options: FileStoreOptions | PostgresStoreOptions): Store {
  return 'databaseUrl' in options ? new PostgresStore(options) : new SqliteStore(options);
}
