/** Reads the rows of a deployment on PostgreSQL, over a separate database connection. */
import { Client } from 'pg';
import type { AnyRows, Row } from '../server/rows.ts';

/** Opens the database at the address; the first query connects. */
export function openPostgresRows(url: string): AnyRows {
  let connecting: Promise<Client> | null = null;
  const connect = async (): Promise<Client> => {
    // The tables contain integers of up to 53 bits, and texts that no parser may change.
    const parse = (type: number) => (text: string) => (type === 20 || type === 21 ? Number(text) : text);
    const client = new Client({ connectionString: url, types: { getTypeParser: parse } });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const select = async (text: string, ...values: readonly unknown[]): Promise<Row[]> => {
    connecting ??= connect();
    return (await (await connecting).query(text, [...values])).rows;
  };
  return {
    async tables() {
      const rows = await select(
        `select tablename from pg_tables where schemaname = 'public' order by tablename`,
      );
      return rows.map((row) => String(row['tablename']));
    },
    async keyOf(table) {
      const rows = await select(
        `select a.attname from pg_index i, unnest(i.indkey) with ordinality k (attnum, place), pg_attribute a
          where i.indrelid = $1::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.attnum
          order by k.place`,
        table,
      );
      return rows.map((row) => String(row['attname']));
    },
    all: (table) => select(`select * from "${table}"`),
    async count(table, where = 'true') {
      const [row] = await select(`select count(*) as count from "${table}" where ${where}`);
      return Number(row?.['count']);
    },
    close() {
      void connecting?.then((client) => client.end());
    },
  };
}
