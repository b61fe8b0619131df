/** Imports and exports again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/transfer/*.test.ts');
