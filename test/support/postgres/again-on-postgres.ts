/**
 * Runs suites of another folder again, with the data in PostgreSQL. With `--import`, this module does so for every suite
 * of the run.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startOnPostgres } from '../server/start.ts';

const root = join(import.meta.dirname, '..', '..', '..');

startOnPostgres();

/** Declares the suites of the files that match the pattern, which is relative to the checkout. */
export async function runAgain(pattern: string): Promise<void> {
  const files = globSync(pattern, { cwd: root }).sort();
  if (files.length === 0) throw new Error(`no suite is ${pattern}`);
  for (const file of files) await import(pathToFileURL(join(root, file)).href);
}
