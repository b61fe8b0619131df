/** The token calls of Connect again, with the data in PostgreSQL. */
import { runAgain } from '../support/again-on-postgres.ts';

await runAgain('test/connect/access-token.test.ts');
