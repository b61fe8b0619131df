/** Reads the rows of a running deployment, over a separate database connection that cannot write. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export type Row = Readonly<Record<string, unknown>>;

export interface Rows {
  /** The tables, without those of the database itself. */
  tables(): readonly string[];
  /** The columns of the primary key. */
  keyOf(table: string): readonly string[];
  all(table: string): readonly Row[];
  count(table: string, where?: string): number;
  close(): void;
}

/** The same for both databases: SQLite answers immediately, PostgreSQL with a promise. */
export type AnyRows = {
  readonly [Method in keyof Rows]: (
    ...args: Parameters<Rows[Method]>
  ) => ReturnType<Rows[Method]> | Promise<ReturnType<Rows[Method]>>;
};

/** Opens the database in a data folder. */
export function openRows(folder: string): Rows {
  const names = readdirSync(folder).filter((name) => /\.(db|sqlite)$/.test(name));
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error(`no one database in the folder: ${names}`);
  const database = new Database(join(folder, name), { readonly: true });
  const select = (sql: string, ...values: readonly unknown[]): Row[] =>
    database.prepare<unknown[], Row>(sql).all(...values);
  return {
    tables() {
      const sql =
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name";
      return select(sql).map((row) => String(row['name']));
    },
    keyOf(table) {
      const sql = 'select name from pragma_table_info(?) where pk > 0 order by pk';
      return select(sql, table).map((row) => String(row['name']));
    },
    all: (table) => select(`select * from "${table}"`),
    count: (table, where = 'true') => {
      const [row] = select(`select count(*) as count from "${table}" where ${where}`);
      return Number(row?.['count']);
    },
    close() {
      database.close();
    },
  };
}
