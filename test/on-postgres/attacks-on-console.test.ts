/** The attacks on the console again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/attacks/console/*.test.ts');
