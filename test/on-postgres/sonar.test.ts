/** The tests of the contract `sonar` again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/contracts/sonar/*.test.ts');
