/** The attacks on the ledger, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/attacks/ledger/*.test.ts');
