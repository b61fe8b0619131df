/**
 * Runs suites of another folder again, with the data in PostgreSQL. With `--import`, this module does so for every suite
 * of the run.
 */
import { testFilesOf } from '../run-suites.ts';
import { startOnPostgres } from '../server/start.ts';

startOnPostgres();

/** Declares the suites of the files that match the pattern, which is relative to the checkout. */
export async function runAgain(pattern: string): Promise<void> {
  for (const { href } of testFilesOf(pattern)) await import(href);
}
