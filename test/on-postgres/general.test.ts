/** The tests of the contract `general` again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/contracts/general/*.test.ts');
