/** The tests of counts, users and migrations in the store, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/store/{counts,migrations,search,users}/*.test.ts');
