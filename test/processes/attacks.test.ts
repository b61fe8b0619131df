/** The attacks on accounts, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/attacks/*.test.ts');
