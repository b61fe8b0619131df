/** The tests of the contract `general` again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

runAgain('test/contracts/general/*.test.ts');
