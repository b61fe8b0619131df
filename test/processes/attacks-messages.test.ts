/** The attacks by messages, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/attacks/messages/*.test.ts');
