/** The tests of the contract `general`, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/contracts/general/**/*.test.ts');
