/** The journeys across contracts again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/journeys/*.test.ts');
