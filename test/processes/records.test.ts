/** The tests of the stores of records, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/store/records/*.test.ts');
