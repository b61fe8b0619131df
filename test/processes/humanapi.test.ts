/** The tests of the contract `humanapi`, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/contracts/humanapi/**/*.test.ts');
