/** The tests of the contract `organization`, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/contracts/organization/**/*.test.ts');
