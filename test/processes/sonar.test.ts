/** The tests of the contract `sonar`, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/contracts/sonar/**/*.test.ts');
