/**
 * Runs suites of another folder again, with the data in PostgreSQL. With `--import`, this module does so for every suite
 * of the run.
 */
import { runSuites } from '../run-suites.ts';
import { startOnPostgres } from '../server/start.ts';

startOnPostgres();

/** Declares the suites of the files that match the pattern, which is relative to the checkout. */
export function runAgain(pattern: string): void {
  runSuites(pattern);
}
