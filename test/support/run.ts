/** Set-up and tear-down of a run of all tests: one PostgreSQL server and prepared databases for all files, and the coverage of the documents. */
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import * as coverage from './contracts/coverage.ts';
import { type PostgresServer, serverForRun } from './postgres/postgres.ts';
import { prepareForRun } from './server/prepared.ts';

let postgres: PostgresServer | undefined;
let prepared: string | undefined;
let folder: string | undefined;

/** Called by the test runner before the first file. */
export async function globalSetup(): Promise<void> {
  coverage.globalSetup();
  folder = folderInMemory();
  if (folder !== undefined) process.env['TMPDIR'] = folder;
  postgres = await serverForRun();
  prepared = await prepareForRun();
}

/** Called by the test runner after the last file. */
export async function globalTeardown(): Promise<void> {
  await postgres?.close();
  if (prepared !== undefined) rmSync(prepared, { recursive: true, force: true });
  coverage.globalTeardown();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

const memoryDisk = '/dev/shm';
const neededBytes = 6 * 1024 ** 3;

/** A folder for all data of the run on a disk in memory, where there is one with room: forced writes cost nothing there. */
function folderInMemory(): string | undefined {
  if (!existsSync(memoryDisk)) return undefined;
  const { bavail, bsize } = statfsSync(memoryDisk);
  if (bavail * bsize < neededBytes) return undefined;
  const made = mkdtempSync(join(memoryDisk, 'roster-tests-'));
  // PostgreSQL runs as another user where the tests run as root.
  chmodSync(made, 0o711);
  return made;
}
