/** The races, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/races/*.test.ts');
