/** The tests of the contract `humanapi` again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/contracts/humanapi/*.test.ts');
