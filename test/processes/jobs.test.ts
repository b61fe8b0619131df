/** The tests of jobs, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/jobs/*.test.ts');
