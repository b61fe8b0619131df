/** The attacks on the budgets of messages again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/attacks/messages/{destinations,day-budgets}.test.ts');
