/** The tests of providers, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/providers/*.test.ts');
