/** Jumps of the clock again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/faults/clock.test.ts');
