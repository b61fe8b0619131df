/** The attacks by messages and by work for the server, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/attacks/{messages,work}/*.test.ts');
