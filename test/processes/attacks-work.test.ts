/** The attacks by work for the server, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/attacks/work/*.test.ts');
