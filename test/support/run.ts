/** Set-up and tear-down of a run of all tests: one PostgreSQL server for all files, and the coverage of the documents. */
import * as coverage from './contracts/coverage.ts';
import { type PostgresServer, serverForRun } from './postgres/postgres.ts';

let postgres: PostgresServer | undefined;

/** Called by the test runner before the first file. */
export async function globalSetup(): Promise<void> {
  coverage.globalSetup();
  postgres = await serverForRun();
}

/** Called by the test runner after the last file. */
export async function globalTeardown(): Promise<void> {
  await postgres?.close();
  coverage.globalTeardown();
}
