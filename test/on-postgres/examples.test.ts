/** The examples of the four documents again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/contracts/*/examples/*.test.ts');
