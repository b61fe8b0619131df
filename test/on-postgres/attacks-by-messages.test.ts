/** The attacks by text messages again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/attacks/messages/{pumped-ranges,spent-texts}.test.ts');
