/** Opens the store: a PostgreSQL database (`postgres/`) or one SQLite file (`sqlite/`). */
import { PostgresStore } from './postgres/postgres-store.ts';
import { SqliteStore } from './sqlite/sqlite-store.ts';
import type { FileStoreOptions, PostgresStoreOptions, Store } from './store.ts';

/**
 * Opens the SQLite file, and creates it if there is none. Throws the error of SQLite if that fails. With a PostgreSQL
 * database, it connects at the first query.
 */
export function openStore(options: FileStoreOptions | PostgresStoreOptions): Store {
  return 'databaseUrl' in options ? new PostgresStore(options) : new SqliteStore(options);
}
