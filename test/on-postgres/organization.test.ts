/** The tests of the contract `organization` again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/contracts/organization/*.test.ts');
