/** The tests of the contract `console`, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/contracts/console/**/*.test.ts');
