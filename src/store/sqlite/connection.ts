/**
 * One database connection to the SQLite file: its settings and its prepared statements. Everything here is
 * synchronous and runs in the caller's thread.
 */
import Sqlite from 'better-sqlite3';
import { sqliteDialect } from '../sql/dialect.ts';
import { type CompiledStatement, compileStatement, type Statement, type Values } from '../sql/statement.ts';

export interface ConnectionOptions {
  readonly isReadOnly: boolean;
  readonly cacheKib: number;
  readonly mmapBytes: number;
  /**
   * How long the write-ahead log may become before a commit copies it into the file, in pages of 4 KiB; for a
   * connection that writes.
   */
  readonly logPages?: number;
}

interface Prepared extends CompiledStatement {
  readonly query: Sqlite.Statement<[unknown[]]>;
}

/**
 * How long SQLite itself may wait, which blocks the thread. A reader waits only for a file that is just being
 * opened. Waiting for the lock to write is asynchronous (`lock.ts`).
 */
const blockingWaitMs = { reading: 10, writing: 0 };
/** Opening happens before the process serves, and may wait for another process that opens the same file. */
const openingWaitMs = 5_000;

/**
 * From 64 MiB of log on a commit copies it into the file itself. The log does not become so long where
 * `checkpoint.ts` runs.
 */
const defaultLogPages = 16_000;

export class SqliteConnection {
  readonly db: Sqlite.Database;
  readonly #controls = new Map<string, Sqlite.Statement<[]>>();
  readonly #prepared: (Prepared | undefined)[] = [];

  constructor(file: string, options: ConnectionOptions) {
    const { isReadOnly, cacheKib, mmapBytes, logPages = defaultLogPages } = options;
    this.db = new Sqlite(file, { readonly: isReadOnly, timeout: openingWaitMs });
    try {
      if (!isReadOnly) turnOnWal(this.db);
      this.db.pragma('synchronous = FULL');
      this.db.pragma('foreign_keys = ON');
      this.db.pragma('secure_delete = ON');
      // Savepoints keep their undo pages here; on disk they would cost a file for each unit of work.
      this.db.pragma('temp_store = MEMORY');
      this.db.pragma(`wal_autocheckpoint = ${logPages}`);
      this.db.pragma(`cache_size = -${cacheKib}`);
      this.db.pragma(`mmap_size = ${mmapBytes}`);
      this.db.pragma(`busy_timeout = ${isReadOnly ? blockingWaitMs.reading : blockingWaitMs.writing}`);
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  first<P extends Values, R>(statement: Statement<P, R>, values: P): R | undefined {
    const { query, bind } = this.#prepare(statement);
    return query.get(bind(values)) as R | undefined;
  }

  rows<P extends Values, R>(statement: Statement<P, R>, values: P): R[] {
    const { query, bind } = this.#prepare(statement);
    return query.all(bind(values)) as R[];
  }

  run<P extends Values>(statement: Statement<P, unknown>, values: P): number {
    const { query, bind } = this.#prepare(statement);
    return query.run(bind(values)).changes;
  }

  insert<P extends Values>(statement: Statement<P, unknown>, values: P): number | undefined {
    const { query, bind } = this.#prepare(statement);
    const { changes, lastInsertRowid } = query.run(bind(values));
    return changes === 0 ? undefined : Number(lastInsertRowid);
  }

  insertAll<P extends Values>(statement: Statement<P, unknown>, rows: readonly P[]): (number | undefined)[] {
    const { query, bind } = this.#prepare(statement);
    return rows.map((values) => {
      const { changes, lastInsertRowid } = query.run(bind(values));
      return changes === 0 ? undefined : Number(lastInsertRowid);
    });
  }

  /** Runs a statement of transaction control, such as `begin immediate`. */
  control(word: string): void {
    let query = this.#controls.get(word);
    if (query === undefined) {
      query = this.db.prepare<[]>(word);
      this.#controls.set(word, query);
    }
    query.run();
  }

  close(): void {
    this.db.close();
  }

  #prepare(statement: Pick<Statement<Values, unknown>, 'index' | 'node'>): Prepared {
    const known = this.#prepared[statement.index];
    if (known !== undefined) return known;
    const compiled = compileStatement(statement, sqliteDialect.compiler);
    const prepared = { ...compiled, query: this.db.prepare<[unknown[]]>(compiled.sql) };
    this.#prepared[statement.index] = prepared;
    return prepared;
  }
}

/**
 * If several processes turn WAL on in a new file at the same time, SQLite lets one succeed and refuses the others
 * immediately, whatever the time-out. A moment later they find it done.
 */
function turnOnWal(db: Sqlite.Database): void {
  const deadline = performance.now() + openingWaitMs;
  for (;;) {
    try {
      db.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      const isLocked = error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!isLocked || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
