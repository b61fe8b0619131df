/** The ways to delete a person again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/erasure/doors.test.ts');
