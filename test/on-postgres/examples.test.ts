/** The examples of the four documents again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

runAgain('test/contracts/*/examples/*.test.ts');
