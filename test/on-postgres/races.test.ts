/** The races again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

runAgain('test/races/*.test.ts');
