/** The tests of erasures, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/erasure/*.test.ts');
