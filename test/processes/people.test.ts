/** The tests of the acts on people, of the export of one person and of the demo people, in one process. */
import { runSuites } from '../support/run-suites.ts';

runSuites('test/{people,person-export,demo-people}/*.test.ts');
