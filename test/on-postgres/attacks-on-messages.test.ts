/** The attacks by messages to one address again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/attacks/messages/destinations.test.ts');
