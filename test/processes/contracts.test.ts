/** The tests of all contracts together, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/contracts/*.test.ts');
