/** The attacks by text messages, and on their order, again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/attacks/messages/{lanes,pumped-ranges,spent-texts}.test.ts');
