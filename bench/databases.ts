/**
 * The databases of the measured directories: SQLite files in their folders, or databases of a PostgreSQL server. The
 * server is the one that `DATABASE_URL` names, or one that is started for the run and forces every commit to the disk.
 */
import { Client } from 'pg';
import { startPostgres } from '../test/support/postgres/postgres.ts';

/** The databases of a server by name. With SQLite there are none, and every address is null. */
export interface Databases {
  readonly kind: 'sqlite' | 'postgres';
  /** The address of that database; creates the database if it does not exist. */
  open(name: string): Promise<string | null>;
  /** Copies a database; the address of the copy. */
  copy(name: string, to: string): Promise<string | null>;
  drop(name: string): Promise<void>;
  close(): Promise<void>;
}

export const noDatabases: Databases = {
  kind: 'sqlite',
  open: async () => null,
  copy: async () => null,
  drop: async () => {},
  close: async () => {},
};

export async function openDatabases(): Promise<Databases> {
  const given = process.env['DATABASE_URL'];
  const started = given === undefined ? await startPostgres({ env: { ROSTER_POSTGRES_FSYNC: 'on' } }) : null;
  const server = given ?? started?.url ?? '';
  const addressOf = (name: string): string => Object.assign(new URL(server), { pathname: name }).href;
  return {
    kind: 'postgres',
    async open(name) {
      const there = await query(server, `select 1 from pg_database where datname = '${name}'`);
      if (there === 0) await query(server, `create database ${name}`);
      return addressOf(name);
    },
    async copy(name, to) {
      await query(server, `create database ${to} template ${name}`);
      return addressOf(to);
    },
    async drop(name) {
      await query(server, `drop database ${name} with (force)`);
    },
    async close() {
      await started?.close();
    },
  };
}

/** The number of rows that the statement returns. */
async function query(url: string, statement: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows.length;
  } finally {
    await client.end();
  }
}
