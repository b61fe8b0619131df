/** The attacks on passwords and sessions again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/attacks/{lock-out,session-flood,stolen-session,work/hashing}.test.ts');
