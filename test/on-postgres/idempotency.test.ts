/** What is to happen once, again with the data in PostgreSQL. */
import { runAgain } from '../support/again-on-postgres.ts';

await runAgain('test/contracts/sonar/idempotency.test.ts');
