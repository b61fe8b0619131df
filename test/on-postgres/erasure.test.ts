/** The ways to delete a person again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

runAgain('test/erasure/doors.test.ts');
