/** Set-up and tear-down of a run of all tests: one PostgreSQL server and prepared databases for all files, and the coverage of the documents. */
import { rmSync } from 'node:fs';
import * as coverage from './contracts/coverage.ts';
import { type PostgresServer, serverForRun } from './postgres/postgres.ts';
import { prepareForRun } from './server/prepared.ts';

let postgres: PostgresServer | undefined;
let prepared: string | undefined;

/** Called by the test runner before the first file. */
export async function globalSetup(): Promise<void> {
  coverage.globalSetup();
  postgres = await serverForRun();
  prepared = await prepareForRun();
}

/** Called by the test runner after the last file. */
export async function globalTeardown(): Promise<void> {
  await postgres?.close();
  if (prepared !== undefined) rmSync(prepared, { recursive: true, force: true });
  coverage.globalTeardown();
}
