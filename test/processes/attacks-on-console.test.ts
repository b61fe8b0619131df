/** The attacks on the console, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/attacks/console/*.test.ts');
