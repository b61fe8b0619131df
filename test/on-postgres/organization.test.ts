/** The tests of the contract `organization` again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

runAgain('test/contracts/organization/*.test.ts');
