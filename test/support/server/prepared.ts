/**
 * Databases without rows, in which every migration has run. A start takes a copy of one: the migrations cost more than
 * the rest of a start, and the tests of `test/store/migrations` run them. `npm test` prepares both once for all files; a
 * file that runs alone prepares them on first use.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../src/store/open-store.ts';
import { distributeDatabase } from '../../../src/store/postgres/sharding/distribute-database.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import {
  citus,
  closeTemplate,
  createDatabase,
  type OwnDatabase,
  sharedPostgres,
} from '../postgres/postgres.ts';

/** The variables that pass the prepared databases to the processes of a run. */
const folderVariable = 'ROSTER_TEST_PREPARED_FOLDER';
const nameVariable = 'ROSTER_TEST_PREPARED_DATABASE';

/** Prepares both for this process and all processes that it starts. Returns the folder to remove at the end. */
export async function prepareForRun(): Promise<string> {
  const folder = await migratedFolder();
  process.env[folderVariable] = folder;
  process.env[nameVariable] = await migratedDatabase();
  return folder;
}

let folder: Promise<string> | null = null;

/** Puts an SQLite file with all tables into a new data folder. */
export async function placeDatabase(dataDir: string): Promise<void> {
  folder ??= findFolder();
  await copyFile(join(await folder, databaseFile), join(dataDir, databaseFile));
}

async function findFolder(): Promise<string> {
  const known = process.env[folderVariable];
  if (known !== undefined) return known;
  const made = await migratedFolder();
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function migratedFolder(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'roster-prepared-'));
  const store = openStore({ dataDir });
  await store.migrate();
  await store.close();
  return dataDir;
}

let name: Promise<string> | null = null;

/** Creates a PostgreSQL database with all tables, for the caller alone, on the shared server. */
export async function createMigratedDatabase(): Promise<OwnDatabase> {
  name ??= Promise.resolve(process.env[nameVariable] ?? migratedDatabase());
  return createDatabase({ url: await sharedPostgres(), template: await name });
}

async function migratedDatabase(): Promise<string> {
  const { url } = await createDatabase();
  const store = openStore({ databaseUrl: url });
  await store.migrate();
  await store.close();
  const name = new URL(url).pathname.slice(1);
  if (citus !== undefined) {
    await distributeDatabase(url, { isDryRun: false });
    await closeTemplate(name);
  }
  return name;
}
